// Credentials: what a request to one kube-apiserver proves its identity with, kept fresh: token
// files re-read, plugins re-run. Source: Kubernetes docs "client-go credential plugins";
// k8s.io/client-go/transport token_source.go.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "kube/event_loop_core.h"
#include "kube/exec_plugin.h"
#include "kube/rest_config.h"
#include "meta/result.h"

namespace pedia::kube {

// Immutable.
struct Credential {
  uint64_t generation = 0;    // Grows with every change.
  std::string authorization;  // The header's value, "Bearer x"; "" = none.
  std::string client_cert_pem, client_key_pem;
};
using CredentialPtr = std::shared_ptr<const Credential>;

// All on the loop's thread; plugins run on a thread of their own, one at a time.
class Credentials {
 public:
  Credentials(std::shared_ptr<EventLoop::Core> loop, std::shared_ptr<const RestConfig> config);
  // Kills a running plugin. No callback comes any more.
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  using Callback = std::function<void(const Result<CredentialPtr>&)>;
  // At once, or after the plugin has run; callers that wait share one run. Errors:
  // ServiceUnavailable naming the cause.
  void Get(Callback callback);
  // The server answered 401 to this generation. True: Get() will now give another, so that trying
  // again may help.
  bool Reject(uint64_t generation);
  // Kills a running plugin and forgets the callbacks that wait for it.
  void Stop();

 private:
  using Clock = std::chrono::steady_clock;

  Result<CredentialPtr> ReadTokenFile();
  CredentialPtr NewCredential(std::string authorization) const;
  bool ExecIsFresh() const;
  void StartPlugin();
  void OnPluginEnd(const Result<ExecCredential>& result);

  const std::shared_ptr<EventLoop::Core> loop_;
  const std::shared_ptr<const RestConfig> config_;
  const bool uses_exec_;
  CredentialPtr current_;

  std::optional<Clock::time_point> token_read_at_;

  std::optional<int64_t> expires_;  // Of current_, Unix seconds.
  int64_t refresh_at_ = 0;          // Unix seconds, before expires_.
  std::optional<Clock::time_point> failed_at_, rejected_at_;
  Status failure_;
  bool running_ = false;
  std::vector<Callback> waiting_;
  std::shared_ptr<int> alive_ =
      std::make_shared<int>(0);  // Posted results of the plugin die with it.
  std::jthread plugin_thread_;
};

}  // namespace pedia::kube
