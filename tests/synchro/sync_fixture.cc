#include "tests/synchro/sync_fixture.h"

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

namespace {

constexpr std::chrono::seconds kPatience{60};

// What pedia has to store of `object`, worked out without pedia's code.
void Annotate(const std::string& cluster, Json* object) {
  Json& metadata = (*object)["metadata"];
  metadata.erase("managedFields");
  if (!metadata.contains("annotations")) metadata["annotations"] = Json::object();
  metadata["annotations"].erase("kubectl.kubernetes.io/last-applied-configuration");
  metadata["annotations"]["shadow.clusterpedia.io/cluster-name"] = cluster;
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
  store_ = std::make_unique<FaultyStore>(std::move(*store));
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
  Eventually("every object is stored in its last version",
             [&] { return VersionsAreEqual() && BodiesAreEqual(); });
  if (!HasFailure()) return;
  for (const auto& [name, member] : members_) {
    for (const GroupVersionResource& gvr : member->world.ListableResources()) {
      EXPECT_EQ(StoredBodies(name, gvr), MemberBodies(*member, gvr))
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
  const auto counts = store_->real().CountObjects();
  return counts.ok() && counts->size() == resources_with_objects;  // Nothing of anybody else.
}

bool SyncTest::BodiesAreEqual() {
  for (const auto& [name, member] : members_) {
    for (const GroupVersionResource& gvr : member->world.ListableResources()) {
      if (StoredBodies(name, gvr) != MemberBodies(*member, gvr)) return false;
    }
  }
  return true;
}

FaultyStore& SyncTest::store() { return *store_; }

int64_t SyncTest::Revision() {
  const auto revision = store_->Revision();
  EXPECT_THAT(revision, IsOk());
  return *revision;
}

std::map<std::string, std::string> SyncTest::StoredVersions(const std::string& cluster,
                                                            const GroupVersionResource& gvr) {
  std::map<std::string, std::string> versions;
  const auto row = [&](const storage::StoredVersion& stored) {
    versions[std::string(stored.name_space) + "/" + std::string(stored.name)] =
        stored.resource_version;
    return true;
  };
  const Status status = store_->real().LoadVersions(cluster, gvr, row);
  return status.ok() ? versions : std::map<std::string, std::string>();
}

size_t SyncTest::CountStored(const std::string& cluster, const GroupVersionResource& gvr) {
  return StoredVersions(cluster, gvr).size();
}

std::map<std::string, std::string> SyncTest::StoredBodies(const std::string& cluster,
                                                          const GroupVersionResource& gvr) {
  struct Sink : storage::RowSink {
    bool Row(const storage::ListRow& row) override {
      const Comparable& object = test->MakeComparable("", std::string(row.body));
      bodies[object.name] = object.body;
      return true;
    }
    SyncTest* test = nullptr;
    std::map<std::string, std::string> bodies;
  } sink;
  sink.test = this;
  const auto result = store_->List(
      {gvr, cluster, ""}, {}, [](const storage::ListHead&) {}, sink);
  EXPECT_THAT(result, IsOk());
  return sink.bodies;
}

std::map<std::string, std::string> SyncTest::MemberBodies(const Member& member,
                                                          const GroupVersionResource& gvr) {
  std::map<std::string, std::string> bodies;
  const auto page = member.world.List(gvr, {});
  if (!page.ok()) return bodies;
  for (const member::ObjectVersion& version : page->objects) {
    std::string text;
    page->renderer->AppendObject(version, &text);
    const Comparable& object = MakeComparable(member.server->name(), text);
    bodies[object.name] = object.body;
  }
  return bodies;
}

const SyncTest::Comparable& SyncTest::MakeComparable(const std::string& cluster,
                                                     const std::string& object) {
  Comparable& comparable = comparable_[cluster + "\n" + object];
  if (!comparable.body.empty()) return comparable;
  Json json = Json::parse(object);
  if (!cluster.empty()) Annotate(cluster, &json);
  const Json& metadata = json["metadata"];
  comparable = {metadata.value("namespace", "") + "/" + metadata.value("name", ""), json.dump()};
  return comparable;
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
