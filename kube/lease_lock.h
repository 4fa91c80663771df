// LeaseLock: takes one Lease when nobody holds it, renews it, and gives it back: what a
// LeaderElector and a member of a LeaseGroup have in common.
// Source: client-go/tools/leaderelection.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "kube/boot_clock.h"
#include "kube/client.h"
#include "kube/leader_elector.h"
#include "kube/lease_sighting.h"
#include "meta/guarded.h"

namespace pedia::kube {

struct LeaseLockOptions {
  LeaderElectorOptions lease;
  std::string labels = "{}";  // JSON object: of a Lease that is made here.
  bool delete_on_release = false;
};

// On the loop's thread but for construction, Start, held and holder. Optimistic concurrency: each
// write names the version it replaces, and a 409 means that somebody else was first.
class LeaseLock : public std::enable_shared_from_this<LeaseLock> {
 public:
  // `changed` is called whenever held() becomes another.
  LeaseLock(Client& client, LeaseLockOptions options, std::function<void()> changed);

  void Start();
  // Not held from now on; `changed` is not called any more. `released` is called once: when the
  // Lease is given back, or cannot be.
  void Release(std::function<void()> released);
  void Stop();  // Nothing is called any more. Also where the loop has ended.

  // Thread-safe. True until the renew deadline after the last renewal was begun: the others, who
  // saw it later and wait longer, cannot have taken the Lease before.
  bool held() const;
  std::string holder() const;

 private:
  using Answer = Result<Client::Document>;
  using OnAnswer = void (LeaseLock::*)(BootClock::time_point sent, const Answer& answer);

  void Step();
  void Decide();
  void OnRead(BootClock::time_point sent, const Answer& answer);
  void Create();
  void Take();
  void Renew();
  void GiveBack();
  void Write(LeaseRecord record);
  void OnWritten(BootClock::time_point sent, const Answer& answer);
  void OnDeleted(BootClock::time_point sent, const Answer& answer);
  void OnFailure(const Status& why);
  void Send(std::string method, std::string path, std::string body, OnAnswer done);

  void SetLease(Lease lease, BootClock::time_point sent);
  void SetHeld(BootClock::time_point until);
  void Tell();
  void Finish();
  void StepAfter(std::chrono::milliseconds delay);
  LeaseRecord OwnRecord();
  bool IsMine() const { return lease_.record.holder == options_.lease.identity; }

  Client& client_;
  const LeaseLockOptions options_;
  const std::string path_, title_;
  const std::function<void()> changed_;

  std::atomic<BootClock::rep> held_until_{0};
  Guarded<std::string> holder_;

  Lease lease_;  // As last seen. Without a resource_version it must be read before it is written.
  LeaseSighting sighting_;
  std::chrono::system_clock::time_point written_{};  // The last renewTime.
  uint64_t step_ = 0;  // Grows whenever what was begun before must not be heard any more.
  bool busy_ = false;  // A request is under way.
  bool stopped_ = false;
  bool told_held_ = false;
  bool failing_ = false;
  bool conflicted_ = false;         // The last write was too late, what it replaces was read anew.
  std::function<void()> released_;  // Not empty: it is being given back.
};

// For how long to wait until the next attempt: less than `period`, and not the same for all.
std::chrono::milliseconds Jittered(std::chrono::milliseconds period);
// For how long to wait for one answer.
std::chrono::milliseconds AnswerTimeout(const LeaseTimes& times);
// The answer, if its code says success. Errors: what the server or the transport said.
Result<std::string_view> BodyOf(const Result<Client::Document>& answer);

// Calls release(released) on the loop's thread, waits at most two seconds until `released` is
// called, then calls `stop` there. Not on the loop's thread.
void ReleaseAndStop(EventLoop& loop, std::function<void(std::function<void()>)> release,
                    std::function<void()> stop);

}  // namespace pedia::kube
