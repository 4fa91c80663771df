// FollowedResources: the collections that import policies name as sources and references, each
// followed once, for as long as a policy names it.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "meta/group_version_resource.h"
#include "policy/object_cache.h"

namespace pedia::policy {

// One thread, not the loop's. `client` must outlive it.
class FollowedResources {
 public:
  // `changed`: as of ObjectCache.
  FollowedResources(kube::Client& client, std::function<void()> changed)
      : client_(client), changed_(std::move(changed)) {}

  // Follows these and no others.
  void Keep(const std::set<GroupVersionResource>& wanted);
  // Null if it is not followed.
  const ObjectCache* Find(const GroupVersionResource& gvr) const;

  // How far one of them is.
  struct Progress {
    enum class Kind { kSynced, kStarting, kWaiting, kFailing } kind = Kind::kSynced;
    std::string message{};
  };
  // kStarting: not listed yet, which is no news so soon. kFailing: it has never been listed, or not
  // any more, and the server says why.
  Progress ProgressOf(const GroupVersionResource& gvr) const;

 private:
  kube::Client& client_;
  const std::function<void()> changed_;
  std::map<GroupVersionResource, std::unique_ptr<ObjectCache>> caches_;
};

}  // namespace pedia::policy
