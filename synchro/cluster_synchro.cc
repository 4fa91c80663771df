#include "synchro/cluster_synchro.h"

#include <algorithm>
#include <array>
#include <utility>

#include "meta/json_reader.h"
#include "meta/log.h"
#include "meta/time.h"

namespace pedia::synchro {
namespace {

using discovery::ApiResource;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kFailedChecksToPause = 2;
constexpr milliseconds kPublishDelay{50};
constexpr std::chrono::minutes kVersionInterval{5};
constexpr int kQuietFactor = 20;

// After a change was announced: a member's discovery document follows some time later.
constexpr milliseconds kFirstEagerDelay{300};
constexpr std::array<milliseconds, 3> kEagerDelays = {milliseconds(8'000), milliseconds(3'000),
                                                      milliseconds(1'000)};

const GroupVersionResource kCrds{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};

// A server's URL without what may stand in it before '@'.
std::string WithoutUserInfo(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const size_t host = scheme + 3;
  const size_t at = url.rfind('@', url.find_first_of("/?#", host));
  return at == std::string::npos || at < host ? url : url.substr(0, host) + url.substr(at + 1);
}

}  // namespace

ClusterSynchro::ClusterSynchro(const SharedContext& shared, kube::EventLoop& loop, ClusterSpec spec,
                               std::optional<discovery::ClusterState> recorded,
                               std::shared_ptr<Guarded<ClusterProgress>> progress)
    : shared_(shared),
      loop_(loop),
      spec_(std::move(spec)),
      progress_(std::move(progress)),
      slots_(shared.lists),
      since_(UnixNow()),
      discovery_backoff_(shared.options.backoff_initial, shared.options.backoff_max) {
  if (recorded) {
    saved_record_ = discovery::ClusterStateToJson(*recorded);
    state_ = std::move(*recorded);
    state_.resources.clear();
  }
  state_.name = spec_.name;
  if (spec_.config.ok()) {
    std::string server = WithoutUserInfo(spec_.config->server);
    same_server_ = state_.api_server.empty() || state_.api_server == server;
    state_.api_server = std::move(server);
    client_ = std::make_unique<kube::Client>(loop_, *spec_.config);
    reflector_context_ = std::make_unique<ReflectorContext>(ReflectorContext{
        spec_.name, loop_, *client_, shared_.writer, shared_.options, shared_.counters, slots_});
  } else {
    facts_.config_error = spec_.config.status().message();
  }
  facts_.invalid_sync_resources = spec_.invalid_sync_resources;
  facts_.warning = spec_.warning;
  has_rules_ = !spec_.invalid_sync_resources;
  state_.conditions = BuildConditions(facts_, state_.conditions, UnixNow());
}

ClusterSynchro::~ClusterSynchro() { Stop(); }

void ClusterSynchro::Start() {
  if (stopped_) return;
  SpareSecrets();
  Publish();
  if (!client_) return;
  health_ = std::make_shared<HealthMonitor>(
      *client_, shared_.options.health_interval,
      IfAlive([](ClusterSynchro& self, const HealthReport& report) { self.OnHealth(report); }));
  health_->Start();
  openapi_ = std::make_shared<OpenApiReader>(
      *client_, shared_.openapi, shared_.options, spec_.name, state_.openapi,
      IfAlive([](ClusterSynchro& self, OpenApiBatch batch) { self.OnOpenApi(std::move(batch)); }));
}

void ClusterSynchro::Stop() {
  if (stopped_) return;
  stopped_ = true;
  slots_.Clear();
  for (const auto& [gvr, reflector] : reflectors_) reflector->Pause();
  reflectors_.clear();
  health_.reset();
  openapi_.reset();
  client_.reset();
}

void ClusterSynchro::OnHealth(const HealthReport& report) {
  if (facts_.health && facts_.health->healthy != report.healthy) {
    LogInfo("cluster " + spec_.name + " is " +
            (report.healthy ? "healthy again" : "not healthy: " + report.message));
  }
  facts_.health = report;
  failed_checks_ = report.healthy ? 0 : failed_checks_ + 1;
  if (report.healthy && !running_) Resume();
  if (failed_checks_ >= kFailedChecksToPause && running_) Pause();
  if (!report.healthy && !discovered_ && !running_) {
    facts_.run_state = RunState::kInitialFailed;
    facts_.run_message = report.message;
  }
  if (running_ && (!version_fetched_ || steady_clock::now() - *version_fetched_ > kVersionInterval))
    FetchVersion();
  Changed();
}

void ClusterSynchro::Resume() {
  running_ = true;
  facts_.run_state = discovered_ ? RunState::kRunning : RunState::kWaitInit;
  facts_.run_message = discovered_ ? unmet_ : "";
  version_fetched_.reset();
  for (const auto& [gvr, reflector] : reflectors_) reflector->Run();
  DiscoverAfter(milliseconds(0));
}

void ClusterSynchro::Pause() {
  running_ = false;
  openapi_->Pause();
  facts_.run_state = RunState::kPending;
  facts_.run_message.clear();
  slots_.Clear();
  for (const auto& [gvr, reflector] : reflectors_) reflector->Pause();
}

void ClusterSynchro::FetchVersion() {
  version_fetched_ = steady_clock::now();
  kube::Request request;
  request.path_and_query = "/version";
  client_->Get(std::move(request),
               IfAlive([](ClusterSynchro& self, const Result<kube::Client::Document>& answer) {
                 if (!answer.ok() || answer->head.code != 200 || !IsValidJson(answer->body)) {
                   self.version_fetched_.reset();  // With the next health check.
                   return;
                 }
                 self.state_.version_json = answer->body;
                 self.Changed();
               }),
               1 << 20);
}

void ClusterSynchro::DiscoverAfter(milliseconds delay) {
  const auto due = steady_clock::now() + delay;
  if (discovery_due_ && *discovery_due_ <= due) return;
  discovery_due_ = due;
  loop_.PostAfter(delay, IfAlive([timer = ++discovery_timer_](ClusterSynchro& self) {
                    if (self.discovery_timer_ == timer) self.Discover();
                  }));
}

void ClusterSynchro::Discover() {
  discovery_due_.reset();
  if (discovering_ || !running_)
    return;  // Resume, or the end of the one that runs, asks for the next.
  discovering_ = true;
  DiscoverMember(*client_, IfAlive([](ClusterSynchro& self, Result<MemberDiscovery> found) {
    self.OnDiscovered(std::move(found));
  }));
}

void ClusterSynchro::OnDiscovered(Result<MemberDiscovery> found) {
  discovering_ = false;
  if (!found.ok()) {
    // What was known stays as it is.
    LogWarning("cannot discover cluster " + spec_.name + ": " + found.status().message());
    if (!discovered_) {
      facts_.run_state = RunState::kInitialFailed;
      facts_.run_message = found.status().message();
    }
    Changed();
    return DiscoverAfter(discovery_backoff_.Next());
  }
  discovery_backoff_.Reset();
  discovered_ = true;
  if (running_) facts_.run_state = RunState::kRunning;
  KeepStale(&*found);
  served_ = std::move(*found);
  Reconcile();
  DiscoverAfter(NextDiscovery());
}

void ClusterSynchro::DiscoverSoon() {
  eager_discoveries_ = static_cast<int>(kEagerDelays.size());
  DiscoverAfter(std::min(kFirstEagerDelay, shared_.options.discovery_interval));
}

milliseconds ClusterSynchro::NextDiscovery() {
  const milliseconds interval = shared_.options.discovery_interval;
  if (eager_discoveries_ > 0)
    return std::min(kEagerDelays[static_cast<size_t>(--eager_discoveries_)], interval);
  const milliseconds usual = HearsOfChanges() ? interval * kQuietFactor : interval;
  return milliseconds(kube::RandomBetween(usual.count(), usual.count() * 5 / 4));
}

bool ClusterSynchro::HearsOfChanges() const {
  const auto found = reflectors_.find(kCrds);
  return found != reflectors_.end() && found->second->sync().status == "Syncing";
}

void ClusterSynchro::Reload() {
  if (stopped_) return;
  saved_record_.clear();
  for (const auto& [gvr, reflector] : reflectors_) reflector->Reload();
  Changed();
}

void ClusterSynchro::OnOpenApi(OpenApiBatch batch) {
  state_.openapi = openapi_->documents();
  for (auto& document : batch.documents) unsaved_openapi_.documents.push_back(std::move(document));
  for (auto& slot : batch.slots) unsaved_openapi_.slots.push_back(std::move(slot));
  Changed();
}

void ClusterSynchro::Changed() {
  if (publishing_ || stopped_) return;
  publishing_ = true;
  loop_.PostAfter(kPublishDelay, IfAlive([](ClusterSynchro& self) {
                    self.publishing_ = false;
                    self.Publish();
                  }));
}

void ClusterSynchro::Publish() {
  state_.conditions = BuildConditions(facts_, state_.conditions, UnixNow());
  state_.resources.clear();
  ClusterProgress progress;
  progress.cluster = spec_.name;
  progress.reachable = facts_.health && facts_.health->healthy;
  progress.discovered = discovered_;
  NoteStore();
  for (const auto& [gvr, reflector] : reflectors_) {
    if (!aside_.contains(gvr)) state_.resources.push_back(SyncOf(*reflector));
    progress.resources.push_back(reflector->progress());
  }
  for (const auto& [gvr, sync] : removing_) state_.resources.push_back(sync);
  progress_->With([&](ClusterProgress& current) { current = std::move(progress); });
  shared_.registry.Update(state_);
  if (discovered_) SaveRecord();
}

// While the store cannot be written nothing is synced, whatever the watches say.
void ClusterSynchro::NoteStore() {
  if (!shared_.writer.store_is_away()) {
    store_away_since_.reset();
  } else if (!store_away_since_) {
    store_away_since_ = UnixNow();
  }
}

discovery::ResourceSync ClusterSynchro::SyncOf(const Reflector& reflector) const {
  discovery::ResourceSync sync = reflector.sync();
  if (!store_away_since_ || sync.status == "Stop") return sync;
  sync.status = "Stop";
  sync.reason = kStorageExpection;
  sync.message = "the store cannot be written";
  sync.last_transition = *store_away_since_;
  return sync;
}

void ClusterSynchro::SaveRecord() {
  const auto openapi =
      std::make_shared<const OpenApiBatch>(std::exchange(unsaved_openapi_, OpenApiBatch()));
  storage::ClusterRecord record{spec_.name, discovery::ClusterStateToJson(state_), {}};
  if (record.document == saved_record_) return;
  saved_record_ = record.document;
  std::set<std::string> names;
  for (const discovery::OpenApiDocument& document : state_.openapi) names.insert(document.hash);
  record.documents.assign(names.begin(), names.end());
  auto refused = IfAlive([](ClusterSynchro& self) {
    self.saved_record_.clear();
    self.openapi_->Forget();
  });
  shared_.writer.queue().PushJob(
      [record = std::move(record), openapi, &loop = loop_,
       refused = std::move(refused)](storage::Store& store) {
        Status status = store.SaveClusterRecord(record, openapi->documents);
        if (status.reason() != StatusReason::kBadRequest) return status;
        loop.Post(refused);  // It names what the store has lost.
        return Status();
      },
      spec_.name);
}

}  // namespace pedia::synchro
