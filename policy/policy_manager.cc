#include "policy/policy_manager.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "discovery/pedia_cluster_status.h"
#include "kube/backoff.h"
#include "meta/log.h"
#include "meta/time.h"
#include "policy/import_policy_controller.h"
#include "policy/lifecycle_controller.h"

namespace pedia::policy {
namespace {

using std::chrono::milliseconds;

// Changes come in groups; one pass for all of them.
constexpr milliseconds kGather{50};
constexpr milliseconds kSoon{1'000};
constexpr milliseconds kIdle{600'000};

// Wakes up the thread of the controllers. Thread-safe.
class Bell {
 public:
  void Ring() {
    const std::scoped_lock lock(mutex_);
    rung_ = true;
    condition_.notify_all();
  }
  // Returns when it rings, when `stop` is requested, or after `time`.
  void Wait(const std::stop_token& stop, milliseconds time) {
    std::unique_lock lock(mutex_);
    condition_.wait_for(lock, stop, time, [this] { return rung_; });
  }
  // Waits without listening, then forgets what has rung.
  void Gather(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    condition_.wait_for(lock, stop, kGather, [] { return false; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any condition_;
  bool rung_ = false;
};

// Logs why something cannot be followed, once for each reason.
class FailureLog {
 public:
  explicit FailureLog(std::string what) : what_(std::move(what)) {}
  void Look(const ObjectCache& cache) {
    const Status failure = cache.failure();
    if (!failure.ok() && failure.reason() != reason_)
      LogWarning("cannot follow the " + what_ + ": " + failure.message());
    reason_ = failure.reason();
  }

 private:
  const std::string what_;
  StatusReason reason_ = StatusReason::kSuccess;
};

}  // namespace

class PolicyManager::Core {
 public:
  Core(kube::Client& client, std::function<bool()> leading, const PolicyManagerOptions& options)
      : policies_(client, std::string(kPoliciesPath), ringer()),
        lifecycles_(client, std::string(kLifecyclesPath), ringer()),
        clusters_(client, std::string(discovery::kPediaClustersPath), ringer(), ReducePediaCluster),
        followed_(client, ringer()),
        api_(client, stop_.get_token(), std::move(leading)),
        policy_controller_(api_, policies_, lifecycles_, followed_),
        lifecycle_controller_(api_, clusters_, followed_),
        backoff_(options.backoff_initial, options.backoff_max),
        thread_([this] { Run(stop_.get_token()); }) {}

  ~Core() {
    stop_.request_stop();
    thread_.join();
  }

 private:
  std::function<void()> ringer() {
    return [this] { bell_.Ring(); };
  }

  void Run(const std::stop_token& stop) {
    milliseconds wait{0};
    while (true) {
      bell_.Wait(stop, wait);
      bell_.Gather(stop);
      if (stop.stop_requested()) return;
      const PassResult result = Pass();
      if (!result.failed) backoff_.Reset();
      wait = result.failed ? backoff_.Next() : kIdle;
      if (result.waiting) wait = std::min(wait, kSoon);
    }
  }

  PassResult Pass() {
    policy_log_.Look(policies_);
    lifecycle_log_.Look(lifecycles_);
    cluster_log_.Look(clusters_);
    if (!policies_.synced()) return {};
    LifecycleMap lifecycles;
    for (const auto& [key, text] : lifecycles_.All()) {
      if (auto lifecycle = ParseLifecycle(*text); lifecycle.ok())
        lifecycles.emplace(key.second, *std::move(lifecycle));
    }
    const int64_t now = UnixNow();
    PassResult result = policy_controller_.Reconcile(lifecycles, now);
    if (!lifecycles_.synced() || !clusters_.synced()) return result;
    const PassResult more =
        lifecycle_controller_.Reconcile(lifecycles, policy_controller_.policies(), now);
    result.failed = result.failed || more.failed;
    result.waiting = result.waiting || more.waiting;
    return result;
  }

  Bell bell_;
  std::stop_source stop_;
  ObjectCache policies_, lifecycles_, clusters_;
  FollowedResources followed_;
  HostApi api_;
  ImportPolicyController policy_controller_;
  LifecycleController lifecycle_controller_;
  kube::Backoff backoff_;
  FailureLog policy_log_{"ClusterImportPolicies"}, lifecycle_log_{"PediaClusterLifecycles"},
      cluster_log_{"PediaClusters"};
  std::thread thread_;
};

PolicyManager::PolicyManager(kube::Client& client, std::function<bool()> leading,
                             PolicyManagerOptions options)
    : core_(std::make_unique<Core>(client, std::move(leading), options)) {}
PolicyManager::~PolicyManager() = default;

}  // namespace pedia::policy
