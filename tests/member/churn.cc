#include "tests/member/churn.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "meta/log.h"

namespace pedia::member {
namespace {

constexpr double kTick = 0.005;  // Seconds; changes that come faster are made in bunches.

const GroupVersionResource& Pods() {
  static const GroupVersionResource kPods{"", "v1", "pods"};
  return kPods;
}

}  // namespace

Churn::Churn(World& world, std::shared_ptr<const SyntheticCluster> cluster, uint64_t seed)
    : world_(world),
      cluster_(std::move(cluster)),
      random_(seed),
      next_index_(cluster_->options().pods) {
  for (uint32_t i = 0; i < next_index_; ++i) pods_.push_back({i, 0});
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

Churn::~Churn() {
  thread_.request_stop();
  thread_.join();
}

void Churn::SetRate(double changes_per_second) {
  {
    std::scoped_lock lock(mutex_);
    rate_ = changes_per_second;
    rate_is_new_ = true;
  }
  rate_changed_.notify_all();
}

void Churn::Step(int changes) {
  std::scoped_lock lock(mutex_);
  for (int i = 0; i < changes; ++i) ChangeOne();
}

void Churn::UpdateAll() {
  std::scoped_lock lock(mutex_);
  for (Pod& pod : pods_) {
    (void)world_.PutSynthetic(Pods(), cluster_->PodName(pod.index), pod.index, ++pod.revision);
    ++changes_;
  }
}

void Churn::Run(const std::stop_token& stop) {
  double due = 0;
  auto last = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (std::exchange(rate_is_new_, false)) {
      last = std::chrono::steady_clock::now();
      // Of hundreds of clusters with a low rate not all change something at the same moment.
      due =
          static_cast<double>(std::hash<std::string>()(cluster_->options().cluster) % 1000) / 1000;
    }
    if (rate_ <= 0) {
      rate_changed_.wait(lock, stop, [this] { return rate_is_new_; });
      continue;
    }
    const std::chrono::duration<double> wait(std::max(kTick, (1 - due) / rate_));
    if (rate_changed_.wait_for(lock, stop, wait, [this] { return rate_is_new_; })) continue;
    const auto now = std::chrono::steady_clock::now();
    due += rate_ * std::chrono::duration<double>(now - last).count();
    last = now;
    for (; due >= 1; due -= 1) ChangeOne();
  }
}

void Churn::ChangeOne() {
  const uint64_t dice = random_() % 10;
  const bool create = pods_.empty() || dice < 2;
  if (create) pods_.push_back({next_index_++, 0});
  const size_t at = create ? pods_.size() - 1 : random_() % pods_.size();
  Pod& pod = pods_[at];
  const ObjectName name = cluster_->PodName(pod.index);
  // A pod that someone else deleted meanwhile is simply not there any more.
  Result<uint64_t> change = uint64_t{0};
  if (!create && dice < 4) {
    change = world_.Delete(Pods(), name);
    pod = pods_.back();
    pods_.pop_back();
  } else {
    if (!create) ++pod.revision;
    change = world_.PutSynthetic(Pods(), name, pod.index, pod.revision);
  }
  if (!change.ok()) LogDebug("churn: " + change.status().ToString());
  ++changes_;
}

}  // namespace pedia::member
