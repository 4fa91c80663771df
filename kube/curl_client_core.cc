#include "kube/curl_client_core.h"

#include <mutex>
#include <utility>

#include "kube/curl_tunnel_core.h"

namespace pedia::kube {
namespace {

// HTTP/1.1 needs a connection for each running request. A cluster has dozens of watches, and with
// many custom resources hundreds; lists and documents have their own allowance, since watches never
// end.
constexpr std::array<size_t, 2> kMaxRunning = {128, 1000};
// A TLS handshake costs milliseconds of this thread: a cluster that comes back must not make it
// busy with hundreds at once.
constexpr size_t kMaxConnecting = 16;
constexpr long kMaxStreams = 100;  // Of one HTTP/2 connection; kube-apiserver allows 100 or 250.

void InitCurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

Client::Core::Core(EventLoop& loop, RestConfig config)
    : loop_(loop),
      loop_core_(loop.shared_core()),
      config_(std::make_shared<const RestConfig>(std::move(config))),
      endpoint_(MakeEndpoint(config_)) {
  InitCurl();
}

Client::Core::~Core() { Cleanup(); }

Client::RequestId Client::Core::Start(Request request, std::unique_ptr<ResponseHandler> handler) {
  const RequestId id = next_id_++;
  const auto transfer = std::make_shared<Transfer>(id, std::move(request), std::move(handler));
  const bool posted =
      loop_core_->Post([self = shared_from_this(), transfer] { self->Add(transfer); });
  if (!posted) transfer->Conclude(CancelledStatus());
  return id;
}

void Client::Core::Cancel(RequestId id) {
  if (loop_core_->InLoopThread()) {
    const auto found = transfers_.find(id);
    if (found != transfers_.end()) found->second->Abort(CancelledStatus());
  }
  loop_core_->Post([self = shared_from_this(), id] { self->Remove(id, CancelledStatus()); });
}

void Client::Core::Resume(RequestId id) {
  loop_core_->Post([self = shared_from_this(), id] {
    const auto found = self->transfers_.find(id);
    if (found == self->transfers_.end() || !found->second->paused()) return;
    const TransferPtr transfer = found->second;
    ++self->inside_curl_;
    transfer->Unpause();  // May call OnData at once.
    --self->inside_curl_;
    self->TakeFinished();
  });
}

void Client::Core::Close() {
  if (loop_core_->InLoopThread()) return Shutdown();
  loop_core_->Post([self = shared_from_this()] { self->Shutdown(); });
}

void Client::Core::Add(const TransferPtr& transfer) {
  if (closed_) return transfer->Conclude(CancelledStatus());
  if (!endpoint_.ok()) return transfer->Conclude(endpoint_.status());
  const std::string& path = transfer->request.path_and_query;
  transfer->url_for_messages = endpoint_->display_url + path.substr(0, path.find('?'));
  if (!Prepare()) return transfer->Conclude(ServiceUnavailable("out of memory"));
  transfers_.emplace(transfer->id, transfer);
  transfer->last_activity = Transfer::Clock::now();
  ArmTimers(transfer);
  lanes_[static_cast<size_t>(LaneOf(*transfer))].queue.push_back(transfer->id);
  Dispatch();
}

void Client::Core::Open(const std::shared_ptr<Tunnel::Core>& tunnel) {
  loop_core_->Post([self = shared_from_this(), tunnel] {
    if (self->closed_) return tunnel->End(CancelledStatus());
    if (!self->endpoint_.ok()) return tunnel->End(self->endpoint_.status());
    if (!self->Prepare()) return tunnel->End(ServiceUnavailable("out of memory"));
    self->credentials_->Get(
        [endpoint = *self->endpoint_, tunnel](const Result<CredentialPtr>& credential) {
          tunnel->Connect(endpoint, credential);
        });
  });
}

bool Client::Core::Prepare() {
  if (multi_ != nullptr) return true;
  multi_ = curl_multi_init();
  if (multi_ == nullptr) return false;
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Core::SocketCallback);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Core::TimerCallback);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  curl_multi_setopt(multi_, CURLMOPT_MAX_CONCURRENT_STREAMS, kMaxStreams);
  credentials_.emplace(loop_core_, config_);
  loop_core_->AddMember(shared_from_this());
  return true;
}

void Client::Core::ArmTimers(const TransferPtr& transfer) {
  const std::weak_ptr<Core> weak = weak_from_this();
  const RequestId id = transfer->id;
  const auto total = transfer->request.timeout;
  if (total.count() > 0) {
    transfer->total_timer = loop_core_->PostAfter(total, [weak, id, total] {
      const auto self = weak.lock();
      if (self) self->EndLate(id, "it took longer than " + std::to_string(total.count()) + " ms");
    });
  }
  if (transfer->request.idle_timeout.count() > 0) {
    transfer->idle_timer = loop_core_->PostAfter(transfer->request.idle_timeout, [weak, id] {
      if (const auto self = weak.lock()) self->OnIdleTimer(id);
    });
  }
}

void Client::Core::OnIdleTimer(RequestId id) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  Transfer& transfer = *found->second;
  const auto now = Transfer::Clock::now();
  // Time that passes in the queue, for a plugin or in the receiver's pause is not the server's.
  if (!transfer.launched || transfer.paused()) transfer.last_activity = now;
  const auto limit = transfer.request.idle_timeout;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(transfer.last_activity + limit - now);
  if (left.count() <= 0) {
    return EndLate(id, "no byte came for " + std::to_string(limit.count()) + " ms");
  }
  transfer.idle_timer = loop_core_->PostAfter(left, [weak = weak_from_this(), id] {
    if (const auto self = weak.lock()) self->OnIdleTimer(id);
  });
}

void Client::Core::EndLate(RequestId id, const std::string& why) {
  const auto found = transfers_.find(id);
  if (found != transfers_.end()) Remove(id, Timeout(found->second->Describe(why)));
}

void Client::Core::PostDispatch() {
  if (std::exchange(dispatch_posted_, true)) return;
  loop_core_->Post([self = shared_from_this()] {
    self->dispatch_posted_ = false;
    self->Dispatch();
  });
}

// Every step looks at the state anew: what is begun may fail at once and call back into anything.
void Client::Core::Dispatch() {
  for (size_t lane = 0; lane < lanes_.size(); ++lane) {
    LaneState& state = lanes_[lane];
    while (!closed_ && connecting_ < kMaxConnecting && state.running < kMaxRunning[lane] &&
           !state.queue.empty()) {
      const auto found = transfers_.find(state.queue.front());
      state.queue.pop_front();
      if (found != transfers_.end()) Begin(TransferPtr(found->second));
    }
  }
}

void Client::Core::Begin(const TransferPtr& transfer) {
  if (!std::exchange(transfer->running, true))
    ++lanes_[static_cast<size_t>(LaneOf(*transfer))].running;
  transfer->connecting = true;
  ++connecting_;
  credentials_->Get(
      [weak = weak_from_this(), id = transfer->id](const Result<CredentialPtr>& credential) {
        if (const auto self = weak.lock()) self->OnCredential(id, credential);
      });
}

void Client::Core::OnCredential(RequestId id, const Result<CredentialPtr>& credential) {
  const auto found = transfers_.find(id);
  if (closed_ || found == transfers_.end()) return;
  if (!credential.ok()) return Remove(id, credential.status());
  const TransferPtr transfer = found->second;
  Transfer::Events events;
  events.connected = [this, id] { OnConnected(id); };
  events.unauthorized = [this](uint64_t generation) {
    return !closed_ && credentials_->Reject(generation);
  };
  const Status prepared = transfer->Prepare(*endpoint_, *credential, std::move(events));
  if (!prepared.ok()) return Remove(id, prepared);
  ++inside_curl_;
  const CURLMcode code = curl_multi_add_handle(multi_, transfer->easy());
  --inside_curl_;
  transfer->launched = code == CURLM_OK;
  if (!transfer->launched) Remove(id, ServiceUnavailable(curl_multi_strerror(code)));
}

void Client::Core::OnConnected(RequestId id) {
  const auto found = transfers_.find(id);
  if (found != transfers_.end()) StopConnecting(*found->second);
}

void Client::Core::StopConnecting(Transfer& transfer) {
  if (!std::exchange(transfer.connecting, false)) return;
  --connecting_;
  if (!lanes_[0].queue.empty() || !lanes_[1].queue.empty()) PostDispatch();
}

int Client::Core::SocketCallback(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto& core = *static_cast<Core*>(self);
  if (what == CURL_POLL_REMOVE) {
    core.sockets_.erase(fd);
    core.loop_core_->Unwatch(fd);
  } else {
    core.sockets_.insert(fd);
    core.loop_core_->Watch(fd, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0, &core);
  }
  return 0;
}

// The timeout is for one shot: libcurl sets it again when it wants another.
int Client::Core::TimerCallback(CURLM*, long timeout_ms, void* self) {
  auto& core = *static_cast<Core*>(self);
  core.loop_core_->CancelTimer(std::exchange(core.curl_timer_, 0));
  if (timeout_ms < 0 || core.closed_) return 0;
  core.curl_timer_ = core.loop_core_->PostAfter(std::chrono::milliseconds(timeout_ms),
                                                [weak = core.weak_from_this()] {
                                                  const auto locked = weak.lock();
                                                  if (locked == nullptr || locked->closed_) return;
                                                  locked->curl_timer_ = 0;
                                                  locked->SocketAction(CURL_SOCKET_TIMEOUT, 0);
                                                });
  return 0;
}

void Client::Core::OnSocket(int fd, bool readable, bool writable, bool failed) {
  if (closed_) return;
  SocketAction(fd, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0) |
                       (failed ? CURL_CSELECT_ERR : 0));
}

void Client::Core::SocketAction(curl_socket_t fd, int mask) {
  const auto self = shared_from_this();
  int running = 0;
  ++inside_curl_;
  curl_multi_socket_action(multi_, fd, mask, &running);
  --inside_curl_;
  TakeFinished();
}

void Client::Core::TakeFinished() {
  int left = 0;
  while (!closed_) {
    const CURLMsg* const message = curl_multi_info_read(multi_, &left);
    if (message == nullptr) return;
    if (message->msg != CURLMSG_DONE) continue;
    void* transfer = nullptr;
    const CURLcode code = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    OnFinished(static_cast<Transfer*>(transfer)->id, code);
  }
}

void Client::Core::OnFinished(RequestId id, CURLcode code) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  const TransferPtr transfer = found->second;
  if (!transfer->wants_retry()) return Remove(id, transfer->Outcome(code));
  Detach(*transfer);
  Begin(transfer);
}

// Takes the transfer out of libcurl and gives its place among those that connect to others.
void Client::Core::Detach(Transfer& transfer) {
  StopConnecting(transfer);
  if (!std::exchange(transfer.launched, false)) return;
  ++inside_curl_;
  curl_multi_remove_handle(multi_, transfer.easy());
  --inside_curl_;
}

void Client::Core::Remove(RequestId id, const Status& status) {
  const auto found = transfers_.find(id);
  if (found == transfers_.end()) return;
  const TransferPtr transfer = std::move(found->second);
  transfers_.erase(found);
  loop_core_->CancelTimer(transfer->total_timer);
  loop_core_->CancelTimer(transfer->idle_timer);
  Detach(*transfer);
  if (transfer->running) --lanes_[static_cast<size_t>(LaneOf(*transfer))].running;
  if (!lanes_[0].queue.empty() || !lanes_[1].queue.empty()) PostDispatch();
  transfer->Conclude(status);
}

void Client::Core::Shutdown() {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();
  loop_core_->RemoveMember(this);
  loop_core_->CancelTimer(std::exchange(curl_timer_, 0));
  if (credentials_) credentials_->Stop();
  auto transfers = std::exchange(transfers_, {});
  for (auto& [id, transfer] : transfers) {
    loop_core_->CancelTimer(transfer->total_timer);
    loop_core_->CancelTimer(transfer->idle_timer);
    transfer->Abort(CancelledStatus());
    graveyard_.push_back(transfer);
  }
  for (auto& [id, transfer] : transfers) transfer->Conclude(CancelledStatus());
  transfers.clear();
  // This may run inside of libcurl or of credentials_. A loop that has ended is in neither.
  if (!loop_core_->Post([self] { self->Cleanup(); })) Cleanup();
}

void Client::Core::Cleanup() {
  if (multi_ == nullptr) return;
  for (const TransferPtr& transfer : graveyard_) {
    if (transfer->launched) curl_multi_remove_handle(multi_, transfer->easy());
    transfer->FreeHandle();
  }
  graveyard_.clear();
  curl_multi_cleanup(std::exchange(multi_, nullptr));
  for (const curl_socket_t fd : std::exchange(sockets_, {})) loop_core_->Unwatch(fd);
  credentials_.reset();
}

}  // namespace pedia::kube
