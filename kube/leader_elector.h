// LeaderElector: one of several processes leads: the one that holds a Lease.
// Source: client-go/tools/leaderelection; coordination.k8s.io/v1 Lease.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "kube/client.h"

namespace pedia::kube {

struct LeaseTimes {
  // Others take the Lease when it has not been renewed for so long, by their own clock.
  std::chrono::milliseconds duration{15'000};
  // The holder stops leading when it has not been able to renew it for so long; less than `duration`.
  std::chrono::milliseconds renew_deadline{10'000};
  std::chrono::milliseconds retry_period{2'000};  // Between attempts; less than `renew_deadline`.
};

struct LeaderElectorOptions {
  std::string name_space;
  std::string lease;
  std::string identity;  // Different for each process: "<host name>_<uuid>".
  LeaseTimes times{};
};

// Thread-safe. `client` must outlive it. No clock but the process's own steady one is trusted: what
// counts is when a change of the Lease was seen, as in client-go.
class LeaderElector {
 public:
  // `changed` is called on the loop's thread whenever leading() becomes another; must not block.
  LeaderElector(Client& client, LeaderElectorOptions options, std::function<void()> changed);
  // Gives the Lease back if it is held, so that another can take it at once; waits for that, at most
  // two seconds. Not on the loop's thread.
  ~LeaderElector();
  LeaderElector(const LeaderElector&) = delete;
  LeaderElector& operator=(const LeaderElector&) = delete;

  // False from the renew deadline on, even if no thread of this process has run meanwhile.
  bool leading() const;
  std::string holder() const;  // As last seen; "" if nobody.

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace pedia::kube
