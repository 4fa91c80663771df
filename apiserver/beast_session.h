// BeastSession: a connection of the Boost.Beast back-end at work. Private to the http library.
#pragma once
#include <array>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apiserver/beast_connection.h"
#include "apiserver/http_wire.h"
#include "apiserver/request_parser.h"
#include "apiserver/response_stream.h"
#include "apiserver/tls_output.h"
#include "apiserver/upgraded_stream.h"

namespace pedia::apiserver {

// One thread, that of the io_context: all members belong to it, except what Drain, Close and the
// stream's `ready` post to it.
class BeastSession final : public BeastConnection,
                           public std::enable_shared_from_this<BeastSession> {
 public:
  BeastSession(std::shared_ptr<BeastCore> core, uint64_t id, boost::asio::ip::tcp::socket socket);
  void Start() override;
  void Drain() override;
  void Close() override;

 private:
  using Tcp = boost::asio::ip::tcp;
  using ErrorCode = boost::system::error_code;
  enum class State {
    kHandshake,
    kIdle,        // No byte of a request yet.
    kReading,     // Some of one.
    kResponding,  // All of one; its answer is on the way.
    kUpgraded,    // No HTTP any more: see beast_upgrade.cc.
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
  void OnHandshake(ErrorCode failure);
  void BecomeIdle(std::chrono::milliseconds timeout);
  void Read();
  void OnRead(ErrorCode failure, size_t bytes);
  void OnInputEnd(ErrorCode failure);
  void Parse();
  void Dispatch();
  std::shared_ptr<ResponseWriter> BeginResponse(bool keep_alive, bool bulk);
  void Refuse(const Refusal& refusal);
  void Pump();
  void Write();
  bool FillWire();
  bool TakeMore();
  void CountSent(size_t bytes);
  void SendSome(std::string_view bytes);
  void OnWritten(ErrorCode failure, size_t bytes);
  void DropOutput();
  void OnResponseEnd(bool complete);
  std::function<std::shared_ptr<UpgradedConnection>()> UpgradeIfAsked();
  std::shared_ptr<UpgradedConnection> Upgrade();
  void BecomeUpgraded(std::shared_ptr<UpgradedStream> stream);
  void PumpUpgraded();
  void DeliverInput();
  bool PeerIsDead();
  void CheckPeer();
  void CloseGracefully();
  void ShutdownTls();
  void OnTlsShutdown();
  void CloseNow(bool reset = false);
  void SetReadDeadline(std::chrono::milliseconds timeout);
  void SetWriteDeadline();
  void Arm();
  void OnTimer(ErrorCode failure);
  void OnReadDeadline();
  void OnWriteDeadline();
  int UnacknowledgedBytes();

  const std::shared_ptr<BeastCore> core_;
  const uint64_t id_;
  Tcp::socket socket_;
  TlsOutput wire_;  // Outlives tls_.
  std::optional<boost::asio::ssl::stream<Tcp::socket&>> tls_;
  boost::asio::steady_timer timer_;
  const std::string remote_;
  std::optional<PeerIdentity> peer_;

  State state_ = State::kHandshake;
  bool tls_ended_ = false;  // Our close_notify was sent, or there is no use in one.
  Clock::time_point armed_for_ = Clock::time_point::max();
  Clock::time_point read_deadline_ = Clock::time_point::max();
  Clock::time_point write_deadline_ = Clock::time_point::max();

  std::array<char, 8 * 1024> scratch_;
  bool reading_ = false;
  bool input_ended_ = false;
  RequestParser parser_;

  bool writing_ = false;
  std::string output_;       // Plain; of it ...
  size_t output_sent_ = 0;   // ... so much was sent, or encrypted.
  size_t wire_sent_ = 0;     // Of wire_.
  int unacknowledged_ = -1;  // In the kernel, at half of the write deadline.
  std::shared_ptr<ResponseStream> response_;
  std::shared_ptr<UpgradedStream> upgraded_;           // Instead of response_.
  std::optional<Clock::time_point> awaits_ack_since_;  // See PeerIsDead.
  bool long_running_ = false;                          // The request is.
};

}  // namespace pedia::apiserver
