#include "kube/tunnel.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "kube/curl_options.h"
#include "kube/curl_transfer.h"
#include "kube/curl_tunnel_core.h"
#include "kube/request_check.h"
#include "kube/server_url.h"

namespace pedia::kube {
namespace {

// Short writes share a buffer up to this size: that of a TLS record.
constexpr size_t kPieceBytes = 16 * 1024;
// What one tunnel may move before others of the loop have their turn.
constexpr int kBudget = 512 * 1024;
constexpr std::chrono::seconds kCloseTime{10};

// "https://host:6443/k8s/c1" gives "/k8s/c1".
std::string_view PathOfUrl(std::string_view url) {
  const size_t path = url.find('/', url.find("://") + 3);
  return path == std::string_view::npos ? std::string_view() : url.substr(path);
}

std::string_view HostOfUrl(std::string_view url) {
  const size_t host = url.find("://") + 3;
  return url.substr(host, url.find('/', host) - host);
}

}  // namespace

Tunnel::~Tunnel() { core_->Close(); }
bool Tunnel::Write(std::string_view bytes) { return core_->Write(bytes); }
size_t Tunnel::unsent() const { return core_->unsent(); }
void Tunnel::OnDrained(size_t low_water, std::function<void()> drained) {
  core_->OnDrained(low_water, std::move(drained));
}
void Tunnel::Resume() { core_->Resume(); }
void Tunnel::Close() { core_->Close(); }

Tunnel::Core::Core(std::shared_ptr<EventLoop::Core> loop, Request request, std::string protocol,
                   std::unique_ptr<TunnelHandler> handler)
    : loop_(std::move(loop)),
      request_(std::move(request)),
      protocol_(std::move(protocol)),
      handler_(std::move(handler)) {}

Tunnel::Core::~Core() {
  FreeHandles();
  if (handler_) handler_->OnEnd(CancelledStatus());
}

// --- From any thread ---

bool Tunnel::Core::Write(std::string_view bytes) {
  {
    const std::scoped_lock lock(mutex_);
    if (closing_ || ended_) return false;
    if (bytes.empty()) return true;
    if (pending_.empty() || pending_.back().size() + bytes.size() > kPieceBytes)
      pending_.emplace_back();
    pending_.back() += bytes;
    unsent_ += bytes.size();
  }
  PostExchange();
  return true;
}

size_t Tunnel::Core::unsent() const {
  const std::scoped_lock lock(mutex_);
  return unsent_;
}

void Tunnel::Core::OnDrained(size_t low_water, std::function<void()> drained) {
  {
    const std::scoped_lock lock(mutex_);
    if (!ended_ && unsent_ > low_water) {
      low_water_ = low_water;
      drained_ = std::move(drained);
      return;
    }
  }
  drained();
}

void Tunnel::Core::Resume() {
  {
    const std::scoped_lock lock(mutex_);
    resumed_ = true;
    if (!std::exchange(paused_, false)) return;
  }
  PostExchange();
}

void Tunnel::Core::Close() {
  {
    const std::scoped_lock lock(mutex_);
    if (ended_ || std::exchange(closing_, true)) return;
  }
  loop_->Post([self = shared_from_this()] {
    self->close_timer_ = self->loop_->PostAfter(kCloseTime, [weak = self->weak_from_this()] {
      if (const auto locked = weak.lock()) locked->End(Status());
    });
    // Who is not connected yet has nothing to say any more.
    self->socket_ ? self->Exchange() : self->End(CancelledStatus());
  });
}

void Tunnel::Core::PostExchange() {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(posted_, true)) return;
  }
  loop_->Post([self = shared_from_this()] {
    {
      const std::scoped_lock lock(self->mutex_);
      self->posted_ = false;
    }
    self->Exchange();
  });
}

// --- Connecting ---

void Tunnel::Core::Connect(const Endpoint& endpoint, const Result<CredentialPtr>& credential) {
  if (handler_ == nullptr) return;  // Closed meanwhile.
  if (!credential.ok()) return End(credential.status());
  if (Status status = CheckRequest(request_); !status.ok()) return End(status);
  if (protocol_.empty() || HasControlCharacters(protocol_))
    return End(BadRequest("the request is not valid: header Upgrade"));
  endpoint_ = endpoint;
  credential_ = *credential;
  loop_->AddMember(shared_from_this());
  if (Status status = Prepare(); !status.ok()) return End(status);
  const CURLMcode code = curl_multi_add_handle(multi_, easy_);
  if (code != CURLM_OK) End(ServiceUnavailable(curl_multi_strerror(code)));
}

Status Tunnel::Core::Prepare() {
  multi_ = curl_multi_init();
  easy_ = curl_easy_init();
  if (multi_ == nullptr || easy_ == nullptr) return ServiceUnavailable("out of memory");
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Core::SocketCallback);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Core::TimerCallback);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_URL, endpoint_->base_url.c_str());
  curl_easy_setopt(easy_, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy_, CURLOPT_HTTPPROXYTUNNEL, 1L);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_.data());
  if (!endpoint_->connect_to.empty())
    connect_to_ = curl_slist_append(nullptr, endpoint_->connect_to.c_str());
  curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_);
  SetConnectionOptions(easy_, *endpoint_);
  SetTlsOptions(easy_, *endpoint_->config, *credential_);
  return Status();
}

int Tunnel::Core::SocketCallback(CURL*, curl_socket_t fd, int what, void* self, void*) {
  auto& core = *static_cast<Core*>(self);
  if (what == CURL_POLL_REMOVE) {
    if (core.socket_ != fd) core.loop_->Unwatch(fd);
  } else {
    core.loop_->Watch(fd, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0, &core);
  }
  return 0;
}

int Tunnel::Core::TimerCallback(CURLM*, long timeout_ms, void* self) {
  auto& core = *static_cast<Core*>(self);
  core.loop_->CancelTimer(std::exchange(core.curl_timer_, 0));
  if (timeout_ms < 0) return 0;
  core.curl_timer_ =
      core.loop_->PostAfter(std::chrono::milliseconds(timeout_ms), [weak = core.weak_from_this()] {
        const auto locked = weak.lock();
        if (locked == nullptr || locked->multi_ == nullptr) return;
        locked->curl_timer_ = 0;
        int running = 0;
        curl_multi_socket_action(locked->multi_, CURL_SOCKET_TIMEOUT, 0, &running);
        locked->TakeResult();
      });
  return 0;
}

void Tunnel::Core::OnSocket(int fd, bool readable, bool writable, bool failed) {
  const auto self = shared_from_this();
  if (handler_ == nullptr) return;
  if (socket_ && failed && is_paused())
    return End(ServiceUnavailable("the connection was broken off"));  // Else it is told for ever.
  if (socket_) return Exchange();
  int running = 0;
  curl_multi_socket_action(multi_, fd,
                           (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0) |
                               (failed ? CURL_CSELECT_ERR : 0),
                           &running);
  TakeResult();
}

void Tunnel::Core::TakeResult() {
  if (handler_ == nullptr || socket_) return;
  int left = 0;
  const CURLMsg* const message = curl_multi_info_read(multi_, &left);
  if (message == nullptr || message->msg != CURLMSG_DONE) return;
  if (message->data.result != CURLE_OK) return End(Failure(message->data.result));
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy_, CURLINFO_ACTIVESOCKET, &socket);
  if (socket == CURL_SOCKET_BAD) return End(Failure(CURLE_COULDNT_CONNECT));
  socket_ = socket;
  piece_ = RequestHead() + request_.body;
  {
    const std::scoped_lock lock(mutex_);
    unsent_ += piece_.size();
  }
  Exchange();
}

std::string Tunnel::Core::RequestHead() const {
  std::string head = request_.method + " ";
  head.append(PathOfUrl(endpoint_->base_url)).append(request_.path_and_query);
  head.append(" HTTP/1.1\r\n");
  const auto add = [&](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  if (endpoint_->connect_to.empty()) add("Host", HostOfUrl(endpoint_->base_url));
  for (const std::string& header : endpoint_->headers) head.append(header).append("\r\n");
  if (!credential_->authorization.empty()) add("Authorization", credential_->authorization);
  if (!request_.accept.empty()) add("Accept", request_.accept);
  if (!request_.content_type.empty()) add("Content-Type", request_.content_type);
  for (const auto& [name, value] : request_.headers) add(name, value);
  if (!request_.body.empty()) add("Content-Length", std::to_string(request_.body.size()));
  add("Connection", "Upgrade");
  add("Upgrade", protocol_);
  return head.append("\r\n");
}

// --- Connected ---

void Tunnel::Core::Exchange() {
  if (!socket_) return;
  const auto self = shared_from_this();
  int budget = kBudget;
  if (!Send() || !Receive(&budget)) return;
  WatchSocket();
  if (budget <= 0) PostExchange();
}

// The next bytes to send, or none: false.
bool Tunnel::Core::TakePiece() {
  if (piece_sent_ < piece_.size()) return true;
  const std::scoped_lock lock(mutex_);
  piece_sent_ = 0;
  piece_.clear();
  if (pending_.empty()) return false;
  piece_ = std::move(pending_.front());
  pending_.pop_front();
  return true;
}

// False: it has ended.
bool Tunnel::Core::Send() {
  while (TakePiece()) {
    size_t sent = 0;
    const CURLcode code =
        curl_easy_send(easy_, piece_.data() + piece_sent_, piece_.size() - piece_sent_, &sent);
    if (code == CURLE_AGAIN) return true;
    if (code != CURLE_OK) {
      End(Failure(code));
      return false;
    }
    piece_sent_ += sent;
    Sent(sent);
  }
  {
    const std::scoped_lock lock(mutex_);
    if (!closing_) return true;
  }
  End(Status());
  return false;
}

void Tunnel::Core::Sent(size_t bytes) {
  std::function<void()> drained;
  {
    const std::scoped_lock lock(mutex_);
    unsent_ -= std::min(bytes, unsent_);
    if (unsent_ <= low_water_) drained.swap(drained_);
  }
  if (drained) drained();
}

// False: it has ended.
bool Tunnel::Core::Receive(int* budget) {
  std::array<char, kPieceBytes> buffer;
  while (*budget > 0) {
    {
      const std::scoped_lock lock(mutex_);
      if (paused_) return true;
      resumed_ = false;
    }
    size_t size = 0;
    const CURLcode code = curl_easy_recv(easy_, buffer.data(), buffer.size(), &size);
    if (code == CURLE_AGAIN) return true;
    if (code != CURLE_OK || size == 0) {
      End(code == CURLE_OK ? Status() : Failure(code));
      return false;
    }
    *budget -= static_cast<int>(size);
    if (handler_->OnData({buffer.data(), size})) continue;
    const std::scoped_lock lock(mutex_);
    paused_ = !resumed_;
  }
  return true;
}

bool Tunnel::Core::is_paused() const {
  const std::scoped_lock lock(mutex_);
  return paused_;
}

void Tunnel::Core::WatchSocket() {
  loop_->Watch(*socket_, !is_paused(), piece_sent_ < piece_.size(), this);
}

// --- Ending ---

Status Tunnel::Core::Failure(CURLcode code) const {
  const std::string cause = error_[0] != '\0' ? error_.data() : curl_easy_strerror(code);
  const std::string& path = request_.path_and_query;
  const std::string message = request_.method + " " + endpoint_->display_url +
                              path.substr(0, path.find('?')) + ": " + cause;
  return code == CURLE_OPERATION_TIMEDOUT ? Timeout(message) : ServiceUnavailable(message);
}

void Tunnel::Core::End(const Status& status) {
  if (handler_ == nullptr) return;
  const auto self = shared_from_this();
  loop_->RemoveMember(this);
  loop_->CancelTimer(std::exchange(close_timer_, 0));
  std::function<void()> drained;
  {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    pending_.clear();
    unsent_ = 0;
    drained.swap(drained_);
  }
  if (socket_) loop_->Unwatch(*socket_);
  // Perhaps libcurl is looking at them.
  loop_->Post([self] { self->FreeHandles(); });
  socket_.reset();
  if (drained) drained();
  const std::unique_ptr<TunnelHandler> handler = std::move(handler_);
  handler->OnEnd(status);
}

void Tunnel::Core::OnLoopEnd() { End(CancelledStatus()); }

void Tunnel::Core::FreeHandles() {
  loop_->CancelTimer(std::exchange(curl_timer_, 0));
  if (easy_ != nullptr && multi_ != nullptr) curl_multi_remove_handle(multi_, easy_);
  curl_easy_cleanup(std::exchange(easy_, nullptr));
  if (multi_ != nullptr) curl_multi_cleanup(std::exchange(multi_, nullptr));
  curl_slist_free_all(std::exchange(connect_to_, nullptr));
}

}  // namespace pedia::kube
