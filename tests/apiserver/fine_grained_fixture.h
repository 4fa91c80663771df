// FineGrainedTest: an ApiServer with fine-grained authorization over a real store with three clusters,
// and users of every sort.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "apiserver/fine_grained_access.h"
#include "storage/sql_store.h"
#include "tests/apiserver/api_fixture.h"
#include "tests/apiserver/rbac_world.h"

namespace pedia::apiserver {

inline const std::vector<std::string> kClusters = {"c1", "c2", "c3"};
inline const std::vector<std::string> kNamespaces = {"kube-system", "team-a", "team-b"};

inline const std::string kCollections = "/apis/clusterpedia.io/v1beta1/collectionresources/";

struct TestKind {
  GroupVersionResource gvr;
  std::string kind;
  bool namespaced;
  std::string Path() const {
    return gvr.group.empty() ? "/api/" + gvr.version : "/apis/" + gvr.group + "/" + gvr.version;
  }
};
inline const std::vector<TestKind> kKinds = {{{"", "v1", "pods"}, "Pod", true},
                                             {{"", "v1", "secrets"}, "Secret", true},
                                             {{"", "v1", "events"}, "Event", true},
                                             {{"", "v1", "nodes"}, "Node", false},
                                             {{"apps", "v1", "deployments"}, "Deployment", true},
                                             {{"apps", "v1", "replicasets"}, "ReplicaSet", true}};

// Everybody is who the header "X-User" says, with the groups of "X-Groups".
class HeaderAuthenticator : public Authenticator {
 public:
  Result<UserInfo> Authenticate(const HttpRequest& request) override {
    UserInfo user;
    user.name = request.Header("X-User").value_or("");
    user.groups = {"system:authenticated"};
    if (const auto group = request.Header("X-Group")) user.groups.emplace_back(*group);
    return user;
  }
  std::string ClientOf(const HttpRequest&) const override { return ""; }
};

class AllowEverything : public Authorizer {
 public:
  Result<AccessDecision> Authorize(const UserInfo&, const AccessAttributes&) override {
    return AccessDecision{true, ""};
  }
};

class FineGrainedTest : public ::testing::Test {
 protected:
  FineGrainedTest() {
    std::string folder =
        (std::filesystem::temp_directory_path() / "pedia-fine-grained-XXXXXX").string();
    folder_ = mkdtemp(folder.data());
    auto store = storage::OpenSqliteStore({.path = folder_ / "pedia.db"});
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    store_ = *std::move(store);
    for (const std::string& cluster : kClusters) AddCluster(cluster);
    std::vector<storage::Change> changes;
    for (const std::string& cluster : kClusters) {
      for (const TestKind& kind : kKinds) AddObjects(cluster, kind, &changes);
    }
    const auto applied = store_->Apply(changes);
    EXPECT_TRUE(applied.ok()) << applied.status().ToString();
    AddGrants();
  }
  ~FineGrainedTest() override {
    server_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void AddCluster(const std::string& cluster) {
    discovery::ClusterState state;
    state.name = cluster;
    state.conditions = {{"ClusterHealthy", "True", "Healthy", "", 1}};
    for (const TestKind& kind : kKinds)
      state.synced.resources.push_back(
          {kind.gvr, kind.kind, "", kind.namespaced, {}, {}, {"get", "list"}});
    registry_.Update(std::move(state));
  }

  static void AddObjects(const std::string& cluster, const TestKind& kind,
                         std::vector<storage::Change>* changes) {
    const std::vector<std::string> none = {""};
    for (const std::string& name_space : kind.namespaced ? kNamespaces : none) {
      for (const char* name : {"x", "y"}) {
        nlohmann::json body;
        body["metadata"] = {{"name", name},
                            {"uid", cluster + kind.gvr.resource + name_space + name},
                            {"annotations", {{"shadow.clusterpedia.io/cluster-name", cluster}}}};
        if (!name_space.empty()) body["metadata"]["namespace"] = name_space;
        const std::string owner = kind.gvr.resource == "pods"          ? "replicasets"
                                  : kind.gvr.resource == "replicasets" ? "deployments"
                                                                       : "";
        if (!owner.empty())
          body["metadata"]["ownerReferences"] = nlohmann::json::array(
              {{{"uid", cluster + owner + name_space + name}, {"controller", true}}});
        if (kind.gvr.resource == "events")
          body["involvedObject"] = {{"uid", cluster + "pods" + name_space + name}};
        auto row = storage::EncodeObject(kind.gvr, body.dump());
        EXPECT_TRUE(row.ok());
        changes->push_back(
            {storage::Change::Action::kUpsert, cluster, kind.gvr, kind.kind, *std::move(row)});
      }
    }
  }

  void AddGrants() {
    rbac_.Add({"", "admin", "", {{{"*"}, {"*"}, {"*"}}}});
    rbac_.Add({"team-a", "team-a-in-c1", "", {{{"@c1"}, {"pods"}}}});
    rbac_.Add({"",
               "",
               "no-secrets",
               {{{"@*", "apps@*"}, {"pods", "nodes", "events", "deployments", "replicasets"}}}});
    rbac_.Add({"team-b", "team-b", "", {{{"@*", "apps@*"}, {"*"}}}, true});
    rbac_.Add({"", "sre-of-c2", "", {{{"@c2", "apps@c2"}, {"*"}}}});
    rbac_.Add({"", "mixed", "", {{{"@c3"}, {"pods"}}}});
    rbac_.Add({"team-a", "mixed", "", {{{"@*"}, {"pods"}}}});
    rbac_.Add({"team-b", "mixed", "", {{{"@c1", "apps@c2"}, {"pods", "deployments"}}}});
    rbac_.Add({"team-a", "sa:team-a:robot", "", {{{"@c1", "@c2"}, {"pods", "secrets"}}}});
    rbac_.Add({"kube-system", "namespace-admin", "", {{{"*"}, {"*"}, {"*"}}}});
    rbac_.Add({"team-a", "one-name", "", {{{"@c1"}, {"pods"}, {"get", "list"}, {"x"}}}});
    rbac_.Add({"", "only-get", "", {{{"@*"}, {"pods"}, {"get"}}}});
    rbac_.Add({"", "only-list", "", {{{"@c1"}, {"pods", "nodes"}, {"list"}}}});
    rbac_.Add({"", "host-only", "", {{{"", "apps"}, {"*"}, {"*"}}}});
    rbac_.Add({"", "odd", "", {{{"@", "@c", "@c1'", "@%", "c1@", "@c9", "pods@c1"}, {"*"}}}});
    rbac_.Fill(&index_);
  }

  static std::vector<UserInfo> Users() {
    std::vector<UserInfo> users;
    for (const char* name : {"admin", "team-a-in-c1", "team-b", "sre-of-c2", "mixed",
                             "namespace-admin", "one-name", "system:serviceaccount:team-a:robot",
                             "only-get", "only-list", "host-only", "odd", "nobody"})
      users.push_back({name, "", {"system:authenticated"}, {}});
    users.push_back({"dev", "", {"system:authenticated", "no-secrets"}, {}});
    return users;
  }

  Answer Get(const UserInfo& user, const std::string& path) {
    if (!access_) access_ = std::make_unique<FineGrainedAccess>(rbac_, index_, options_);
    if (!server_) {
      ApiServerOptions options;
      options.authenticator = &authenticator_;
      options.authorizer = &outer_;
      options.fine_grained = access_.get();
      server_ = std::make_unique<ApiServer>(*store_, registry_, options);
    }
    HttpRequest request;
    request.method = "GET";
    request.target = path.starts_with("/apis/clusterpedia.io") ? path : kBelow + path;
    request.headers = {{"Accept", "application/json"}, {"X-User", user.name}};
    if (user.groups.size() > 1) request.headers.emplace_back("X-Group", user.groups[1]);
    const auto answer = std::make_shared<Answer>();
    auto writer = std::make_shared<CapturingWriter>(answer);
    server_->Handle(request, writer);
    writer.reset();
    return *answer;
  }
  Answer Get(const std::string& user, const std::string& path) {
    return Get(UserInfo{user, "", {"system:authenticated"}, {}}, path);
  }

  // What SubjectAccessReview says of one cell.
  bool Allows(const UserInfo& user, const TestKind& kind, const std::string& verb,
              const std::string& cluster, const std::string& name_space,
              const std::string& name = "") const {
    AccessAttributes what;
    what.verb = verb;
    what.version = kind.gvr.version;
    what.resource = kind.gvr.resource;
    what.name_space = name_space;
    what.name = name;
    return AllowsIn(user, kind, what, cluster) || AllowsIn(user, kind, what, "*");
  }
  bool AllowsIn(const UserInfo& user, const TestKind& kind, AccessAttributes what,
                const std::string& cluster) const {
    what.group = kind.gvr.group + "@" + cluster;
    return rbac_.Allows(user, what);
  }

  // The cells of a fleet list that the user may list: cluster and namespace.
  std::set<std::pair<std::string, std::string>> Cells(const UserInfo& user,
                                                      const TestKind& kind) const {
    std::set<std::pair<std::string, std::string>> cells;
    for (const std::string& cluster : kClusters) {
      if (Allows(user, kind, "list", cluster, "")) {
        if (!kind.namespaced) cells.emplace(cluster, "");
        for (const std::string& name_space : kNamespaces) cells.emplace(cluster, name_space);
      }
      for (const std::string& name_space : kNamespaces) {
        if (kind.namespaced && Allows(user, kind, "list", cluster, name_space))
          cells.emplace(cluster, name_space);
      }
    }
    if (!kind.namespaced) {
      std::erase_if(cells, [](const auto& cell) { return !cell.second.empty(); });
    }
    return cells;
  }

  static nlohmann::json FacetsOf(const Answer& list) {
    const auto annotations = list.Json().at("metadata").at("annotations");
    return nlohmann::json::parse(
        annotations.at("search.clusterpedia.io/facets").get<std::string>());
  }
  // "c1/team-a/x" of each item.
  static std::vector<std::string> NamesIn(const nlohmann::json& list) {
    std::vector<std::string> names;
    for (const auto& item : list.at("items")) {
      const auto& metadata = item.at("metadata");
      names.push_back(
          metadata.at("annotations").at("shadow.clusterpedia.io/cluster-name").get<std::string>() +
          "/" + metadata.value("namespace", "") + "/" + metadata.at("name").get<std::string>());
    }
    return names;
  }
  static std::vector<std::string> NamesOf(
      const std::set<std::pair<std::string, std::string>>& cells) {
    std::vector<std::string> names;
    for (const auto& [cluster, name_space] : cells) {
      for (const char* name : {"/x", "/y"}) names.push_back(cluster + "/" + name_space + name);
    }
    return names;
  }

  std::filesystem::path folder_;
  std::unique_ptr<storage::Store> store_;
  discovery::Registry registry_;
  RbacWorld rbac_;
  RbacIndex index_;
  HeaderAuthenticator authenticator_;
  AllowEverything outer_;
  FineGrainedOptions options_{.kept = std::chrono::milliseconds(0)};
  std::unique_ptr<FineGrainedAccess> access_;
  std::unique_ptr<ApiServer> server_;
};

}  // namespace pedia::apiserver
