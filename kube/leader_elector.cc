#include "kube/leader_elector.h"

#include <utility>

#include "kube/lease_lock.h"

namespace pedia::kube {

class LeaderElector::Core {
 public:
  Core(Client& client, LeaderElectorOptions options, std::function<void()> changed)
      : loop(client.loop()),
        lock(std::make_shared<LeaseLock>(client, LeaseLockOptions{std::move(options)},
                                         std::move(changed))) {}

  EventLoop& loop;
  const std::shared_ptr<LeaseLock> lock;
};

LeaderElector::LeaderElector(Client& client, LeaderElectorOptions options,
                             std::function<void()> changed)
    : core_(std::make_shared<Core>(client, std::move(options), std::move(changed))) {
  core_->lock->Start();
}

LeaderElector::~LeaderElector() {
  ReleaseAndStop(
      core_->loop,
      [lock = core_->lock](std::function<void()> released) { lock->Release(std::move(released)); },
      [lock = core_->lock] { lock->Stop(); });
}

bool LeaderElector::leading() const { return core_->lock->held(); }
std::string LeaderElector::holder() const { return core_->lock->holder(); }

}  // namespace pedia::kube
