#include "apiserver/beast_connection.h"

namespace pedia::apiserver {

std::optional<BeastConnection::Clock::time_point> BeastConnection::waiting_since() const {
  const Clock::rep since = waiting_since_;
  if (since == 0) return std::nullopt;
  return Clock::time_point(Clock::duration(since));
}

void ConnectionSet::Add(uint64_t id, const std::weak_ptr<BeastConnection>& connection) {
  const std::scoped_lock lock(mutex_);
  connections_.emplace(id, connection);
}

size_t ConnectionSet::size() const {
  const std::scoped_lock lock(mutex_);
  return connections_.size();
}

void ConnectionSet::Remove(uint64_t id) {
  const std::scoped_lock lock(mutex_);
  if (connections_.erase(id) > 0 && connections_.empty()) changed_.notify_all();
}

std::vector<std::shared_ptr<BeastConnection>> ConnectionSet::All() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<BeastConnection>> all;
  for (const auto& [id, weak] : connections_) {
    if (auto connection = weak.lock()) all.push_back(std::move(connection));
  }
  return all;
}

bool ConnectionSet::CloseLongestWaiting() {
  std::shared_ptr<BeastConnection> longest;
  auto longest_since = BeastConnection::Clock::time_point::max();
  for (auto& connection : All()) {
    const auto since = connection->waiting_since();
    if (!since || *since >= longest_since) continue;
    longest_since = *since;
    longest = std::move(connection);
  }
  if (!longest) return false;
  longest->StopWaiting();  // Not to be chosen again.
  longest->Close();
  return true;
}

bool ConnectionSet::WaitUntilEmpty(std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] { return connections_.empty(); });
}

}  // namespace pedia::apiserver
