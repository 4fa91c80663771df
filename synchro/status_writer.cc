#include "synchro/status_writer.h"

#include <algorithm>
#include <utility>

#include "discovery/pedia_cluster_status.h"
#include "kube/backoff.h"
#include "meta/json_reader.h"
#include "meta/log.h"

namespace pedia::synchro {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTimeout{15'000};
constexpr size_t kMaxAnswer = 16 << 20;
constexpr std::chrono::milliseconds kFinishTick{20};
constexpr int kFinishPatches = 64;

// An object of which only the status is left: there are credentials in the rest.
std::string KeepStatus(std::string_view object) {
  JsonReader reader(object);
  if (!reader.BeginObject()) return "{}";
  for (std::string_view key; reader.NextMember(&key);) {
    const std::string_view value = reader.Skip();
    if (key == "status" && reader.ok()) return "{\"status\":" + std::string(value) + "}";
  }
  return "{}";
}

Status Verdict(const Result<kube::Client::Document>& answer) {
  if (!answer.ok()) return answer.status();
  if (answer->head.code == 200) return Status();
  Status status =
      kube::StatusFromResponse(answer->head.code, answer->body, answer->head.retry_after_seconds);
  return status.ok() ? ServiceUnavailable("unexpected answer") : status;
}

}  // namespace

class StatusWriter::Core : public std::enable_shared_from_this<StatusWriter::Core> {
 public:
  Core(kube::Client& client, const discovery::Registry& registry, StatusWriterOptions options)
      : client_(client), registry_(registry), options_(options) {}

  void TickLater() {
    client_.loop().PostAfter(options_.tick, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && !self->stopped_) self->Tick();
    });
  }

  void Stop() { stopped_ = true; }

  void SetObject(std::string_view name, std::string_view json) {
    const auto [found, added] =
        objects_.try_emplace(std::string(name), Object(options_.interval, options_.backoff_max));
    found->second.json = KeepStatus(json);
    found->second.checked = nullptr;
  }
  void RemoveObject(std::string_view name) {
    if (const auto found = objects_.find(name); found != objects_.end()) objects_.erase(found);
  }
  void SetOwn(std::set<std::string> names) { own_ = std::move(names); }

  void Finish(States states, std::function<void()> done) {
    own_.clear();
    for (const auto& [name, state] : states) own_.insert(name);
    final_ = std::move(states);
    done_ = std::move(done);
    options_.tick = kFinishTick;
    options_.interval = std::chrono::milliseconds(0);
    options_.patches_per_tick = options_.patches_running = kFinishPatches;
    for (auto& [name, object] : objects_) object.not_before = {};
    Tick();
  }

 private:
  struct Object {
    Object(std::chrono::milliseconds initial, std::chrono::milliseconds max)
        : backoff(initial, max) {}
    std::string json;
    // The state that `json` was last compared with, and found equal or patched to.
    std::shared_ptr<const discovery::ClusterState> checked;
    bool running = false;  // A patch is.
    bool failing = false;
    bool gone = false;
    Clock::time_point not_before{};
    kube::Backoff backoff;
  };

  std::shared_ptr<const discovery::ClusterState> StateOf(const discovery::Snapshot& snapshot,
                                                         const std::string& name) const {
    const States& states = final_.empty() ? snapshot.clusters : final_;
    const auto found = states.find(name);
    return found == states.end() ? nullptr : found->second;
  }

  void Tick() {
    TickLater();
    if (done_ && std::all_of(final_.begin(), final_.end(),
                             [this](const auto& each) { return IsWritten(each); }))
      std::exchange(done_, nullptr)();
    const auto snapshot = registry_.Get();
    const auto now = Clock::now();
    int begun = 0;
    // Goes on where the last tick ended, so that nobody waits for ever.
    auto at = objects_.upper_bound(next_);
    for (size_t i = 0; i < objects_.size(); ++i, ++at) {
      if (at == objects_.end()) at = objects_.begin();
      if (begun >= options_.patches_per_tick || running_ >= options_.patches_running) return;
      next_ = at->first;
      if (!own_.contains(at->first)) continue;
      const auto state = StateOf(*snapshot, at->first);
      if (state == nullptr || !IsDue(at->second, state, now)) continue;
      ++begun;
      Compare(at->first, at->second, state);
    }
  }

  bool IsWritten(const States::value_type& final) const {
    const auto found = objects_.find(final.first);
    return found == objects_.end() || found->second.gone ||
           (!found->second.running && found->second.checked == final.second);
  }

  static bool IsDue(const Object& object,
                    const std::shared_ptr<const discovery::ClusterState>& state,
                    Clock::time_point now) {
    return !object.running && object.checked != state && now >= object.not_before;
  }

  void Compare(const std::string& name, Object& object,
               const std::shared_ptr<const discovery::ClusterState>& state) {
    object.checked = state;
    std::string patch = discovery::MakeStatusPatch(*state, object.json, options_.shard);
    if (patch.empty()) return;
    object.running = true;
    ++running_;
    kube::Request request;
    request.method = "PATCH";
    request.path_and_query = std::string(discovery::kPediaClustersPath) + "/" + name +
                             "/status?fieldManager=pedia-clustersynchro-manager";
    request.content_type = "application/merge-patch+json";
    request.body = std::move(patch);
    request.timeout = kTimeout;
    client_.Get(
        std::move(request),
        [weak = weak_from_this(), name](Result<kube::Client::Document> answer) {
          const auto self = weak.lock();
          if (self && !self->stopped_) self->OnAnswer(name, std::move(answer));
        },
        kMaxAnswer);
  }

  void OnAnswer(const std::string& name, Result<kube::Client::Document> answer) {
    --running_;
    const auto found = objects_.find(name);
    if (found == objects_.end()) return;
    Object& object = found->second;
    object.running = false;
    object.not_before = Clock::now() + options_.interval;
    const Status status = Verdict(answer);
    if (status.ok()) {
      // Unless the informer has said something newer meanwhile.
      if (object.checked != nullptr && IsValidJson(answer->body))
        object.json = KeepStatus(answer->body);
      object.backoff.Reset();
      object.failing = false;
      return;
    }
    object.gone = status.reason() == StatusReason::kNotFound;
    if (object.gone) return;  // The informer will say so, too.
    object.checked = nullptr;
    if (status.reason() == StatusReason::kConflict) return;
    object.not_before = Clock::now() + object.backoff.Next();
    if (!std::exchange(object.failing, true))
      LogWarning("cannot write the status of PediaCluster " + name + ": " + status.message());
  }

  kube::Client& client_;
  const discovery::Registry& registry_;
  StatusWriterOptions options_;
  std::map<std::string, Object, std::less<>> objects_;
  std::set<std::string> own_;
  States final_;  // Instead of the registry's, once it has come to that.
  std::function<void()> done_;
  std::string next_;  // After whom the next tick begins.
  int running_ = 0;
  bool stopped_ = false;
};

StatusWriter::StatusWriter(kube::Client& client, const discovery::Registry& registry,
                           StatusWriterOptions options)
    : core_(std::make_shared<Core>(client, registry, options)) {
  core_->TickLater();
}
StatusWriter::~StatusWriter() { core_->Stop(); }

void StatusWriter::SetObject(std::string_view name, std::string_view json) {
  core_->SetObject(name, json);
}
void StatusWriter::RemoveObject(std::string_view name) { core_->RemoveObject(name); }
void StatusWriter::SetOwn(std::set<std::string> names) { core_->SetOwn(std::move(names)); }
void StatusWriter::Finish(States states, std::function<void()> done) {
  core_->Finish(std::move(states), std::move(done));
}

}  // namespace pedia::synchro
