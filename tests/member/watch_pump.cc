#include "tests/member/watch_pump.h"

#include <algorithm>
#include <utility>

namespace pedia::member {
namespace {

constexpr size_t kBatchEvents = 64;
constexpr size_t kInitialBytes = 64 * 1024;  // Rendered at once.
constexpr size_t kUnsentLimit =
    512 * 1024;  // A client that lags further gets no more events until it has caught up.
constexpr std::chrono::milliseconds kRetry{5};  // When the client lags.
constexpr std::string_view kGarbageLine = "{\"type\":\"MODIFIED\",\"object\":]]}\x01\xff\n";
constexpr std::string_view kHalfLine =
    R"({"type":"MODIFIED","object":{"kind":"Pod","metadata":{"na)";

std::string_view TypeName(EventType type) {
  switch (type) {
    case EventType::kAdded:
      return "ADDED";
    case EventType::kModified:
      return "MODIFIED";
    case EventType::kDeleted:
      return "DELETED";
  }
  return "";
}

void AppendEvent(const ObjectRenderer& renderer, EventType type, const ObjectVersion& object,
                 std::string* out) {
  out->append(R"({"type":")").append(TypeName(type)).append(R"(","object":)");
  renderer.AppendObject(object, out);
  out->append("}\n");
}

// What the event is to a watch that sees only some objects: one that leaves the selection is deleted,
// in its last selected state with the new resourceVersion; one that enters it is added.
void AppendSelected(const ObjectRenderer& renderer, const ObjectSelector& selector,
                    const WatchEvent& event, std::string* out) {
  const bool was = event.previous && renderer.Matches(*event.previous, &selector);
  const bool is = event.type != EventType::kDeleted && renderer.Matches(event.object, &selector);
  if (is)
    return AppendEvent(renderer, was ? EventType::kModified : EventType::kAdded, event.object, out);
  if (!was) return;
  std::string line;
  AppendEvent(renderer, EventType::kDeleted, *event.previous, &line);
  const auto member = [](uint64_t version) {
    return "\"resourceVersion\":\"" + std::to_string(version) + '"';
  };
  const std::string old = member(event.previous->resource_version);
  if (const size_t at = line.find(old); at != std::string::npos)
    line.replace(at, old.size(), member(event.object.resource_version));
  *out += line;
}

}  // namespace

std::string ErrorEventLine(const Status& status) {
  return R"({"type":"ERROR","object":)" + status.ToJson() + "}\n";
}

// A watch and how far it has got.
struct WatchPump::Running {
  Watch watch;
  std::string unsent;  // Whole lines; written in one piece or not at all.
  size_t next_initial = 0;
  bool ending = false;  // Finish once `unsent` is out.
  bool done = false;    // Nothing more to do; drop it.
  bool frozen = false;
  std::optional<WatchBreak> pending_break;
  Clock::time_point last_sent;
  Clock::time_point not_before;  // For event_delay.
};

struct WatchPump::Signal {
  std::mutex mutex;
  std::condition_variable_any condition;
  bool raised = false;

  void Raise() {
    {
      std::scoped_lock lock(mutex);
      raised = true;
    }
    condition.notify_one();
  }
};

WatchPump::WatchPump(World& world, std::chrono::milliseconds bookmark_interval)
    : world_(world), bookmark_interval_(bookmark_interval), signal_(std::make_shared<Signal>()) {
  subscription_ = world_.Subscribe([signal = signal_] { signal->Raise(); });
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

WatchPump::~WatchPump() {
  world_.Unsubscribe(subscription_);
  thread_.request_stop();
  thread_.join();
}

void WatchPump::Add(Watch watch) {
  watch.response->OnClientGone([signal = signal_] { signal->Raise(); });
  auto running = std::make_unique<Running>();
  running->watch = std::move(watch);
  running->last_sent = Clock::now();
  {
    std::scoped_lock lock(mutex_);
    watches_.push_back(std::move(running));
  }
  signal_->Raise();
}

void WatchPump::Break(WatchBreak how, std::string_view path_prefix) {
  {
    std::scoped_lock lock(mutex_);
    for (const auto& running : watches_) {
      if (running->watch.path.starts_with(path_prefix)) running->pending_break = how;
    }
  }
  signal_->Raise();
}

size_t WatchPump::count() const {
  std::scoped_lock lock(mutex_);
  return watches_.size();
}

void WatchPump::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Clock::time_point next = Clock::now() + std::chrono::seconds(1);
    {
      std::scoped_lock lock(mutex_);
      const Clock::time_point now = Clock::now();
      for (const auto& running : watches_) next = std::min(next, Advance(*running, now));
      watches_.remove_if([](const auto& running) { return running->done; });
    }
    std::unique_lock lock(signal_->mutex);
    signal_->condition.wait_until(lock, stop, next, [this] { return signal_->raised; });
    signal_->raised = false;
  }
}

// Sends what can be sent; returns when to look again.
WatchPump::Clock::time_point WatchPump::Advance(Running& running, Clock::time_point now) {
  apiserver::ResponseWriter& response = *running.watch.response;
  const Clock::time_point later = now + std::chrono::seconds(1);
  while (!response.ClientGone()) {
    if (running.frozen || (running.pending_break && ApplyBreak(running))) return later;
    if (running.unsent.empty() && !running.ending && !Fill(running, now)) {
      Clock::time_point next =
          running.watch.bookmarks ? running.last_sent + bookmark_interval_ : later;
      if (running.watch.deadline) next = std::min(next, *running.watch.deadline);
      return running.not_before > now ? std::min(next, running.not_before) : next;
    }
    if (!running.unsent.empty() && !response.TryWrite(running.unsent, kUnsentLimit)) {
      if (!response.ClientGone()) return now + kRetry;
      break;
    }
    running.unsent.clear();
    running.last_sent = now;
    if (!running.ending) continue;
    response.Finish();
    break;
  }
  running.done = true;
  return later;
}

// True: the watch is over or stands still.
bool WatchPump::ApplyBreak(Running& running) {
  switch (*std::exchange(running.pending_break, std::nullopt)) {
    case WatchBreak::kClose:
      break;
    case WatchBreak::kDrop:
      running.watch.response->Abort();
      running.done = true;
      return true;
    case WatchBreak::kExpire:
      running.unsent += ErrorEventLine(Expired("too old resource version: 1 (2)"));
      break;
    case WatchBreak::kError:
      running.unsent += ErrorEventLine(InternalError("etcd has no leader"));
      break;
    case WatchBreak::kTruncate:
      running.unsent += kHalfLine;
      break;
    case WatchBreak::kGarbage:
      running.unsent += kGarbageLine;
      break;
    case WatchBreak::kFreeze:
      running.frozen = true;
      return true;
  }
  running.ending = true;
  return false;
}

// Puts the next lines into `unsent`. False: nothing to send now.
bool WatchPump::Fill(Running& running, Clock::time_point now) {
  Watch& watch = running.watch;
  if (watch.deadline && now >= *watch.deadline) return running.ending = true;
  if (now < running.not_before) return false;
  if (watch.initial) {
    RenderInitial(running);
    return true;
  }
  const bool delayed = watch.event_delay.count() > 0;
  const EventBatch batch = world_.ReadEvents(watch.gvr, watch.cursor, delayed ? 1 : kBatchEvents);
  if (batch.state == EventBatch::State::kResourceGone) return running.ending = true;
  if (batch.state == EventBatch::State::kExpired) {
    running.unsent =
        ErrorEventLine(Expired("too old resource version: " + std::to_string(watch.cursor) + " (" +
                               std::to_string(batch.oldest) + ")"));
    return running.ending = true;
  }
  watch.cursor = batch.up_to;
  Render(running, batch);
  if (delayed && !batch.events.empty()) running.not_before = now + watch.event_delay;
  // A watch from the future, after a restore, is silent until the world is that far again.
  const bool is_ahead = watch.cursor > world_.resource_version();
  if (batch.events.empty() && watch.bookmarks && !is_ahead &&
      now >= running.last_sent + bookmark_interval_) {
    RenderBookmark(running, *batch.renderer);
  }
  return !batch.events.empty() || !running.unsent.empty();
}

void WatchPump::Render(Running& running, const EventBatch& batch) const {
  const std::string& space = running.watch.namespace_name;
  for (const WatchEvent& event : batch.events) {
    if (!space.empty() && !event.key.starts_with(space + "/")) continue;
    for (int times = running.watch.duplicates ? 2 : 1; times > 0; --times) {
      if (running.watch.selector == nullptr) {
        AppendEvent(*batch.renderer, event.type, event.object, &running.unsent);
      } else {
        AppendSelected(*batch.renderer, *running.watch.selector, event, &running.unsent);
      }
    }
  }
}

void WatchPump::RenderInitial(Running& running) const {
  const ListPage& page = *running.watch.initial;
  while (running.next_initial < page.objects.size() && running.unsent.size() < kInitialBytes) {
    AppendEvent(*page.renderer, EventType::kAdded, page.objects[running.next_initial++],
                &running.unsent);
  }
  if (running.next_initial == page.objects.size()) running.watch.initial.reset();
}

void WatchPump::RenderBookmark(Running& running, const ObjectRenderer& renderer) const {
  const ServedResource& resource = *renderer.resource;
  running.unsent += R"({"type":"BOOKMARK","object":{"kind":")" + resource.kind +
                    R"(","apiVersion":")" + resource.gvr.GroupVersion() +
                    R"(","metadata":{"resourceVersion":")" + std::to_string(running.watch.cursor) +
                    R"(","creationTimestamp":null}}})" + "\n";
}

}  // namespace pedia::member
