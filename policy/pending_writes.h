// PendingWrites: what was written and has not come back by the informers yet, so that nothing is
// decided twice on what is old already.
#pragma once
#include <chrono>
#include <map>
#include <string>
#include <utility>

namespace pedia::policy {

// One thread.
class PendingWrites {
 public:
  // `version`: of the object that the write was decided on, as the informer's cache shows it; "" if
  // there was none.
  void Add(const std::string& object, std::string version) {
    pending_[object] = {std::move(version), Clock::now() + kPatience};
  }
  // False as soon as the cache shows another one. A write that changes nothing never shows, so none is
  // waited for for long.
  bool IsPending(const std::string& object, const std::string& version) {
    const auto found = pending_.find(object);
    if (found == pending_.end()) return false;
    if (found->second.version == version && Clock::now() < found->second.until) return true;
    pending_.erase(found);
    return false;
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kPatience{3};
  struct Pending {
    std::string version;
    Clock::time_point until;
  };
  std::map<std::string, Pending> pending_;
};

// What is left to do after one pass over all objects.
struct PassResult {
  bool failed = false;   // Something is to be tried again.
  bool waiting = false;  // Something will show soon.
};

}  // namespace pedia::policy
