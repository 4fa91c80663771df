#include "tests/synchro/sync_fixture.h"

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "kube/object_identity.h"
#include "meta/log.h"
#include "synchro/object_transform.h"

namespace pedia::synchro {

using Json = nlohmann::ordered_json;  // Keeps the order of keys, which is to be compared too.
using pedia::testing::IsOk;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

class OutageStore : public storage::Store {
 public:
  explicit OutageStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}
  void SetOutage(bool on) { outage_ = on; }

  Result<storage::ApplyResult> Apply(std::span<const storage::Change> changes) override {
    if (outage_) return Outage();
    return store_->Apply(changes);
  }
  Status DeleteCluster(std::string_view cluster) override {
    return outage_ ? Outage() : store_->DeleteCluster(cluster);
  }
  Status DeleteResource(std::string_view cluster, const GroupVersionResource& gvr) override {
    return outage_ ? Outage() : store_->DeleteResource(cluster, gvr);
  }
  Status SaveClusterRecord(const storage::ClusterRecord& record,
                           std::span<const storage::NamedDocument> documents) override {
    return outage_ ? Outage() : store_->SaveClusterRecord(record, documents);
  }
  Result<std::string> LoadDocument(std::string_view name) override {
    if (outage_) return Outage();
    return store_->LoadDocument(name);
  }
  Result<std::vector<storage::ClusterRecord>> LoadClusterRecords() override {
    if (outage_) return Outage();
    return store_->LoadClusterRecords();
  }
  Status LoadVersions(std::string_view cluster, const GroupVersionResource& gvr,
                      const std::function<bool(const storage::StoredVersion&)>& row) override {
    return outage_ ? Outage() : store_->LoadVersions(cluster, gvr, row);
  }
  Result<std::vector<storage::ResourceCount>> CountObjects() override {
    if (outage_) return Outage();
    return store_->CountObjects();
  }
  Result<storage::StoredObject> Get(std::string_view cluster, const GroupVersionResource& gvr,
                                    std::string_view name_space, std::string_view name,
                                    const query::AccessFilter* events) override {
    return store_->Get(cluster, gvr, name_space, name, events);
  }
  Result<storage::ListResult> List(const query::ListScope& scope, const query::ListOptions& options,
                                   const std::function<void(const storage::ListHead&)>& head,
                                   storage::RowSink& sink) override {
    return store_->List(scope, options, head, sink);
  }
  Result<int64_t> Revision() override { return store_->Revision(); }
  int64_t SizeBytes() override { return store_->SizeBytes(); }

 private:
  static Status Outage() { return ServiceUnavailable("the store is away"); }
  std::unique_ptr<Store> store_;
  std::atomic<bool> outage_ = false;
};

namespace {

constexpr std::chrono::seconds kPatience{60};

class BodySink : public storage::RowSink {
 public:
  bool Row(const storage::ListRow& row) override {
    const Json object = Json::parse(row.body);
    const Json& metadata = object["metadata"];
    bodies[metadata.value("namespace", "") + "/" + metadata.value("name", "")] = object.dump();
    return true;
  }
  std::map<std::string, std::string> bodies;
};

// What pedia has to store of `object`, worked out without pedia's code.
std::string Expected(const std::string& cluster, const std::string& object) {
  Json json = Json::parse(object);
  Json& metadata = json["metadata"];
  metadata.erase("managedFields");
  if (!metadata.contains("annotations")) metadata["annotations"] = Json::object();
  metadata["annotations"].erase("kubectl.kubernetes.io/last-applied-configuration");
  metadata["annotations"]["shadow.clusterpedia.io/cluster-name"] = cluster;
  return json.dump();
}

std::map<std::string, std::string> MemberVersions(const Member& member,
                                                  const GroupVersionResource& gvr) {
  std::map<std::string, std::string> versions;
  const auto page = member.world.List(gvr, {});
  if (!page.ok()) return versions;
  std::string text;
  for (const member::ObjectVersion& object : page->objects) {
    text.clear();
    page->renderer->AppendObject(object, &text);
    const auto identity = kube::ReadIdentity(text);
    EXPECT_THAT(identity, IsOk());
    versions[identity->name_space + "/" + identity->name] = identity->resource_version;
  }
  return versions;
}

std::map<std::string, std::string> MemberBodies(const std::string& cluster, const Member& member,
                                                const GroupVersionResource& gvr) {
  std::map<std::string, std::string> bodies;
  const auto page = member.world.List(gvr, {});
  if (!page.ok()) return bodies;
  for (const member::ObjectVersion& object : page->objects) {
    std::string text;
    page->renderer->AppendObject(object, &text);
    const Json metadata = Json::parse(text)["metadata"];
    bodies[metadata.value("namespace", "") + "/" + metadata.value("name", "")] =
        Expected(cluster, text);
  }
  return bodies;
}

}  // namespace

void Member::CreateWidgets() {
  EXPECT_THAT(
      world.Put(
          kCrds,
          R"({"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
      "names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList","shortNames":["wi"]},
      "versions":[{"name":"v1","served":true,"storage":true}]}})"),
      IsOk());
  for (const char* name : {"one", "two"}) {
    EXPECT_THAT(
        world.Put(
            kWidgets,
            R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"namespace":"default","name":")" +
                std::string(name) + R"("},"spec":{"size":1}})"),
        IsOk());
  }
}

SyncTest::SyncTest() {
  SetLogSink([](LogLevel level, std::string_view line) {
    if (level >= LogLevel::kError)
      fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  });
  auto store = storage::OpenStore(database_.Open());
  EXPECT_THAT(store, IsOk());
  store_ = std::make_unique<OutageStore>(std::move(*store));
  registry_ = std::make_unique<discovery::Registry>();
  options_.page_size = 50;
  options_.health_interval = milliseconds(100);
  options_.backoff_initial = milliseconds(20);
  options_.backoff_max = milliseconds(200);
  options_.watch_timeout_min = std::chrono::seconds(2);
  options_.discovery_interval = milliseconds(300);
  options_.idle_timeout = milliseconds(1'000);
}

SyncTest::~SyncTest() {
  pedia_.reset();
  members_.clear();
  store_.reset();
}

Member& SyncTest::GivenAMember(const std::string& name, uint32_t pods) {
  auto member = std::make_unique<Member>();
  member::SyntheticOptions synthetic;
  synthetic.cluster = name;
  synthetic.pods = pods;
  synthetic.namespaces = 3;
  member->cluster = std::make_shared<const member::SyntheticCluster>(synthetic);
  EXPECT_THAT(member::LoadSynthetic(member->world, member->cluster), IsOk());
  member::MemberOptions options;
  options.name = name;
  options.bookmark_interval = milliseconds(200);
  auto server = member::MemberServer::Start(member->world, options);
  EXPECT_THAT(server, IsOk());
  member->server = std::move(*server);
  member->churn = std::make_unique<member::Churn>(member->world, member->cluster);
  return *(members_[name] = std::move(member));
}

ClusterSpec SyncTest::SpecOf(const Member& member) const {
  kube::RestConfig config;
  config.server = member.server->url();
  config.ca_pem = member.server->ca_pem();
  config.token = member.server->token();
  return {member.server->name(), std::move(config), {{"*", {}, {"*"}}}, false, {}};
}

void SyncTest::StartPedia() {
  std::vector<ClusterSpec> specs;
  for (const auto& [name, member] : members_) specs.push_back(SpecOf(*member));
  StartPedia(std::move(specs));
}

void SyncTest::StartPedia(std::vector<ClusterSpec> specs) {
  registry_ = std::make_unique<discovery::Registry>();
  pedia_ = std::make_unique<SynchroManager>(*store_, *registry_, options_);
  pedia_->SetClusters(std::move(specs));
}

void SyncTest::StopPedia(milliseconds timeout) {
  pedia_->Stop(timeout);
  pedia_.reset();
}

void SyncTest::SetStoreOutage(bool on) { store_->SetOutage(on); }

void SyncTest::Eventually(const std::string& what, const std::function<bool()>& condition) {
  const auto deadline = steady_clock::now() + kPatience;
  while (!condition()) {
    ASSERT_LT(steady_clock::now(), deadline) << "not within a minute: " << what;
    std::this_thread::sleep_for(milliseconds(20));
  }
}

void SyncTest::UntilEverythingIsListed() {
  Eventually("every resource has been listed and written", [&] {
    const auto clusters = pedia_->Progress();
    for (const ClusterProgress& cluster : clusters) {
      if (!cluster.discovered) return false;
      for (const ResourceProgress& resource : cluster.resources) {
        if (!resource.initial_list_done) return false;
      }
    }
    return !clusters.empty();
  });
}

void SyncTest::ExpectTheStoreEqualsTheMembers() {
  Eventually("every object is stored in its last version", [&] { return VersionsAreEqual(); });
  for (const auto& [name, member] : members_) {
    for (const GroupVersionResource& gvr : member->world.ListableResources()) {
      EXPECT_EQ(StoredBodies(name, gvr), MemberBodies(name, *member, gvr))
          << name << " " << gvr.ToString();
    }
  }
}

bool SyncTest::VersionsAreEqual() {
  size_t resources_with_objects = 0;
  for (const auto& [name, member] : members_) {
    for (const GroupVersionResource& gvr : member->world.ListableResources()) {
      const auto versions = MemberVersions(*member, gvr);
      if (!versions.empty()) ++resources_with_objects;
      if (StoredVersions(name, gvr) != versions) return false;
    }
  }
  const auto counts = store_->CountObjects();
  return counts.ok() && counts->size() == resources_with_objects;  // Nothing of anybody else.
}

storage::Store& SyncTest::store() { return *store_; }

int64_t SyncTest::Revision() {
  const auto revision = store_->Revision();
  EXPECT_THAT(revision, IsOk());
  return *revision;
}

std::map<std::string, std::string> SyncTest::StoredVersions(const std::string& cluster,
                                                            const GroupVersionResource& gvr) {
  std::map<std::string, std::string> versions;
  const Status status = store_->LoadVersions(cluster, gvr, [&](const storage::StoredVersion& row) {
    versions[std::string(row.name_space) + "/" + std::string(row.name)] = row.resource_version;
    return true;
  });
  return status.ok() ? versions : std::map<std::string, std::string>();
}

size_t SyncTest::CountStored(const std::string& cluster, const GroupVersionResource& gvr) {
  return StoredVersions(cluster, gvr).size();
}

std::map<std::string, std::string> SyncTest::StoredBodies(const std::string& cluster,
                                                          const GroupVersionResource& gvr) {
  BodySink sink;
  const auto result = store_->List(
      {gvr, cluster, ""}, {}, [](const storage::ListHead&) {}, sink);
  EXPECT_THAT(result, IsOk());
  return sink.bodies;
}

discovery::ClusterState SyncTest::Registered(const std::string& cluster) const {
  const auto snapshot = registry_->Get();
  const discovery::ClusterState* state = snapshot->Find(cluster);
  return state == nullptr ? discovery::ClusterState{} : *state;
}

std::string SyncTest::ConditionOf(const std::string& cluster, std::string_view type) const {
  const discovery::ClusterState state = Registered(cluster);
  const discovery::Condition* condition = state.FindCondition(type);
  return condition == nullptr ? "" : condition->status;
}

}  // namespace pedia::synchro
