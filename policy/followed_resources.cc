#include "policy/followed_resources.h"

namespace pedia::policy {
namespace {

// A list that takes no longer than this is nothing that a status has to tell.
constexpr std::chrono::seconds kGrace{3};

}  // namespace

void FollowedResources::Keep(const std::set<GroupVersionResource>& wanted) {
  std::erase_if(caches_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  for (const GroupVersionResource& gvr : wanted) {
    auto& cache = caches_[gvr];
    if (cache == nullptr) cache = std::make_unique<ObjectCache>(client_, gvr.Path(), changed_);
  }
}

const ObjectCache* FollowedResources::Find(const GroupVersionResource& gvr) const {
  const auto found = caches_.find(gvr);
  return found == caches_.end() ? nullptr : found->second.get();
}

FollowedResources::Progress FollowedResources::ProgressOf(const GroupVersionResource& gvr) const {
  using Kind = Progress::Kind;
  const ObjectCache* const cache = Find(gvr);
  if (cache == nullptr) return {Kind::kWaiting, gvr.ToString() + " is not followed"};
  if (const Status failure = cache->failure(); !failure.ok())
    return {Kind::kFailing, gvr.ToString() + ": " + failure.message()};
  if (cache->synced()) return {};
  return {cache->age() < kGrace ? Kind::kStarting : Kind::kWaiting,
          gvr.ToString() + " has not been listed yet"};
}

}  // namespace pedia::policy
