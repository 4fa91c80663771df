#include "apiserver/beast_session.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "apiserver/handler_call.h"
#include "apiserver/tls_context.h"
#include "apiserver/write_buffers.h"

namespace pedia::apiserver {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// What a client may send ahead while its request is being answered; beyond, its bytes stay in the
// kernel.
constexpr size_t kReadAheadBytes = 64 * 1024;
// How long a closing connection waits for the client's own end, so that a reset does not eat the
// last answer.
constexpr std::chrono::milliseconds kLingerTime{1'000};
// What is encrypted and handed to the kernel at once: it fits into a core's cache.
constexpr size_t kWireBytes = 128 * 1024;
constexpr size_t kSliceBytes = 16 * 1024;

std::string AddressText(const tcp::socket& socket) {
  error_code failure;
  const tcp::endpoint peer = socket.remote_endpoint(failure);
  if (failure) return {};
  const std::string address = peer.address().to_string();
  return (peer.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(peer.port());
}

}  // namespace

// --- Beginning ---

BeastSession::BeastSession(std::shared_ptr<BeastCore> core, uint64_t id, tcp::socket socket)
    : core_(std::move(core)),
      id_(id),
      socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      remote_(AddressText(socket_)),
      parser_(core_->options.max_header_bytes, core_->options.max_body_bytes) {}

void BeastSession::Start() {
  StartWaiting();
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->state_ == State::kClosed) return;
    error_code ignored;
    self->socket_.set_option(tcp::no_delay(true), ignored);
    self->Handshake();
  });
}

void BeastSession::Handshake() {
  const auto context = core_->tls.With([](const auto& current) { return current; });
  if (!context) return BecomeIdle(core_->options.header_timeout);
  SSL* connection = SSL_new(context.get());
  if (connection == nullptr) return CloseNow();
  tls_.emplace(socket_, connection);  // Owns it from here.
  SetReadDeadline(core_->options.handshake_timeout);
  tls_->async_handshake(asio::ssl::stream_base::server, Bound(&BeastSession::OnHandshake));
}

void BeastSession::OnHandshake(error_code failure) {
  if (state_ == State::kClosed) return;
  if (failure) return CloseNow();
  peer_ = PeerOf(tls_->native_handle());
  if (!wire_.Attach(tls_->native_handle())) return CloseNow();
  // A client that has connected is about to ask; only between requests it may take its time.
  BecomeIdle(core_->options.header_timeout);
}

void BeastSession::BecomeIdle(std::chrono::milliseconds timeout) {
  state_ = State::kIdle;
  StartWaiting();
  parser_.Reset();
  if (core_->draining && parser_.unparsed_bytes() == 0) return CloseNow();
  SetReadDeadline(timeout);
  Parse();
  Read();
}

// --- Reading ---

void BeastSession::Read() {
  if (reading_ || input_ended_ || state_ == State::kClosed) return;
  if (state_ == State::kResponding && parser_.unparsed_bytes() >= kReadAheadBytes) return;
  if (state_ == State::kUpgraded && !upgraded_->wants_input()) return;
  reading_ = true;
  if (state_ == State::kClosing) {
    socket_.async_read_some(asio::buffer(scratch_), Bound(&BeastSession::OnRead));
  } else {
    WithStream([this](auto& stream) {
      stream.async_read_some(asio::buffer(scratch_), Bound(&BeastSession::OnRead));
    });
  }
}

void BeastSession::OnRead(error_code failure, size_t bytes) {
  reading_ = false;
  if (state_ == State::kClosed) return;
  if (state_ == State::kClosing) {
    if (!tls_ended_) return ShutdownTls();
    if (failure) return CloseNow();
    return Read();
  }
  if (failure) return OnInputEnd(failure);
  parser_.Append({scratch_.data(), bytes});
  if (state_ == State::kUpgraded) return DeliverInput();
  if (state_ != State::kResponding) Parse();
  Read();
}

void BeastSession::OnInputEnd(error_code failure) {
  input_ended_ = true;
  const bool upgraded = state_ == State::kUpgraded;
  if (!upgraded && state_ != State::kResponding) return CloseNow();
  if (failure != asio::error::eof && failure != asio::ssl::error::stream_truncated)
    return CloseNow();
  if (upgraded) return DeliverInput();
  response_->PeerClosed();  // Perhaps only half of the connection: the answer is still sent.
}

void BeastSession::Parse() {
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

void BeastSession::Dispatch() {
  HttpRequest& request = parser_.request();
  request.remote_address = remote_;
  request.peer = peer_;
  const RequestClass kind =
      core_->options.classify ? core_->options.classify(request) : RequestClass();
  long_running_ = kind.long_running;
  const std::shared_ptr<ResponseWriter> writer = BeginResponse(parser_.keep_alive(), kind.bulk);
  WorkerPool& workers = kind.exempt ? core_->exempt_workers : core_->workers;
  auto task = [core = core_, writer, stream = response_, request = std::move(request)] {
    CallHandler(core->handler, request, writer, [&] { return stream->head_written(); });
  };
  if (workers.Submit(std::move(task), {kind.client, kind.bulk, !kind.long_running})) return;
  SendRefusal(*writer, {429, "too many requests are being handled, try again later"});
}

std::shared_ptr<ResponseWriter> BeastSession::BeginResponse(bool keep_alive, bool bulk) {
  state_ = State::kResponding;
  StopWaiting();
  read_deadline_ = Clock::time_point::max();
  response_ = std::make_shared<ResponseStream>(
      ResponseStream::Options{
          .head_only = parser_.is_head(),
          .minor_version = parser_.minor_version(),
          .keep_alive = keep_alive,
          .bulk = bulk,
          .buffer_bytes = core_->options.write_buffer_bytes,
          .page_bytes = core_->options.page_buffer_bytes,
          .client = peer_ && peer_->verified ? remote_ + " (" + peer_->common_name + ")" : remote_,
          .draining = {core_, &core_->draining},
          .keeper = {core_, &core_->keeper},
          .close =
              [weak = weak_from_this()] {
                if (const auto self = weak.lock()) self->Close();
              },
          .upgrade = UpgradeIfAsked()},
      [self = shared_from_this()] {
        asio::post(self->socket_.get_executor(), [self] { self->Pump(); });
      });
  return MakeWriter(response_);
}

void BeastSession::Refuse(const Refusal& refusal) {
  SendRefusal(*BeginResponse(/*keep_alive=*/false, /*bulk=*/false), refusal);
}

void BeastSession::Pump() {
  if (state_ == State::kUpgraded) return PumpUpgraded();
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

void BeastSession::Write() {
  writing_ = true;
  if (!upgraded_ || upgraded_->closing()) SetWriteDeadline();
  if (!tls_) return SendSome(std::string_view(output_).substr(output_sent_));
  if (wire_sent_ == wire_.bytes().size() && !FillWire()) return CloseNow();
  SendSome(std::string_view(wire_.bytes()).substr(wire_sent_));
}

void BeastSession::SendSome(std::string_view bytes) {
  socket_.async_write_some(asio::buffer(bytes), Bound(&BeastSession::OnWritten));
}

// Encrypts what there is. False: the connection is broken.
bool BeastSession::FillWire() {
  wire_.bytes().clear();
  wire_sent_ = 0;
  while (wire_.bytes().size() < kWireBytes) {
    if (output_sent_ == output_.size()) {
      DropOutput();
      if (!TakeMore()) return true;
    }
    const std::string_view slice = std::string_view(output_).substr(output_sent_, kSliceBytes);
    if (!wire_.Encrypt(slice)) return false;
    output_sent_ += slice.size();
    CountSent(slice.size());
  }
  return true;
}

bool BeastSession::TakeMore() {
  if (upgraded_) return upgraded_->Take(output_) == UpgradedStream::Next::kSend;
  return response_ && response_->Take(output_) == ResponseStream::Next::kSend;
}

void BeastSession::CountSent(size_t bytes) {
  if (upgraded_) upgraded_->Sent(bytes);
  if (response_) response_->Sent(bytes);
}

void BeastSession::OnWritten(error_code failure, size_t bytes) {
  writing_ = false;
  write_deadline_ = Clock::time_point::max();
  if (state_ == State::kClosed) return;
  if (failure) return CloseNow();
  if (tls_) {
    wire_sent_ += bytes;
  } else {
    output_sent_ += bytes;
    CountSent(bytes);
  }
  if (wire_sent_ < wire_.bytes().size() || output_sent_ < output_.size()) return Write();
  DropOutput();
  if (tls_ && upgraded_) wire_.Rest();
  if (upgraded_) wire_sent_ = 0;
  Pump();
}

void BeastSession::DropOutput() {
  WriteBuffers::Return(std::move(output_));
  output_ = std::string();
  output_sent_ = 0;
}

void BeastSession::OnResponseEnd(bool complete) {
  const std::shared_ptr<ResponseStream> response = std::move(response_);
  response_.reset();
  if (!complete) return CloseNow(response->ends_by_close());
  if (tls_) wire_.Rest();
  wire_sent_ = 0;
  if (!response->keep_alive()) return CloseGracefully();
  if (input_ended_ && parser_.unparsed_bytes() == 0) return CloseGracefully();
  BecomeIdle(core_->options.idle_timeout);
  if (input_ended_ && (state_ == State::kIdle || state_ == State::kReading)) CloseNow();
}

// --- Closing ---

void BeastSession::CloseGracefully() {
  state_ = State::kClosing;
  SetReadDeadline(kLingerTime);
  if (!tls_) {
    OnTlsShutdown();
  } else if (reading_) {
    error_code ignored;
    socket_.cancel(ignored);  // OnRead goes on.
  } else {
    ShutdownTls();
  }
}

void BeastSession::ShutdownTls() {
  wire_.EncryptEnd();
  asio::async_write(socket_, asio::buffer(wire_.bytes()),
                    [self = shared_from_this()](error_code, size_t) { self->OnTlsShutdown(); });
}

void BeastSession::OnTlsShutdown() {
  if (state_ == State::kClosed) return;
  tls_ended_ = true;
  if (input_ended_) return CloseNow();
  error_code failure;
  socket_.shutdown(tcp::socket::shutdown_send, failure);
  if (failure) return CloseNow();
  Read();
}

void BeastSession::CloseNow(bool reset) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  if (response_) response_->Cut();
  response_.reset();
  if (upgraded_) upgraded_->Cut();
  upgraded_.reset();
  timer_.cancel();
  error_code ignored;
  if (reset) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
  core_->connections.Remove(id_);
}

void BeastSession::Close() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->CloseNow(); });
}

void BeastSession::Drain() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->state_ == State::kIdle) self->CloseNow();
  });
}

std::shared_ptr<BeastConnection> MakeBeastConnection(std::shared_ptr<BeastCore> core, uint64_t id,
                                                     tcp::socket socket) {
  return std::make_shared<BeastSession>(std::move(core), id, std::move(socket));
}

}  // namespace pedia::apiserver
