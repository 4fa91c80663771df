#include "apiserver/upgraded_stream.h"

#include <algorithm>
#include <utility>

namespace pedia::apiserver {
namespace {

// Short writes share a buffer up to this size.
constexpr size_t kPieceBytes = 16 * 1024;

class Connection final : public UpgradedConnection {
 public:
  explicit Connection(std::shared_ptr<UpgradedStream> stream) : stream_(std::move(stream)) {}
  ~Connection() override { stream_->Close(); }
  void Start(std::function<bool(std::string_view bytes)> received) override {
    stream_->Start(std::move(received));
  }
  void Resume() override { stream_->Resume(); }
  bool Write(std::string_view bytes) override { return stream_->Write(bytes); }
  size_t unsent() const override { return stream_->unsent(); }
  void OnDrained(size_t low_water, std::function<void()> drained) override {
    stream_->OnDrained(low_water, std::move(drained));
  }
  void Close() override { stream_->Close(); }

 private:
  const std::shared_ptr<UpgradedStream> stream_;
};

}  // namespace

std::shared_ptr<UpgradedConnection> MakeUpgradedConnection(std::shared_ptr<UpgradedStream> stream) {
  return std::make_shared<Connection>(std::move(stream));
}

// Whether it starts a connection that is gone already, the io thread finds out.
void UpgradedStream::Start(std::function<bool(std::string_view bytes)> received) {
  std::function<void()> wake;
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(started_, true)) return;
    if (!cut_) {
      received_ = std::move(received);
      wake = wakeups_.input;
    }
  }
  if (wake) return wake();
  received("");
}

void UpgradedStream::Resume() {
  std::function<void()> wake;
  {
    const std::scoped_lock lock(mutex_);
    resumed_ = true;
    if (std::exchange(paused_, false)) wake = wakeups_.input;
  }
  if (wake) wake();
}

void UpgradedStream::WakeOutput(std::unique_lock<std::mutex>& lock) {
  if (std::exchange(output_woken_, true)) return;
  const std::function<void()> wake = wakeups_.output;
  lock.unlock();
  if (wake) wake();
}

bool UpgradedStream::Write(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  if (cut_ || closing_) return false;
  if (bytes.empty()) return true;
  if (pending_.empty() || pending_.back().size() + bytes.size() > kPieceBytes)
    pending_.emplace_back();
  pending_.back() += bytes;
  unsent_ += bytes.size();
  WakeOutput(lock);
  return true;
}

size_t UpgradedStream::unsent() const {
  const std::scoped_lock lock(mutex_);
  return unsent_;
}

void UpgradedStream::OnDrained(size_t low_water, std::function<void()> drained) {
  {
    const std::scoped_lock lock(mutex_);
    if (!cut_ && unsent_ > low_water) {
      low_water_ = low_water;
      drained_ = std::move(drained);
      return;
    }
  }
  drained();
}

void UpgradedStream::Close() {
  std::function<void()> dropped;
  std::unique_lock lock(mutex_);
  if (cut_ || std::exchange(closing_, true)) return;
  dropped.swap(drained_);
  WakeOutput(lock);
}

UpgradedStream::Next UpgradedStream::Take(std::string& out) {
  const std::scoped_lock lock(mutex_);
  if (!pending_.empty()) {
    out = std::move(pending_.front());
    pending_.pop_front();
    return Next::kSend;
  }
  output_woken_ = false;
  return closing_ ? Next::kClose : Next::kWait;
}

void UpgradedStream::Sent(size_t bytes) {
  std::function<void()> drained;
  {
    const std::scoped_lock lock(mutex_);
    unsent_ -= std::min(bytes, unsent_);
    if (unsent_ <= low_water_) drained.swap(drained_);
  }
  if (drained) drained();
}

bool UpgradedStream::closing() const {
  const std::scoped_lock lock(mutex_);
  return closing_;
}

bool UpgradedStream::wants_input() const {
  const std::scoped_lock lock(mutex_);
  return received_ && !paused_ && !closing_ && !cut_;
}

void UpgradedStream::Received(std::string_view bytes) {
  {
    const std::scoped_lock lock(mutex_);
    resumed_ = false;
  }
  // Start sets it once, before; only this thread takes it away.
  if (received_(bytes)) return;
  const std::scoped_lock lock(mutex_);
  paused_ = !resumed_;
}

void UpgradedStream::InputEnd() {
  std::function<bool(std::string_view bytes)> received;
  bool tell = false;
  {
    const std::scoped_lock lock(mutex_);
    received.swap(received_);
    tell = received && !closing_;
  }
  if (tell) received("");
}

void UpgradedStream::Cut() {
  std::function<void()> drained;
  Wakeups dropped;
  {
    const std::scoped_lock lock(mutex_);
    cut_ = true;
    std::swap(dropped, wakeups_);
    drained.swap(drained_);
    pending_.clear();
    unsent_ = 0;
  }
  if (drained) drained();
  InputEnd();
}

}  // namespace pedia::apiserver
