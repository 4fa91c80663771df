#include "apiserver/pistache_client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "apiserver/handler_call.h"
#include "apiserver/short_request.h"
#include "meta/log.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kMaxRequestBytes = 8 * 1024;
constexpr size_t kMaxAnswerBytes = 4 * 1024 * 1024;
constexpr size_t kSendBytes = 64 * 1024;
constexpr std::chrono::milliseconds kLingerTime{1'000};

// Collects an answer and hands it over whole.
class WholeAnswer final : public ResponseWriter {
 public:
  WholeAnswer(std::shared_ptr<PistacheClient> client, bool head_only, int minor_version,
              bool keep_alive)
      : client_(std::move(client)), head_only_(head_only) {
    head_.minor_version = minor_version;
    head_.keep_alive = keep_alive;
  }
  ~WholeAnswer() override { WholeAnswer::Abort(); }

  void WriteHead(int status, const HeaderFields& headers,
                 std::optional<uint64_t> content_length) override {
    const std::scoped_lock lock(mutex_);
    if (begun_) return;
    begun_ = true;
    head_.status = status;
    head_.content_length = content_length.value_or(0);
    announced_ = content_length.has_value();
    headers_ = headers;
  }
  bool Write(std::string_view bytes) override { return TryWrite(bytes, kMaxAnswerBytes); }
  bool TryWrite(std::string_view bytes, size_t limit) override {
    const std::scoped_lock lock(mutex_);
    if (!begun_ || ended_ || body_.size() > limit || client_->closed()) return false;
    too_large_ = too_large_ || bytes.size() > kMaxAnswerBytes - body_.size();
    if (!too_large_) body_.append(bytes);
    return !too_large_;
  }
  void Finish() override {
    {
      const std::scoped_lock lock(mutex_);
      if (ended_) return;
      ended_ = true;
    }
    if (!begun_ ||
        (announced_ && !head_only_ && !too_large_ && head_.content_length != body_.size())) {
      LogError("a handler finished an answer that is not whole");
      return client_->AbortAnswer();
    }
    if (too_large_) BecomeError();
    const bool no_body = head_.status == 204 || head_.status == 304;
    head_.framing = no_body || (head_only_ && !announced_ && body_.empty())
                        ? Framing::kNone
                        : Framing::kContentLength;
    if (!announced_) head_.content_length = body_.size();
    client_->Answer(head_, headers_,
                    head_only_ || no_body ? std::string_view() : std::string_view(body_));
  }
  void Abort() override {
    {
      const std::scoped_lock lock(mutex_);
      if (ended_) return;
      ended_ = true;
    }
    client_->AbortAnswer();
  }
  bool ClientGone() const override { return client_->gone(); }
  void OnClientGone(std::function<void()> callback) override {
    {
      const std::scoped_lock lock(mutex_);
      if (ended_) return;
    }
    client_->OnGone(std::move(callback));
  }
  bool begun() const {
    const std::scoped_lock lock(mutex_);
    return begun_;
  }

 private:
  void BecomeError() {
    LogError("an answer of more than 4 MB was refused: this port serves small ones only");
    const Refusal refusal{500, "the answer is too large for this port"};
    head_.status = refusal.code;
    headers_ = RefusalHeaders(refusal);
    body_ = RefusalBody(refusal);
    announced_ = false;
  }

  const std::shared_ptr<PistacheClient> client_;
  const bool head_only_;
  mutable std::mutex mutex_;
  bool begun_ = false;
  bool ended_ = false;
  bool announced_ = false;
  bool too_large_ = false;
  HeadOptions head_;
  HeaderFields headers_;
  std::string body_;
};

}  // namespace

std::vector<std::shared_ptr<PistacheClient>> PistacheCore::Clients() const {
  return clients.With([](const auto& all) {
    std::vector<std::shared_ptr<PistacheClient>> alive;
    for (const auto& [key, weak] : all) {
      if (auto client = weak.lock()) alive.push_back(std::move(client));
    }
    return alive;
  });
}

PistacheClient::PistacheClient(std::shared_ptr<PistacheCore> core, int fd,
                               std::string remote_address)
    : core_(std::move(core)),
      fd_(fcntl(fd, F_DUPFD_CLOEXEC, 0)),
      remote_(std::move(remote_address)) {}

PistacheClient::~PistacheClient() {
  core_->clients.With([this](auto& all) { all.erase(this); });
  if (fd_ >= 0) ::close(fd_);
}

void PistacheClient::Welcome() {
  const bool admitted = core_->clients.With([this](auto& all) {
    if (core_->draining || all.size() >= core_->options.max_connections) return false;
    all.emplace(this, weak_from_this());
    return true;
  });
  Lock lock(mutex_);
  if (!admitted) {
    SendRefusal({503, core_->draining ? "the server is shutting down" : "too many connections"});
    return CloseNow(lock);
  }
  Enter(State::kIdle, core_->options.header_timeout);
}

void PistacheClient::Input(std::string_view bytes) {
  Lock lock(mutex_);
  if (state_ == State::kClosing || state_ == State::kClosed) return;
  if (state_ == State::kResponding && input_.size() + bytes.size() > kMaxRequestBytes)
    return CloseNow(lock);
  input_.append(bytes);
  if (state_ != State::kResponding) Parse(lock);
}

void PistacheClient::InputEnded() {
  Lock lock(mutex_);
  input_ended_ = true;
  if (state_ != State::kResponding) return CloseNow(lock);
  RunGoneCallbacks(lock);
}

void PistacheClient::CheckDeadline(Clock::time_point now) {
  Lock lock(mutex_);
  if (now < deadline_) return;
  if (state_ == State::kReading) return Refuse(lock, {408, "the request did not arrive in time"});
  if (state_ == State::kIdle) return Linger(lock);
  CloseNow(lock);
}

void PistacheClient::Drain() {
  Lock lock(mutex_);
  if (state_ == State::kIdle) CloseNow(lock);
}

void PistacheClient::Close() {
  Lock lock(mutex_);
  CloseNow(lock);
}

void PistacheClient::Parse(Lock& lock) {
  const size_t limit = std::min(kMaxRequestBytes, core_->options.max_header_bytes);
  ShortRequest parsed = ParseShortRequest(input_, limit);
  switch (parsed.outcome) {
    case ShortRequest::Outcome::kIncomplete:
      if (state_ == State::kIdle && !input_.empty())
        Enter(State::kReading, core_->options.header_timeout);
      return;
    case ShortRequest::Outcome::kRefused:
      return Refuse(lock, parsed.refusal);
    case ShortRequest::Outcome::kComplete:
      input_.erase(0, parsed.bytes);
      return Run(lock, std::move(parsed.request), parsed.minor_version);
  }
}

void PistacheClient::Run(Lock& lock, HttpRequest request, int minor_version) {
  state_ = State::kResponding;
  deadline_ = Clock::time_point::max();
  request.remote_address = remote_;
  const bool keep_alive = WantsKeepAlive(request, minor_version) && !core_->draining;
  auto task = [self = shared_from_this(), request = std::move(request), minor_version, keep_alive] {
    self->Handle(request, minor_version, keep_alive);
  };
  if (!core_->workers.Submit(std::move(task), {}))
    Refuse(lock, {429, "too many requests are being handled, try again later"});
}

// On a worker.
void PistacheClient::Handle(const HttpRequest& request, int minor_version, bool keep_alive) {
  const auto writer = std::make_shared<WholeAnswer>(shared_from_this(), request.method == "HEAD",
                                                    minor_version, keep_alive);
  CallHandler(core_->handler, request, writer, [&] { return writer->begun(); });
}

void PistacheClient::Refuse(Lock& lock, const Refusal& refusal) {
  SendRefusal(refusal);
  Linger(lock);
}

// Never waits: the answer is short, and a client that does not take it does not want it.
void PistacheClient::SendRefusal(const Refusal& refusal) const {
  const std::string body = RefusalBody(refusal);
  const HeadOptions head{.status = refusal.code,
                         .framing = Framing::kContentLength,
                         .content_length = body.size(),
                         .keep_alive = false};
  SendAll(FormatHead(head, RefusalHeaders(refusal)) + body, std::chrono::milliseconds(0));
}

void PistacheClient::Answer(const HeadOptions& head, const HeaderFields& headers,
                            std::string_view body) {
  HeadOptions options = head;
  options.keep_alive = options.keep_alive && !core_->draining;
  std::string answer = FormatHead(options, headers);
  answer.append(body);
  const bool sent = SendAll(answer, core_->options.write_timeout);
  std::vector<std::function<void()>> dropped;  // Destroyed without the lock: they may own anything.
  Lock lock(mutex_);
  dropped.swap(on_gone_);
  if (state_ != State::kResponding) return;
  if (!sent || input_ended_) return CloseNow(lock);
  if (!options.keep_alive) return Linger(lock);
  Enter(State::kIdle, core_->options.idle_timeout);
  Parse(lock);
}

void PistacheClient::AbortAnswer() { Close(); }

void PistacheClient::OnGone(std::function<void()> callback) {
  {
    const Lock lock(mutex_);
    if (!input_ended_ && state_ != State::kClosed) {
      on_gone_.push_back(std::move(callback));
      return;
    }
  }
  callback();
}

bool PistacheClient::gone() const {
  const Lock lock(mutex_);
  return input_ended_ || state_ == State::kClosed;
}

bool PistacheClient::closed() const {
  const Lock lock(mutex_);
  return state_ == State::kClosed;
}

bool PistacheClient::SendAll(std::string_view bytes, std::chrono::milliseconds timeout) const {
  while (!bytes.empty()) {
    const ssize_t sent =
        ::send(fd_, bytes.data(), std::min(bytes.size(), kSendBytes), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
    pollfd writable{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (::poll(&writable, 1, static_cast<int>(timeout.count())) == 0) return false;
  }
  return true;
}

// Lets the client read the last answer: a reset would take it away.
void PistacheClient::Linger(Lock& lock) {
  if (input_ended_ || ::shutdown(fd_, SHUT_WR) != 0) return CloseNow(lock);
  input_.clear();
  Enter(State::kClosing, kLingerTime);
}

// Pistache sees the end of the input and forgets the client.
void PistacheClient::CloseNow(Lock& lock) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  deadline_ = Clock::time_point::max();
  ::shutdown(fd_, SHUT_RDWR);
  core_->clients.With([this](auto& all) { all.erase(this); });
  RunGoneCallbacks(lock);
}

void PistacheClient::RunGoneCallbacks(Lock& lock) {
  std::vector<std::function<void()>> callbacks;
  callbacks.swap(on_gone_);
  lock.unlock();
  for (const auto& callback : callbacks) callback();
}

void PistacheClient::Enter(State state, std::chrono::milliseconds timeout) {
  state_ = state;
  deadline_ = Clock::now() + timeout;
}

}  // namespace pedia::apiserver
