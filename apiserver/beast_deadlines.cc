// The part of BeastSession that watches the time.
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

#include "apiserver/beast_session.h"
#include "meta/log.h"

namespace pedia::apiserver {
namespace {

using boost::system::error_code;

// People pause: a shell may be silent for hours, and who scrolls in a pager reads nothing. So only a
// peer that does not even acknowledge is dead.
constexpr std::chrono::seconds kPeerCheck{30};

}  // namespace

// --- Deadlines: one timer, set anew only when a deadline comes before what it is set for ---

void BeastSession::SetReadDeadline(std::chrono::milliseconds timeout) {
  read_deadline_ = Clock::now() + timeout;
  Arm();
}

void BeastSession::SetWriteDeadline() {
  write_deadline_ = Clock::now() + core_->options.write_timeout / 2;
  unacknowledged_ = -1;
  Arm();
}

void BeastSession::Arm() {
  const Clock::time_point next = std::min(read_deadline_, write_deadline_);
  if (next >= armed_for_) return;
  armed_for_ = next;
  timer_.expires_at(next);
  timer_.async_wait(Bound(&BeastSession::OnTimer));
}

void BeastSession::OnTimer(error_code failure) {
  if (failure || state_ == State::kClosed) return;
  armed_for_ = Clock::time_point::max();
  const Clock::time_point now = Clock::now();
  if (write_deadline_ <= now) OnWriteDeadline();
  if (read_deadline_ <= now && state_ != State::kClosed) OnReadDeadline();
  if (state_ != State::kClosed) Arm();
}

void BeastSession::OnReadDeadline() {
  read_deadline_ = Clock::time_point::max();
  switch (state_) {
    case State::kReading:
      return Refuse({408, "the request did not arrive in time"});
    case State::kIdle:
      return CloseGracefully();
    case State::kUpgraded:
      return CheckPeer();
    default:
      return CloseNow();
  }
}

// Room in the kernel's buffer is announced late, so a slow client that takes bytes is told from a
// stalled one by what it has acknowledged.
void BeastSession::OnWriteDeadline() {
  // Who follows a log may pause.
  const int unacknowledged = UnacknowledgedBytes();
  const bool may_pause = long_running_ && !upgraded_;
  if (may_pause ? PeerIsDead() : unacknowledged_ >= 0 && unacknowledged >= unacknowledged_) {
    LogWarning("client " + remote_ + " was cut off: it has taken nothing of an answer for " +
               std::to_string(core_->options.write_timeout.count()) + " ms");
    return CloseNow(/*reset=*/true);
  }
  unacknowledged_ = unacknowledged;
  write_deadline_ = Clock::now() + core_->options.write_timeout / 2;
  Arm();
}

int BeastSession::UnacknowledgedBytes() {
  int bytes = 0;
  return ioctl(socket_.native_handle(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

// Has acknowledged nothing for long of what it was sent. To be asked now and then.
bool BeastSession::PeerIsDead() {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  const Clock::time_point now = Clock::now();
  const Clock::time_point acknowledged = now - std::chrono::milliseconds(info.tcpi_last_ack_recv);
  if (info.tcpi_unacked == 0) {
    awaits_ack_since_.reset();
  } else if (!awaits_ack_since_ || acknowledged > *awaits_ack_since_) {
    awaits_ack_since_ = now;
  }
  return awaits_ack_since_ && now - *awaits_ack_since_ >= kPeerCheck;
}

void BeastSession::CheckPeer() {
  if (PeerIsDead()) return CloseNow(/*reset=*/true);
  SetReadDeadline(kPeerCheck);
}

}  // namespace pedia::apiserver
