// Client::Core: the transfers of one Client, over one libcurl multi handle on the loop's thread.
#pragma once
#include <curl/curl.h>

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kube/client.h"
#include "kube/credentials.h"
#include "kube/curl_transfer.h"
#include "kube/endpoint.h"
#include "kube/event_loop_core.h"

namespace pedia::kube {

// Start, Cancel and Resume are thread-safe and post; everything else is on the loop's thread. User
// code runs inside of libcurl's callbacks (OnHead, OnData) and may destroy the Client there:
// libcurl's handles are freed by a later task.
class Client::Core final : public LoopMember, public std::enable_shared_from_this<Client::Core> {
 public:
  Core(EventLoop& loop, RestConfig config);
  ~Core() override;

  RequestId Start(Request request, std::unique_ptr<ResponseHandler> handler);
  void Cancel(RequestId id);
  void Resume(RequestId id);
  void Open(const std::shared_ptr<Tunnel::Core>& tunnel);
  // Ends all requests, on the loop's thread; no callback comes after it returns. From other threads
  // it posts that.
  void Close();

  void OnSocket(int fd, bool readable, bool writable, bool failed) override;
  void OnLoopEnd() override { Shutdown(); }

  EventLoop& loop() { return loop_; }
  const RestConfig& config() const { return *config_; }

 private:
  using TransferPtr = std::shared_ptr<Transfer>;
  // Requests with a time limit (lists, documents), and those without (watches), which must not use
  // up the room of the first.
  enum class Lane : size_t { kShort, kLong };
  static Lane LaneOf(const Transfer& transfer) {
    return transfer.request.timeout.count() == 0 ? Lane::kLong : Lane::kShort;
  }
  struct LaneState {
    size_t running = 0;
    std::deque<RequestId> queue;
  };

  void Add(const TransferPtr& transfer);
  bool Prepare();  // Makes the multi handle; false if there is none.
  void ArmTimers(const TransferPtr& transfer);
  void OnIdleTimer(RequestId id);
  void EndLate(RequestId id, const std::string& why);
  void Dispatch();
  void PostDispatch();
  void Begin(const TransferPtr& transfer);
  void OnCredential(RequestId id, const Result<CredentialPtr>& credential);
  void OnConnected(RequestId id);
  void StopConnecting(Transfer& transfer);
  void SocketAction(curl_socket_t fd, int mask);
  void TakeFinished();
  void OnFinished(RequestId id, CURLcode code);
  void Detach(Transfer& transfer);
  void Remove(RequestId id, const Status& status);
  void Shutdown();
  void Cleanup();

  static int SocketCallback(CURL*, curl_socket_t fd, int what, void* self, void*);
  static int TimerCallback(CURLM*, long timeout_ms, void* self);

  EventLoop& loop_;
  const std::shared_ptr<EventLoop::Core> loop_core_;
  const std::shared_ptr<const RestConfig> config_;
  const Result<Endpoint> endpoint_;
  std::atomic<RequestId> next_id_{1};

  bool closed_ = false;
  std::optional<Credentials> credentials_;
  CURLM* multi_ = nullptr;
  int inside_curl_ = 0;
  TimerId curl_timer_ = 0;
  std::unordered_set<curl_socket_t> sockets_;
  std::unordered_map<RequestId, TransferPtr> transfers_;
  std::vector<TransferPtr> graveyard_;  // Concluded, but libcurl may still be looking at them.
  std::array<LaneState, 2> lanes_;
  size_t connecting_ = 0;
  bool dispatch_posted_ = false;
};

}  // namespace pedia::kube
