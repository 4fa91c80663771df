// The part of BeastSession that has left HTTP.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "apiserver/beast_session.h"

namespace pedia::apiserver {
namespace {

namespace asio = boost::asio;

// The kernel asks a peer that is silent for long whether it is still there.
constexpr int kKeepAliveSeconds = 30;
constexpr int kKeepAliveProbes = 4;

void KeepAlive(int fd) {
  const auto set = [fd](int level, int name, int value) {
    setsockopt(fd, level, name, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveSeconds / kKeepAliveProbes);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
}

}  // namespace

// Any thread.
std::shared_ptr<UpgradedConnection> BeastSession::Upgrade() {
  const auto stream = std::make_shared<UpgradedStream>(UpgradedStream::Wakeups{
      .output =
          [self = shared_from_this()] {
            asio::post(self->socket_.get_executor(), [self] { self->Pump(); });
          },
      .input =
          [self = shared_from_this()] {
            asio::post(self->socket_.get_executor(), [self] { self->DeliverInput(); });
          }});
  asio::post(socket_.get_executor(),
             [self = shared_from_this(), stream] { self->BecomeUpgraded(stream); });
  return MakeUpgradedConnection(stream);
}

void BeastSession::BecomeUpgraded(std::shared_ptr<UpgradedStream> stream) {
  if (state_ == State::kClosed) return stream->Cut();
  state_ = State::kUpgraded;
  response_.reset();
  upgraded_ = std::move(stream);
  KeepAlive(socket_.native_handle());
  CheckPeer();
  DeliverInput();
  Pump();
}

void BeastSession::PumpUpgraded() {
  // The last bytes must be taken in time, like those of an answer.
  const bool unlimited = write_deadline_ == Clock::time_point::max();
  if (writing_ && unlimited && upgraded_->closing()) SetWriteDeadline();
  if (writing_) return;
  switch (upgraded_->Take(output_)) {
    case UpgradedStream::Next::kSend:
      return Write();
    case UpgradedStream::Next::kWait:
      return;
    case UpgradedStream::Next::kClose:
      return CloseGracefully();
  }
}

// What came behind the request first.
void BeastSession::DeliverInput() {
  if (state_ != State::kUpgraded || !upgraded_->wants_input()) return;
  if (const std::string bytes = parser_.TakeUnparsed(); !bytes.empty()) upgraded_->Received(bytes);
  if (!input_ended_) return Read();
  if (upgraded_->wants_input()) upgraded_->InputEnd();
}

std::function<std::shared_ptr<UpgradedConnection>()> BeastSession::UpgradeIfAsked() {
  if (parser_.minor_version() == 0 || !AsksForUpgrade(parser_.request())) return {};
  return [weak = weak_from_this()]() -> std::shared_ptr<UpgradedConnection> {
    const auto self = weak.lock();
    return self ? self->Upgrade() : nullptr;
  };
}

}  // namespace pedia::apiserver
