#include "kube/informer.h"

#include <algorithm>
#include <future>
#include <vector>

#include "kube/event_loop_core.h"
#include "kube/informer_core.h"
#include "meta/json_reader.h"

namespace pedia::kube {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kPageSize = 500;
constexpr milliseconds kListTimeout{60'000};  // Of one page.
constexpr milliseconds kIdleTimeout{30'000};  // Of a page; of a watch, past its end.
constexpr milliseconds kShortWatch{1'000};
constexpr int kMaxFailedWatches = 3;
constexpr int kMaxExpiredLists = 2;

std::string CollectionOf(const InformerOptions& options) {
  std::string collection = options.path;
  char separator = '?';
  const auto add = [&](const char* name, const std::string& selector) {
    if (selector.empty()) return;
    collection.push_back(std::exchange(separator, '&'));
    collection.append(name).append("=").append(EscapeQueryValue(selector));
  };
  add("fieldSelector", options.field_selector);
  add("labelSelector", options.label_selector);
  return collection;
}

// The code of a metav1.Status, 0 if it has none.
int ReadStatusCode(std::string_view status) {
  JsonReader reader(status);
  if (!reader.BeginObject()) return 0;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "code")
      return static_cast<int>(std::clamp<int64_t>(reader.ReadInt().value_or(0), 0, 999));
    reader.Skip();
  }
  return 0;
}

bool IsExpired(const StreamEnd& end) {
  return end.code == 410 || end.status.reason() == StatusReason::kExpired;
}

}  // namespace

Informer::Informer(Client& client, InformerOptions options, InformerHandler& handler)
    : core_(std::make_shared<Core>(client, std::move(options), handler)) {
  core_->Start();
}

Informer::~Informer() {
  EventLoop& loop = core_->client().loop();
  if (loop.InLoopThread()) {
    core_->Stop();
    return;
  }
  const auto stopped = std::make_shared<std::promise<void>>();
  const auto posted = loop.shared_core()->Post([core = core_, stopped] {
    core->Stop();
    stopped->set_value();
  });
  if (posted) {
    stopped->get_future().wait();
  } else {
    core_->Stop();
  }
}

bool Informer::synced() const { return core_->synced(); }

std::chrono::steady_clock::time_point Informer::last_heard() const { return core_->last_heard(); }

Informer::Core::Core(Client& client, InformerOptions options, InformerHandler& handler)
    : client_(client),
      handler_(handler),
      options_(std::move(options)),
      collection_(CollectionOf(options_)),
      backoff_(options_.backoff_initial, options_.backoff_max) {}

void Informer::Core::Start() {
  client_.loop().Post(IfCurrent([](Core& self) { self.Next(); }));
}

void Informer::Core::Stop() {
  ++epoch_;
  watching_ = false;
  if (std::exchange(has_request_, false)) client_.Cancel(request_);
}

Informer::Core::Clock::time_point Informer::Core::last_heard() const {
  return watching_ ? Clock::now() : Clock::time_point(Clock::duration(last_heard_.load()));
}

void Informer::Core::Next() {
  if (resource_version_.empty()) {
    BeginList();
  } else {
    Watch();
  }
}

void Informer::Core::NextAfter(milliseconds delay) {
  ++epoch_;
  client_.loop().PostAfter(delay, IfCurrent([](Core& self) { self.Next(); }));
}

void Informer::Core::Retry(const Status& why) {
  const milliseconds asked =
      std::chrono::seconds(why.details() ? why.details()->retry_after_seconds : 0);
  NextAfter(std::max(backoff_.Next(), std::min(asked, options_.backoff_max)));
  handler_.OnError(why);
}

void Informer::Core::Send(Request request, std::unique_ptr<ResponseHandler> handler) {
  request_ = client_.Start(std::move(request), std::move(handler));
  has_request_ = true;
}

FlowGate Informer::Core::Gate() {
  return [weak = weak_from_this(), epoch = epoch_] {
    const std::shared_ptr<Core> self = weak.lock();
    return self && self->epoch_ == epoch ? Flow::kContinue : Flow::kAbort;
  };
}

void Informer::Core::BeginList() {
  ++list_;
  continue_.clear();
  bad_item_ = Status();
  ListPage();
}

void Informer::Core::ListPage() {
  ++epoch_;
  Request request;
  request.path_and_query = ListPath(collection_, unpaged_ ? 0 : kPageSize, continue_);
  request.timeout = kListTimeout;
  request.idle_timeout = kIdleTimeout;
  Send(std::move(request),
       std::make_unique<ListPageHandler>(ListPageHandler::Callbacks{
           Gate(), IfCurrent([](Core& self, std::string_view item) { self.OnItem(item); }),
           IfCurrent([](Core& self, const ListPageEnd& end) { self.OnPageEnd(end); })}));
}

void Informer::Core::OnItem(std::string_view item) {
  const Result<ObjectIdentity> identity = ReadIdentity(item);
  if (identity.ok()) {
    Upsert(*identity, item);
  } else {
    bad_item_ = identity.status();
  }
}

void Informer::Core::OnPageEnd(const ListPageEnd& end) {
  has_request_ = false;
  if (!end.status.ok()) return OnListFailure(end, end.status);
  if (!bad_item_.ok()) return OnListFailure(end, bad_item_);
  continue_ = end.continue_token;
  if (continue_.empty()) return FinishList(end);
  ListPage();
}

void Informer::Core::OnListFailure(const ListPageEnd& end, const Status& why) {
  if (IsExpired(end)) unpaged_ = ++expired_lists_ >= kMaxExpiredLists;
  Retry(why);
}

void Informer::Core::FinishList(const ListPageEnd& end) {
  resource_version_ = end.resource_version;
  unpaged_ = false;
  expired_lists_ = 0;
  failed_watches_ = 0;
  Heard();
  std::vector<Key> gone;
  for (const auto& [key, known] : known_) {
    if (known.list != list_) gone.push_back(key);
  }
  const uint64_t epoch = epoch_;
  for (const Key& key : gone) {
    known_.erase(key);
    handler_.OnDelete(key.first, key.second);
    if (epoch_ != epoch) return;
  }
  synced_ = true;
  handler_.OnSynced();
  if (epoch_ == epoch) Watch();
}

void Informer::Core::Watch() {
  ++epoch_;
  const auto least = options_.watch_timeout_min;
  const std::chrono::seconds timeout(RandomBetween(least.count(), 2 * least.count()));
  watch_start_ = Clock::now();
  error_event_ = Status();
  auto event = [weak = weak_from_this(), epoch = epoch_](const WatchEvent& watch_event) {
    const std::shared_ptr<Core> self = weak.lock();
    return self && self->epoch_ == epoch && self->OnEvent(watch_event);
  };
  Send(WatchRequest(collection_, resource_version_, timeout, kIdleTimeout),
       std::make_unique<WatchHandler>(WatchHandler::Callbacks{
           Gate(), IfCurrent([](Core& self) { self.watching_ = true; }), std::move(event),
           IfCurrent([](Core& self, const StreamEnd& end) { self.OnWatchEnd(end); })}));
}

bool Informer::Core::OnEvent(const WatchEvent& event) {
  if (event.type == WatchEventType::kError) return OnErrorEvent(event.object);
  failed_watches_ = 0;
  expired_ = false;
  if (event.type != WatchEventType::kBookmark) return OnObjectEvent(event.type, event.object);
  std::string version = ReadResourceVersion(event.object);
  if (!version.empty()) resource_version_ = std::move(version);
  return true;
}

bool Informer::Core::OnErrorEvent(std::string_view status) {
  const int code = ReadStatusCode(status);
  error_event_ = StatusFromResponse(code >= 400 && code < 600 ? code : 500, status, {});
  if (error_event_.ok()) error_event_ = InternalError("the watch reported an error");
  return false;
}

bool Informer::Core::OnObjectEvent(WatchEventType type, std::string_view object) {
  const Result<ObjectIdentity> identity = ReadIdentity(object);
  if (!identity.ok()) {
    // What it was about cannot be known; a list can.
    error_event_ = identity.status();
    resource_version_.clear();
    return false;
  }
  // The handler may end this informer.
  if (!identity->resource_version.empty()) resource_version_ = identity->resource_version;
  const uint64_t epoch = epoch_;
  if (type != WatchEventType::kDeleted) {
    Upsert(*identity, object);
  } else if (known_.erase({identity->name_space, identity->name}) > 0) {
    handler_.OnDelete(identity->name_space, identity->name);
  }
  return epoch_ == epoch;
}

void Informer::Core::OnWatchEnd(const StreamEnd& end) {
  has_request_ = false;
  if (watching_.exchange(false)) Heard();
  const auto lasted = Clock::now() - watch_start_;
  if (lasted >= options_.backoff_max) backoff_.Reset();
  const Status& why = error_event_.ok() ? end.status : error_event_;
  if (end.code == 410 || why.reason() == StatusReason::kExpired) {
    resource_version_.clear();
    // Ordinary after a long break: list soon. Not if a list has just not helped.
    if (!std::exchange(expired_, true)) backoff_.Reset();
    return NextAfter(backoff_.Next());
  }
  if (!why.ok()) return OnWatchFailure(why);
  if (lasted < kShortWatch) return NextAfter(backoff_.Next());
  failed_watches_ = 0;
  Watch();
}

// The version may be what the server stumbles over, for example after it was restored from a
// backup; a list costs little.
void Informer::Core::OnWatchFailure(const Status& why) {
  if (++failed_watches_ >= kMaxFailedWatches) resource_version_.clear();
  Retry(why);
}

void Informer::Core::Upsert(const ObjectIdentity& identity, std::string_view json) {
  Known& known = known_[{identity.name_space, identity.name}];
  known.list = list_;
  const bool same =
      !identity.resource_version.empty() && known.resource_version == identity.resource_version;
  if (same) return;
  known.resource_version = identity.resource_version;
  handler_.OnObject(identity.name_space, identity.name, json);
}

}  // namespace pedia::kube
