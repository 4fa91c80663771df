#include "apiserver/cluster_follower.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "convert/version_families.h"
#include "discovery/pedia_cluster_connection.h"
#include "discovery/pedia_cluster_status.h"
#include "meta/log.h"

namespace pedia::apiserver {
namespace {

using Clock = std::chrono::steady_clock;
using discovery::ApiResource;
using discovery::ClusterState;

// What is served of `told`, the state that a status tells: the synced resources, described by
// `record` where that knows them, in all versions that the member serves.
ClusterState Describe(ClusterState told, const ClusterState& record) {
  std::set<GroupVersionResource> stored;
  for (const discovery::ResourceSync& sync : told.resources)
    stored.insert(convert::StoredVersion(sync.gvr));
  discovery::ClusterCatalog catalog;
  for (const ApiResource& resource : record.synced.resources) {
    if (stored.contains(convert::StoredVersion(resource.gvr)))
      catalog.resources.push_back(resource);
  }
  for (ApiResource& resource : told.synced.resources) {
    if (catalog.Find(resource.gvr) == nullptr) catalog.resources.push_back(std::move(resource));
  }
  told.synced = std::move(catalog);
  told.openapi = record.openapi;
  if (!record.version_json.empty()) told.version_json = record.version_json;
  if (told.api_server.empty()) told.api_server = record.api_server;
  return told;
}

std::string SecondsText(Clock::duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

}  // namespace

// The informer's thread says what there is; the follower's own thread reads the store and writes
// the registry.
class ClusterFollower::Core : public kube::InformerHandler {
 public:
  Core(kube::Client& client, storage::Store& store, discovery::Registry& registry,
       FollowerOptions options)
      : store_(store), registry_(registry), options_(std::move(options)) {
    options_.informer.path = discovery::kPediaClustersPath;
    thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
    informer_.emplace(client, options_.informer, *this);
    if (options_.secrets_namespace.empty()) return;
    kube::InformerOptions secrets = options_.informer;
    secrets.path = "/api/v1/namespaces/" + options_.secrets_namespace + "/secrets";
    secrets_informer_.emplace(client, std::move(secrets), secrets_handler_);
  }
  ~Core() override {
    secrets_informer_.reset();
    informer_.reset();
  }

  void OnObject(std::string_view, std::string_view name, std::string_view json) override {
    if (discovery::IsBeingDeleted(json)) return OnDelete("", name);
    auto state = discovery::ParsePediaClusterStatus(json);
    if (!state.ok()) return;  // Has no name: the informer gives none of these.
    auto connection = ConnectionOf(json);
    if (discovery::NamesSecrets(json)) {
      naming_secrets_.insert_or_assign(std::string(name), json);
    } else if (const auto old = naming_secrets_.find(name); old != naming_secrets_.end()) {
      naming_secrets_.erase(old);
    }
    Change([&](State& all) {
      const auto [found, added] =
          all.clusters.try_emplace(std::string(name), Cluster{{}, connection});
      Cluster& cluster = found->second;
      all.wants_records = all.wants_records || added || cluster.told.synced != state->synced ||
                          cluster.told.version_json != state->version_json;
      cluster = Cluster{*std::move(state), std::move(connection)};
      all.changed_names.insert(found->first);
    });
  }
  void OnDelete(std::string_view, std::string_view name) override {
    if (const auto old = naming_secrets_.find(name); old != naming_secrets_.end())
      naming_secrets_.erase(old);
    Change([&](State& all) {
      const auto found = all.clusters.find(name);
      if (found == all.clusters.end()) return;
      all.changed_names.insert(found->first);
      all.clusters.erase(found);
    });
  }
  void OnSynced() override {
    Change([](State& all) { all.synced = true; });
  }
  void OnError(const Status& status) override {
    std::scoped_lock lock(mutex_);
    if (state_.error.ok()) LogWarning("cannot follow the PediaClusters: " + status.message());
    state_.error = status;
  }

  std::optional<Result<kube::RestConfig>> Connection(std::string_view cluster) const {
    std::scoped_lock lock(mutex_);
    const auto found = state_.clusters.find(cluster);
    if (found == state_.clusters.end()) return std::nullopt;
    return found->second.connection;
  }

  Status Ready() const {
    std::scoped_lock lock(mutex_);
    if (state_.published) return Status();
    std::string why = "the PediaClusters have not been listed yet";
    if (!state_.error.ok()) why += ": " + state_.error.message();
    return ServiceUnavailable(why);
  }

  Status Following() const {
    if (Status ready = Ready(); !ready.ok()) return ready;
    const auto silence = Clock::now() - informer_->last_heard();
    if (silence < options_.silence) return Status();
    return ServiceUnavailable("the management cluster has not answered for " +
                              SecondsText(silence));
  }

 private:
  struct Cluster {
    ClusterState told;  // By its status.
    Result<kube::RestConfig> connection;
  };
  struct State {
    std::map<std::string, Cluster, std::less<>> clusters;
    bool synced = false;
    bool published = false;  // In the registry.
    bool changed = false;
    std::set<std::string> changed_names;  // Clusters that are new, changed or gone.
    bool wants_records = false;           // Something has changed that records tell more of.
    Status error;                         // Why the last list or watch failed.
  };

  // The Secrets that PediaClusters name.
  class SecretsHandler : public kube::InformerHandler {
   public:
    explicit SecretsHandler(Core& core) : core_(core) {}
    void OnObject(std::string_view, std::string_view name, std::string_view json) override {
      core_.secrets_.Set(name, json);
      core_.OnSecrets();
    }
    void OnDelete(std::string_view, std::string_view name) override {
      core_.secrets_.Remove(name);
      core_.OnSecrets();
    }
    void OnSynced() override { failing_ = false; }
    void OnError(const Status& status) override {
      if (!std::exchange(failing_, true))
        LogWarning("cannot follow the Secrets: " + status.message());
    }

   private:
    Core& core_;
    bool failing_ = false;
  };

  Result<kube::RestConfig> ConnectionOf(std::string_view json) const {
    return discovery::ParsePediaClusterConnection(
        json, options_.secrets_namespace.empty() ? nullptr : &secrets_);
  }

  void OnSecrets() {
    std::scoped_lock lock(mutex_);
    for (const auto& [name, json] : naming_secrets_) {
      if (const auto found = state_.clusters.find(name); found != state_.clusters.end())
        found->second.connection = ConnectionOf(json);
    }
  }

  struct Record {
    std::string document;
    ClusterState state;
  };

  template <typename F>
  void Change(F&& f) {
    {
      std::scoped_lock lock(mutex_);
      f(state_);
      state_.changed = true;
      state_.error = Status();
    }
    changed_.notify_one();
  }

  void Run(const std::stop_token& stop) {
    while (WaitForWork(stop)) {
      if (Clock::now() >= next_read_) ReadRecords();
      Publish();
    }
  }

  // False: the follower ends.
  bool WaitForWork(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return state_.synced && state_.changed; };
    if (state_.synced) {
      changed_.wait_until(lock, stop, next_read_, ready);
    } else {
      changed_.wait(lock, stop, ready);
    }
    if (std::exchange(state_.wants_records, false)) {
      const auto now = Clock::now();
      next_read_ = std::min(next_read_, std::max(now, last_read_ + options_.record_pause));
      second_read_ = now + options_.record_delay;
    }
    state_.changed = false;
    return !stop.stop_requested();
  }

  void ReadRecords() {
    last_read_ = Clock::now();
    auto records = store_.LoadClusterRecords();
    const auto now = Clock::now();
    next_read_ = now + (records.ok() ? options_.record_interval : options_.record_pause);
    if (second_read_ > now) next_read_ = std::min(next_read_, second_read_);
    const bool failed_before = std::exchange(records_failed_, !records.ok());
    if (!records.ok()) {
      if (!failed_before)
        LogWarning("cannot read what is known of the clusters: " + records.status().message());
      return;
    }
    std::map<std::string, Record> old = std::exchange(records_, {});
    for (storage::ClusterRecord& each : *records) {
      Record& record = records_[each.cluster];
      if (const auto found = old.find(each.cluster); found != old.end())
        record = std::move(found->second);
      if (record.document == each.document) continue;
      record.document = std::move(each.document);
      auto state = discovery::ClusterStateFromJson(record.document);
      record.state = state.ok() ? *std::move(state) : ClusterState();
      stale_.insert(each.cluster);
    }
    for (const auto& [name, record] : old) {
      if (!records_.contains(name)) stale_.insert(name);
    }
  }

  void Publish() {
    std::vector<ClusterState> told;
    std::vector<std::string> gone;
    {
      std::scoped_lock lock(mutex_);
      stale_.merge(std::exchange(state_.changed_names, {}));
      for (const std::string& name : std::exchange(stale_, {})) {
        const auto found = state_.clusters.find(name);
        if (found == state_.clusters.end()) {
          gone.push_back(name);
        } else {
          told.push_back(found->second.told);
        }
      }
    }
    for (const std::string& name : gone) registry_.Remove(name);
    static const Record kNoRecord;
    for (ClusterState& state : told) {
      const auto found = records_.find(state.name);
      const Record& record = found == records_.end() ? kNoRecord : found->second;
      registry_.Update(Describe(std::move(state), record.state));
    }
    std::scoped_lock lock(mutex_);
    state_.published = true;
  }

  storage::Store& store_;
  discovery::Registry& registry_;
  FollowerOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  State state_;

  // Of the follower's thread.
  std::map<std::string, Record> records_;
  bool records_failed_ = false;  // To read, the last time.
  std::set<std::string> stale_;  // Clusters that the registry does not show as they are.
  Clock::time_point last_read_{}, next_read_{}, second_read_{};

  // Of the informers' thread.
  discovery::CredentialSecrets secrets_;
  std::map<std::string, std::string, std::less<>> naming_secrets_;  // PediaClusters that do.
  SecretsHandler secrets_handler_{*this};

  std::optional<kube::Informer> informer_, secrets_informer_;
  std::jthread thread_;  // Ends first.
};

ClusterFollower::ClusterFollower(kube::Client& client, storage::Store& store,
                                 discovery::Registry& registry, FollowerOptions options)
    : core_(std::make_unique<Core>(client, store, registry, std::move(options))) {}
ClusterFollower::~ClusterFollower() = default;

std::optional<Result<kube::RestConfig>> ClusterFollower::Connection(
    std::string_view cluster) const {
  return core_->Connection(cluster);
}
Status ClusterFollower::Ready() const { return core_->Ready(); }
Status ClusterFollower::Following() const { return core_->Following(); }

}  // namespace pedia::apiserver
