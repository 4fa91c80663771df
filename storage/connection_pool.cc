#include "storage/connection_pool.h"

#include <algorithm>
#include <utility>

namespace pedia::storage {

Result<ConnectionPool::Reader> ConnectionPool::Take(Clock::time_point deadline) {
  Idle taken;
  {
    std::unique_lock lock(mutex_);
    const auto is_free = [&] { return lent_ < std::max(database_.max_readers(), 1); };
    if (!freed_.wait_until(lock, deadline, is_free))
      return ServiceUnavailable("the store is busy with other queries");
    ++lent_;
    if (!idle_.empty()) {
      taken = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!taken.connection) {
    Result<std::unique_ptr<SqlConnection>> opened = database_.Connect(role_);
    if (!opened.ok()) {
      GiveBack({});
      return opened.status();
    }
    taken = {*std::move(opened), Clock::now()};
  }
  taken.connection->set_deadline(deadline);
  return Reader(this, std::move(taken.connection), taken.opened);
}

void ConnectionPool::GiveBack(Idle idle) {
  {
    const std::scoped_lock lock(mutex_);
    --lent_;
    if (idle.connection && MayStay(idle)) idle_.push_back(std::move(idle));
  }
  freed_.notify_one();
}  // What may not stay is closed here, behind the lock.

bool ConnectionPool::MayStay(const Idle& idle) const {
  const auto lifetime = database_.max_lifetime();
  const bool old = lifetime.count() > 0 && Clock::now() - idle.opened > lifetime;
  return idle.connection->usable() && !old &&
         std::cmp_less(idle_.size(), std::max(database_.max_idle_readers(), 1));
}

void ConnectionPool::DropIdle() {
  std::vector<Idle> dropped;
  const std::scoped_lock lock(mutex_);
  dropped.swap(idle_);
}

}  // namespace pedia::storage
