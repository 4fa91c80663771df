// The list half of Reflector: pages, then what the list did not show.
#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "meta/log.h"
#include "synchro/reflector.h"

namespace pedia::synchro {
namespace {

constexpr size_t kDeletionsPerRound = 20'000;  // Bounds the names held at a time.
constexpr int kMaxExpiredLists = 2;

bool IsExpired(const kube::ListPageEnd& end) {
  return end.code == 410 || end.status.reason() == StatusReason::kExpired;
}

}  // namespace

void Reflector::WaitForSlot() {
  context_.slots.Acquire([weak = weak_from_this(), epoch = epoch_, &slots = context_.slots] {
    const std::shared_ptr<Reflector> self = weak.lock();
    if (!self || self->epoch_ != epoch) return slots.Release();
    self->has_slot_ = true;
    self->ListPage();
  });
}

void Reflector::ReleaseSlot() {
  if (!has_slot_) return;
  has_slot_ = false;
  context_.slots.Release();
}

void Reflector::ListPage() {
  // While the writer has enough to do, what a member sends would only take memory.
  auto again = IfCurrent([](Reflector& self) { self.ListPage(); });
  if (context_.writer.queue().WaitForRoom([&loop = context_.loop, again] { loop.Post(again); }))
    return;
  if (!listing_) {
    listing_ = true;
    continue_.clear();
    versions_->BeginList();
    has_nameless_ = false;
    progress_.listed = 0;
    if (listed_once_) {
      ++context_.counters.relists;
      ++relists_;
    }
  }
  page_start_ = progress_.listed;
  ++epoch_;
  kube::Request request;
  request.path_and_query =
      kube::ListPath(CollectionPath(), unpaged_ ? 0 : context_.options.page_size, continue_);
  request.timeout = std::chrono::milliseconds(0);
  request.idle_timeout = context_.options.idle_timeout;
  auto handler = std::make_unique<kube::ListPageHandler>(kube::ListPageHandler::Callbacks{
      Gate(), IfCurrent([](Reflector& self, std::string_view item) { self.OnItem(item); }),
      IfCurrent([](Reflector& self, const kube::ListPageEnd& end) { self.OnPageEnd(end); })});
  request_ = context_.client.Start(std::move(request), std::move(handler));
  has_request_ = true;
}

void Reflector::OnItem(std::string_view item) {
  ++progress_.listed;
  ++context_.counters.objects_listed;
  const Result<kube::ObjectIdentity> identity = kube::ReadIdentity(item);
  if (identity.ok()) {
    Take(*identity, item);
    return;
  }
  has_nameless_ = true;
  ++context_.counters.dropped;
  LogWarning("cannot store one of " + resource_.gvr.ToString() + " of cluster " + context_.cluster +
             ": " + identity.status().message());
}

void Reflector::OnPageEnd(const kube::ListPageEnd& end) {
  has_request_ = false;
  if (!end.status.ok()) return OnListFailure(end);
  if (WentBack(end.resource_version)) return StartOver();
  int64_t remaining = 0;
  std::from_chars(end.remaining.data(), end.remaining.data() + end.remaining.size(), remaining);
  progress_.expected = progress_.listed + std::max<int64_t>(0, remaining);
  hooks_.changed();
  if (end.continue_token.empty()) return FinishList(end);
  continue_ = end.continue_token;
  ListPage();
}

void Reflector::OnListFailure(const kube::ListPageEnd& end) {
  ReleaseSlot();
  progress_.listed = page_start_;  // The page comes again.
  if (end.code == 404) hooks_.unknown();
  if (end.code == 400 && !std::exchange(selectors_refused_, true)) listing_ = false;
  if (IsExpired(end)) {
    listing_ = false;
    unpaged_ = ++expired_lists_ >= kMaxExpiredLists;
  }
  Retry(end.status);
}

void Reflector::FinishList(const kube::ListPageEnd& end) {
  ReleaseSlot();
  listing_ = false;
  unpaged_ = false;
  listed_once_ = true;
  expired_lists_ = 0;
  fruitless_watches_ = 0;
  resource_version_ = end.resource_version;
  settling_ = true;
  Next();
}

// Deletions are found before the watch begins: nothing that it adds can be taken for gone.
void Reflector::FindDeleted() {
  if (versions_->unseen() == 0 || has_nameless_) {
    settling_ = false;
    FinishInitialList();
    return Next();
  }
  auto unseen = std::make_shared<std::vector<ObjectKey>>(versions_->UnseenKeys());
  auto done =
      IfCurrent([](Reflector& self, const Status& status, const std::vector<ObjectName>& gone,
                   bool complete) { self.OnDeletedFound(status, gone, complete); });
  // After all earlier changes have been written, the store knows the names behind the hashes.
  context_.writer.queue().PushJob(
      [done = std::move(done), unseen, &loop = context_.loop, cluster = context_.cluster,
       gvr = stored_](storage::Store& store) {
        const auto less = [](const ObjectKey& a, const ObjectKey& b) {
          return a.high != b.high ? a.high < b.high : a.low < b.low;
        };
        std::sort(unseen->begin(), unseen->end(), less);
        auto gone = std::make_shared<std::vector<ObjectName>>();
        const Status status =
            store.LoadVersions(cluster, gvr, [&](const storage::StoredVersion& row) {
              const ObjectKey key = MakeObjectKey(row.name_space, row.name);
              if (std::binary_search(unseen->begin(), unseen->end(), key, less))
                gone->emplace_back(row.name_space, row.name);
              return gone->size() < kDeletionsPerRound;
            });
        loop.Post([done, status, gone] { done(status, *gone, gone->size() < kDeletionsPerRound); });
        return Status();
      },
      context_.cluster);
}

void Reflector::OnDeletedFound(const Status& status, const std::vector<ObjectName>& gone,
                               bool complete) {
  if (!status.ok()) return RetryStore(status);
  for (const auto& [name_space, name] : gone) Delete(name_space, name);
  if (complete) {
    // What is still unseen was never stored.
    for (const ObjectKey& key : versions_->UnseenKeys()) versions_->Erase(key);
  }
  auto next = IfCurrent([](Reflector& self) { self.Next(); });
  const bool full =
      context_.writer.queue().WaitForRoom([&loop = context_.loop, next] { loop.Post(next); });
  if (!full) Next();
}

void Reflector::FinishInitialList() {
  if (progress_.initial_list_done) return;
  context_.writer.queue().PushJob(
      [weak = weak_from_this(), &loop = context_.loop](storage::Store&) {
        loop.Post([weak] {
          const std::shared_ptr<Reflector> self = weak.lock();
          if (!self) return;
          self->progress_.initial_list_done = true;
          self->sync_.initial_list_done = true;
          self->hooks_.changed();
        });
        return Status();
      },
      context_.cluster);
}

}  // namespace pedia::synchro
