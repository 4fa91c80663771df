// The watch half of Reflector.
#include <memory>
#include <string>

#include "meta/json_reader.h"
#include "meta/log.h"
#include "meta/time.h"
#include "synchro/reflector.h"

namespace pedia::synchro {
namespace {

constexpr std::chrono::milliseconds kShortWatch{1000};
constexpr int kMaxFruitlessWatches = 3;

// The code of a metav1.Status, 0 if it has none.
int64_t ReadStatusCode(std::string_view object) {
  JsonReader reader(object);
  if (!reader.BeginObject()) return 0;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "code") return reader.ReadInt().value_or(0);
    reader.Skip();
  }
  return 0;
}

// Whether our resourceVersion may be what the member stumbles over, for example after its etcd was
// restored.
bool BlamesTheRequest(int code) {
  return code == 400 || code == 404 || code == 422 || code == 500 || code == 504;
}

}  // namespace

void Reflector::Watch() {
  const auto least = context_.options.watch_timeout_min;
  const std::chrono::seconds timeout(kube::RandomBetween(least.count(), 2 * least.count()));
  kube::Request request = kube::WatchRequest(CollectionPath(), resource_version_, timeout,
                                             context_.options.idle_timeout);
  watch_start_ = std::chrono::steady_clock::now();
  watch_events_ = 0;
  watch_was_heard_ = false;
  must_relist_ = false;
  error_event_ = Status();
  auto event = [weak = weak_from_this(), epoch = epoch_](const kube::WatchEvent& watch_event) {
    const std::shared_ptr<Reflector> self = weak.lock();
    return self && self->epoch_ == epoch && self->OnEvent(watch_event);
  };
  auto handler = std::make_unique<kube::WatchHandler>(kube::WatchHandler::Callbacks{
      Gate(), IfCurrent([](Reflector& self) { self.SetSync("Syncing", "", ""); }), std::move(event),
      IfCurrent([](Reflector& self, const kube::StreamEnd& end) { self.OnWatchEnd(end); })});
  request_ = context_.client.Start(std::move(request), std::move(handler));
  has_request_ = true;
}

bool Reflector::OnEvent(const kube::WatchEvent& event) {
  ++events_;
  last_event_ = UnixNow();
  watch_was_heard_ = true;
  switch (event.type) {
    case kube::WatchEventType::kError:
      return OnErrorEvent(event.object);
    case kube::WatchEventType::kBookmark: {
      std::string version = kube::ReadResourceVersion(event.object);
      if (WentBack(version)) return OnEarlierVersion();
      if (!version.empty()) resource_version_ = std::move(version);
      fruitless_watches_ = 0;
      return true;
    }
    default:
      return OnObjectEvent(event.type, event.object);
  }
}

bool Reflector::OnErrorEvent(std::string_view status) {
  const int64_t code = ReadStatusCode(status);
  error_event_ = kube::StatusFromResponse(code >= 400 && code < 600 ? static_cast<int>(code) : 500,
                                          status, {});
  if (error_event_.ok()) error_event_ = InternalError("the watch reported an error");
  must_relist_ = code == 410 || error_event_.reason() == StatusReason::kExpired;
  return false;
}

bool Reflector::OnObjectEvent(kube::WatchEventType type, std::string_view object) {
  ++context_.counters.events;
  ++watch_events_;
  fruitless_watches_ = 0;
  const Result<kube::ObjectIdentity> identity = kube::ReadIdentity(object);
  if (!identity.ok()) {
    // What it was about cannot be known; a list can.
    ++context_.counters.dropped;
    error_event_ = identity.status();
    must_relist_ = true;
    return false;
  }
  if (WentBack(identity->resource_version)) return OnEarlierVersion();
  if (type == kube::WatchEventType::kDeleted) {
    Delete(identity->name_space, identity->name);
  } else {
    Take(*identity, object);
  }
  if (!identity->resource_version.empty()) resource_version_ = identity->resource_version;
  hooks_.touched();
  return true;
}

// Whether it is sent again, or what was known is no longer true, a list can tell.
bool Reflector::OnEarlierVersion() {
  error_event_ = ServiceUnavailable("the watch went back to an earlier resourceVersion");
  must_relist_ = true;
  return false;
}

void Reflector::OnWatchEnd(const kube::StreamEnd& end) {
  has_request_ = false;
  const auto lasted = std::chrono::steady_clock::now() - watch_start_;
  if (lasted >= context_.options.backoff_max) backoff_.Reset();
  if (must_relist_) return Relist(error_event_);
  const Status why = error_event_.ok() ? end.status : error_event_;
  if (end.code == 410 || why.reason() == StatusReason::kExpired) return Relist(why);
  if (why.ok()) {
    if (lasted < kShortWatch && watch_events_ == 0)
      return Retry(ServiceUnavailable("the watch ended at once"));
    // Without even a bookmark: the member may be where it was long before, and send nothing until it
    // has come as far again.
    const bool was_silent = !watch_was_heard_ && lasted >= context_.options.watch_timeout_min;
    if (was_silent || has_nameless_) resource_version_.clear();
    return Next();
  }
  if (end.code == 404) hooks_.unknown();
  const bool odd_answer = end.malformed || !error_event_.ok() || BlamesTheRequest(end.code);
  if (odd_answer && ++fruitless_watches_ >= kMaxFruitlessWatches) return Relist(why);
  Retry(why);
}

void Reflector::Relist(const Status& why) {
  LogInfo("listing " + resource_.gvr.ToString() + " of cluster " + context_.cluster +
          " again: " + why.message());
  resource_version_.clear();
  fruitless_watches_ = 0;
  Retry(why);
}

}  // namespace pedia::synchro
