#include "apiserver/beast_connection.h"

#include <linux/sockios.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>

#include "apiserver/http_wire.h"
#include "apiserver/request_parser.h"
#include "apiserver/response_stream.h"
#include "apiserver/tls_context.h"
#include "meta/log.h"

namespace pedia::apiserver {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

// What a client may send ahead while its request is being answered; beyond, its bytes stay in the
// kernel.
constexpr size_t kReadAheadBytes = 64 * 1024;
// How long a closing connection waits for the client's own end, so that a reset does not eat the
// last answer.
constexpr std::chrono::milliseconds kLingerTime{1'000};

std::string AddressText(const tcp::socket& socket) {
  error_code failure;
  const tcp::endpoint peer = socket.remote_endpoint(failure);
  if (failure) return {};
  const std::string address = peer.address().to_string();
  return (peer.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(peer.port());
}

// All members belong to the io thread, except what Drain, Close and the stream's `ready` post to
// it.
class Connection final : public BeastConnection, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<BeastCore> core, uint64_t id, tcp::socket socket)
      : core_(std::move(core)),
        id_(id),
        socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        remote_(AddressText(socket_)),
        parser_(core_->options.max_header_bytes, core_->options.max_body_bytes) {}
  void Start() override;
  void Drain() override;
  void Close() override;

 private:
  enum class State {
    kHandshake,
    kIdle,        // No byte of a request yet.
    kReading,     // Some of one.
    kResponding,  // All of one; its answer is on the way.
    kClosing,     // Nothing more to say; waits for the client's end.
    kClosed,
  };

  template <typename F>
  void WithStream(F&& action) {
    if (tls_) {
      action(*tls_);
    } else {
      action(socket_);
    }
  }
  // A member function as a handler of asio, which keeps the connection alive.
  template <typename F>
  auto Bound(F member) {
    return [self = shared_from_this(), member](auto... args) { (self.get()->*member)(args...); };
  }

  void Handshake();
  void OnHandshake(error_code failure);
  void BecomeIdle(std::chrono::milliseconds timeout);
  void Read();
  void OnRead(error_code failure, size_t bytes);
  void OnInputEnd(error_code failure);
  void Parse();
  void Dispatch();
  void RunHandler(const std::shared_ptr<ResponseWriter>& writer,
                  const std::shared_ptr<ResponseStream>& stream, const HttpRequest& request);
  std::shared_ptr<ResponseWriter> BeginResponse(bool keep_alive);
  void Refuse(const Refusal& refusal);
  void Pump();
  void Write();
  void OnWritten(error_code failure, size_t bytes);
  void OnResponseEnd(bool complete);
  void CloseGracefully();
  void ShutdownTls();
  void OnTlsShutdown(error_code failure);
  void CloseNow(bool reset = false);
  void SetReadDeadline(std::chrono::milliseconds timeout);
  void SetWriteDeadline();
  void Arm();
  void OnTimer(error_code failure);
  void OnReadDeadline();
  void OnWriteDeadline();
  int UnacknowledgedBytes();

  const std::shared_ptr<BeastCore> core_;
  const uint64_t id_;
  tcp::socket socket_;
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
  asio::steady_timer timer_;
  const std::string remote_;
  std::optional<PeerIdentity> peer_;

  State state_ = State::kHandshake;
  bool draining_ = false;
  bool tls_ended_ = false;  // Our close_notify was sent, or there is no use in one.
  Clock::time_point armed_for_ = Clock::time_point::max();
  Clock::time_point read_deadline_ = Clock::time_point::max();
  Clock::time_point write_deadline_ = Clock::time_point::max();

  std::array<char, 8 * 1024> scratch_;
  bool reading_ = false;
  bool input_ended_ = false;
  RequestParser parser_;

  bool writing_ = false;
  std::string output_;
  size_t output_sent_ = 0;
  int unacknowledged_ = 0;  // In the kernel, when the write deadline was set.
  std::shared_ptr<ResponseStream> response_;
};

// --- Beginning ---

void Connection::Start() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->state_ == State::kClosed) return;
    error_code ignored;
    self->socket_.set_option(tcp::no_delay(true), ignored);
    self->Handshake();
  });
}

void Connection::Handshake() {
  const auto context = core_->tls.With([](const auto& current) { return current; });
  if (!context) return BecomeIdle(core_->options.header_timeout);
  SSL* connection = SSL_new(context.get());
  if (connection == nullptr) return CloseNow();
  tls_.emplace(socket_, connection);  // Owns it from here.
  SetReadDeadline(core_->options.handshake_timeout);
  tls_->async_handshake(asio::ssl::stream_base::server, Bound(&Connection::OnHandshake));
}

void Connection::OnHandshake(error_code failure) {
  if (state_ == State::kClosed) return;
  if (failure) return CloseNow();
  peer_ = VerifiedPeer(tls_->native_handle());
  // A client that has connected is about to ask; only between requests it may take its time.
  BecomeIdle(core_->options.header_timeout);
}

void Connection::BecomeIdle(std::chrono::milliseconds timeout) {
  state_ = State::kIdle;
  parser_.Reset();
  if (draining_ && parser_.unparsed_bytes() == 0) return CloseNow();
  SetReadDeadline(timeout);
  Parse();
  Read();
}

// --- Reading ---

void Connection::Read() {
  if (reading_ || input_ended_ || state_ == State::kClosed) return;
  if (state_ == State::kResponding && parser_.unparsed_bytes() >= kReadAheadBytes) return;
  reading_ = true;
  if (state_ == State::kClosing) {
    socket_.async_read_some(asio::buffer(scratch_), Bound(&Connection::OnRead));
  } else {
    WithStream([this](auto& stream) {
      stream.async_read_some(asio::buffer(scratch_), Bound(&Connection::OnRead));
    });
  }
}

void Connection::OnRead(error_code failure, size_t bytes) {
  reading_ = false;
  if (state_ == State::kClosed) return;
  if (state_ == State::kClosing) {
    if (!tls_ended_) return ShutdownTls();
    if (failure) return CloseNow();
    return Read();
  }
  if (failure) return OnInputEnd(failure);
  parser_.Append({scratch_.data(), bytes});
  if (state_ != State::kResponding) Parse();
  Read();
}

void Connection::OnInputEnd(error_code failure) {
  input_ended_ = true;
  if (state_ != State::kResponding) return CloseNow();
  if (failure == asio::error::eof || failure == asio::ssl::error::stream_truncated) {
    response_->PeerClosed();  // Perhaps only half of the connection: the answer is still sent.
  } else {
    CloseNow();
  }
}

void Connection::Parse() {
  switch (parser_.Advance()) {
    case RequestParser::Outcome::kNothing:
      return;
    case RequestParser::Outcome::kIncomplete:
      if (state_ == State::kIdle) SetReadDeadline(core_->options.header_timeout);
      state_ = State::kReading;
      if (parser_.TakeExpectation() && !writing_) {
        output_ = "HTTP/1.1 100 Continue\r\n\r\n";
        Write();
      }
      return;
    case RequestParser::Outcome::kComplete:
      return Dispatch();
    case RequestParser::Outcome::kRefused:
      return Refuse(parser_.refusal());
  }
}

// --- Answering ---

void Connection::Dispatch() {
  const std::shared_ptr<ResponseWriter> writer = BeginResponse(parser_.keep_alive());
  HttpRequest& request = parser_.request();
  request.remote_address = remote_;
  request.peer = peer_;
  auto task = [self = shared_from_this(), writer, stream = response_,
               request = std::move(request)] { self->RunHandler(writer, stream, request); };
  if (core_->workers.Submit(std::move(task))) return;
  const Refusal refusal{429, "too many requests are being handled, try again later"};
  writer->Send(refusal.code, RefusalHeaders(refusal), RefusalBody(refusal));
}

// On a worker.
void Connection::RunHandler(const std::shared_ptr<ResponseWriter>& writer,
                            const std::shared_ptr<ResponseStream>& stream,
                            const HttpRequest& request) {
  try {
    core_->handler(request, writer);
    return;
  } catch (const std::exception& error) {
    LogError("the handler of " + request.method + " failed: " + error.what());
  } catch (...) {
    LogError("the handler of " + request.method + " failed");
  }
  if (stream->head_written()) return writer->Abort();
  const Refusal refusal{500, "the request could not be handled"};
  writer->Send(refusal.code, RefusalHeaders(refusal), RefusalBody(refusal));
}

std::shared_ptr<ResponseWriter> Connection::BeginResponse(bool keep_alive) {
  state_ = State::kResponding;
  read_deadline_ = Clock::time_point::max();
  response_ = std::make_shared<ResponseStream>(
      ResponseStream::Options{.head_only = parser_.is_head(),
                              .minor_version = parser_.minor_version(),
                              .keep_alive = keep_alive && !draining_,
                              .buffer_bytes = core_->options.write_buffer_bytes},
      [self = shared_from_this()] {
        asio::post(self->socket_.get_executor(), [self] { self->Pump(); });
      });
  return MakeWriter(response_);
}

void Connection::Refuse(const Refusal& refusal) {
  BeginResponse(/*keep_alive=*/false)
      ->Send(refusal.code, RefusalHeaders(refusal), RefusalBody(refusal));
}

void Connection::Pump() {
  if (writing_ || !response_ || state_ == State::kClosed) return;
  switch (response_->Take(output_)) {
    case ResponseStream::Next::kSend:
      return Write();
    case ResponseStream::Next::kWait:
      return;
    case ResponseStream::Next::kComplete:
      return OnResponseEnd(true);
    case ResponseStream::Next::kIncomplete:
      return OnResponseEnd(false);
  }
}

void Connection::Write() {
  writing_ = true;
  SetWriteDeadline();
  WithStream([this](auto& stream) {
    stream.async_write_some(asio::buffer(output_) + output_sent_, Bound(&Connection::OnWritten));
  });
}

void Connection::OnWritten(error_code failure, size_t bytes) {
  writing_ = false;
  write_deadline_ = Clock::time_point::max();
  if (state_ == State::kClosed) return;
  if (failure) return CloseNow();
  output_sent_ += bytes;
  if (response_) response_->Sent(bytes);
  if (output_sent_ < output_.size()) return Write();
  output_.clear();
  output_sent_ = 0;
  Pump();
}

void Connection::OnResponseEnd(bool complete) {
  const std::shared_ptr<ResponseStream> response = std::move(response_);
  response_.reset();
  if (!complete) return CloseNow(response->ends_by_close());
  std::string().swap(output_);
  if (!response->keep_alive()) return CloseGracefully();
  if (input_ended_ && parser_.unparsed_bytes() == 0) return CloseGracefully();
  BecomeIdle(core_->options.idle_timeout);
  if (input_ended_ && (state_ == State::kIdle || state_ == State::kReading)) CloseNow();
}

// --- Closing ---

void Connection::CloseGracefully() {
  state_ = State::kClosing;
  SetReadDeadline(kLingerTime);
  if (!tls_) {
    OnTlsShutdown({});
  } else if (reading_) {
    error_code ignored;
    socket_.cancel(ignored);  // OnRead goes on.
  } else {
    ShutdownTls();
  }
}

void Connection::ShutdownTls() { tls_->async_shutdown(Bound(&Connection::OnTlsShutdown)); }

void Connection::OnTlsShutdown(error_code) {
  if (state_ == State::kClosed) return;
  tls_ended_ = true;
  if (input_ended_) return CloseNow();
  error_code failure;
  socket_.shutdown(tcp::socket::shutdown_send, failure);
  if (failure) return CloseNow();
  Read();
}

void Connection::CloseNow(bool reset) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  if (response_) response_->Cut();
  response_.reset();
  timer_.cancel();
  error_code ignored;
  if (reset) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
  core_->connections.Remove(id_);
}

void Connection::Close() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->CloseNow(); });
}

void Connection::Drain() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->draining_ = true;
    if (self->state_ == State::kIdle) self->CloseNow();
    if (self->response_) self->response_->ForbidKeepAlive();
  });
}

// --- Deadlines: one timer, set anew only when a deadline comes before what it is set for ---

void Connection::SetReadDeadline(std::chrono::milliseconds timeout) {
  read_deadline_ = Clock::now() + timeout;
  Arm();
}

void Connection::SetWriteDeadline() {
  write_deadline_ = Clock::now() + core_->options.write_timeout;
  unacknowledged_ = UnacknowledgedBytes();
  Arm();
}

void Connection::Arm() {
  const Clock::time_point next = std::min(read_deadline_, write_deadline_);
  if (next >= armed_for_) return;
  armed_for_ = next;
  timer_.expires_at(next);
  timer_.async_wait(Bound(&Connection::OnTimer));
}

void Connection::OnTimer(error_code failure) {
  if (failure || state_ == State::kClosed) return;
  armed_for_ = Clock::time_point::max();
  const Clock::time_point now = Clock::now();
  if (write_deadline_ <= now) OnWriteDeadline();
  if (read_deadline_ <= now && state_ != State::kClosed) OnReadDeadline();
  if (state_ != State::kClosed) Arm();
}

void Connection::OnReadDeadline() {
  read_deadline_ = Clock::time_point::max();
  switch (state_) {
    case State::kReading:
      return Refuse({408, "the request did not arrive in time"});
    case State::kIdle:
      return CloseGracefully();
    default:
      return CloseNow();
  }
}

// Room in the kernel's buffer is announced late, so a slow client that takes bytes is told from a
// stalled one by what it has acknowledged.
void Connection::OnWriteDeadline() {
  if (UnacknowledgedBytes() < unacknowledged_) return SetWriteDeadline();
  CloseNow(/*reset=*/true);
}

int Connection::UnacknowledgedBytes() {
  int bytes = 0;
  return ioctl(socket_.native_handle(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

}  // namespace

std::shared_ptr<BeastConnection> MakeBeastConnection(std::shared_ptr<BeastCore> core, uint64_t id,
                                                     tcp::socket socket) {
  return std::make_shared<Connection>(std::move(core), id, std::move(socket));
}

}  // namespace pedia::apiserver
