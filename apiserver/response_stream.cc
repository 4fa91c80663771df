#include "apiserver/response_stream.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "apiserver/worker_pool.h"
#include "apiserver/write_buffers.h"
#include "meta/log.h"

namespace pedia::apiserver {
namespace {

// A Write takes effect in pieces of this size, so that one of many megabytes does not defeat the
// bound of the buffer.
constexpr size_t kPieceBytes = WriteBuffers::kBytes;
// From here on an answer is long enough to watch how its client takes it.
constexpr size_t kKeptBytes = 64 * 1024;

bool HasNoBody(int status) {
  return status == 204 || status == 304 || (status >= 100 && status < 200);
}

class Writer final : public ResponseWriter {
 public:
  explicit Writer(std::shared_ptr<ResponseStream> stream) : stream_(std::move(stream)) {}
  ~Writer() override { stream_->Abort(); }  // Without effect after Finish.
  void WriteHead(int status, const HeaderFields& headers,
                 std::optional<uint64_t> content_length) override {
    stream_->WriteHead(status, headers, content_length);
  }
  bool Write(std::string_view bytes) override { return stream_->Write(bytes); }
  bool WriteBuffer(std::string buffer) override { return stream_->WriteBuffer(std::move(buffer)); }
  bool TryWrite(std::string_view bytes, size_t limit) override {
    return stream_->TryWrite(bytes, limit);
  }
  void Finish() override { stream_->Finish(); }
  void Abort() override { stream_->Abort(); }
  bool ClientGone() const override { return stream_->ClientGone(); }
  void OnClientGone(std::function<void()> callback) override {
    stream_->OnClientGone(std::move(callback));
  }
  void OnDrained(size_t low_water, std::function<void()> drained) override {
    stream_->OnDrained(low_water, std::move(drained));
  }
  std::shared_ptr<UpgradedConnection> Upgrade() override { return stream_->Upgrade(); }

 private:
  const std::shared_ptr<ResponseStream> stream_;
};

}  // namespace

std::shared_ptr<ResponseWriter> MakeWriter(std::shared_ptr<ResponseStream> stream) {
  return std::make_shared<Writer>(std::move(stream));
}

ResponseStream::ResponseStream(Options options, std::function<void()> ready)
    : options_(std::move(options)),
      ready_(std::move(ready)),
      bulk_(options_.bulk),
      keep_alive_(options_.keep_alive) {}

ResponseStream::~ResponseStream() {
  if (options_.keeper) options_.keeper->Count(-static_cast<int64_t>(unsent_));
}

void ResponseStream::WriteHead(int status, const HeaderFields& headers,
                               std::optional<uint64_t> content_length) {
  const std::scoped_lock lock(mutex_);
  if (state_ != State::kHead) return;
  state_ = State::kBody;
  if (HasNoBody(status)) {
    framing_ = Framing::kNone;
  } else if (content_length) {
    framing_ = Framing::kContentLength;
    remaining_ = *content_length;
  } else {
    framing_ = options_.minor_version == 0 ? Framing::kUntilClose : Framing::kChunked;
  }
  const bool draining = options_.draining && *options_.draining;
  if (framing_ == Framing::kUntilClose || draining) keep_alive_ = false;
  if (cut_) return;
  AppendRaw(FormatHead({.status = status,
                        .framing = framing_,
                        .content_length = remaining_,
                        .minor_version = options_.minor_version,
                        .keep_alive = keep_alive_},
                       headers));
  Notify();
}

bool ResponseStream::HasRoom() const {
  if (unsent_ <= options_.buffer_bytes) return true;
  return !bulk_ && unsent_ <= options_.page_bytes &&
         !(options_.keeper && options_.keeper->IsFull());
}

bool ResponseStream::WaitForRoom(std::unique_lock<std::mutex>& lock) {
  while (writable() && !HasRoom()) {
    if (!std::exchange(bulk_, true)) WorkerPool::ThisTaskIsBulk();
    waiting_ = true;
    room_.wait(lock);
    waiting_ = false;
  }
  return writable();
}

bool ResponseStream::Write(std::string_view bytes) {
  std::unique_lock lock(mutex_);
  bytes = Admit(bytes);
  do {
    if (!WaitForRoom(lock)) return false;
    const std::string_view piece = bytes.substr(0, kPieceBytes);
    AppendBody(piece);
    bytes.remove_prefix(piece.size());
  } while (!bytes.empty());
  return true;
}

bool ResponseStream::WriteBuffer(std::string buffer) {
  constexpr size_t kRoom = ResponseWriter::kWriteRoom;
  const size_t size = buffer.size() - kRoom;
  std::unique_lock lock(mutex_);
  if (size > 2 * kPieceBytes || size == 0 || framing_ != Framing::kChunked || options_.head_only) {
    lock.unlock();
    const bool written = Write(std::string_view(buffer).substr(kRoom));
    WriteBuffers::Return(std::move(buffer));
    return written;
  }
  if (!WaitForRoom(lock)) return false;
  // Zeros in front do not change the size of a chunk.
  char framing[kRoom + 1];
  std::snprintf(framing, sizeof framing, "%014zx\r\n", size);
  buffer.replace(0, kRoom, framing, kRoom);
  buffer += "\r\n";
  Count(buffer.size());
  pending_.push_back(std::move(buffer));
  Notify();
  return true;
}

bool ResponseStream::TryWrite(std::string_view bytes, size_t limit) {
  const std::scoped_lock lock(mutex_);
  if (!writable() || unsent_ > limit) return false;
  AppendBody(Admit(bytes));
  return true;
}

// The part of `bytes` that goes on the wire: none for HEAD, and never more than the announced
// length.
std::string_view ResponseStream::Admit(std::string_view bytes) {
  if (options_.head_only || framing_ == Framing::kNone) return {};
  if (framing_ != Framing::kContentLength) return bytes;
  if (bytes.size() > remaining_) {
    LogError("a handler wrote more than the Content-Length it announced; the rest is dropped");
    bytes = bytes.substr(0, static_cast<size_t>(remaining_));
  }
  remaining_ -= bytes.size();
  return bytes;
}

void ResponseStream::AppendBody(std::string_view bytes) {
  if (bytes.empty()) return;  // An empty chunk would end the body.
  if (framing_ == Framing::kChunked) {
    char size[20];
    const int length = std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    AppendRaw({size, static_cast<size_t>(length)});
    AppendRaw(bytes);
    AppendRaw("\r\n");
  } else {
    AppendRaw(bytes);
  }
  Notify();
}

void ResponseStream::AppendRaw(std::string_view bytes) {
  if (pending_.empty() || pending_.back().size() + bytes.size() > kPieceBytes) {
    // Most answers are short.
    pending_.push_back(bytes.size() < kPieceBytes / 4 ? std::string() : WriteBuffers::Take());
  }
  pending_.back() += bytes;
  Count(bytes.size());
}

void ResponseStream::Count(size_t bytes) {
  unsent_ += bytes;
  if (!options_.keeper) return;
  options_.keeper->Count(static_cast<int64_t>(bytes));
  if (unsent_ >= kKeptBytes && !std::exchange(kept_, true))
    options_.keeper->Watch(weak_from_this());
}

void ResponseStream::Uncount(size_t bytes) {
  bytes = std::min(bytes, unsent_);
  unsent_ -= bytes;
  if (options_.keeper) options_.keeper->Count(-static_cast<int64_t>(bytes));
}

void ResponseStream::Finish() {
  std::vector<std::function<void()>> dropped;  // Destroyed without the lock: they may own anything.
  const std::scoped_lock lock(mutex_);
  if (is_over()) return;
  if (state_ == State::kHead) {
    LogError("a handler finished an answer that it had not begun");
    state_ = State::kAborted;
  } else if (framing_ == Framing::kContentLength && remaining_ > 0 && !options_.head_only) {
    if (!cut_) LogError("a handler wrote less than the Content-Length it announced");
    state_ = State::kAborted;
  } else {
    if (framing_ == Framing::kChunked && !options_.head_only) AppendRaw("0\r\n\r\n");
    state_ = State::kFinished;
  }
  dropped.swap(callbacks_);
  Notify();
}

void ResponseStream::Abort() {
  std::vector<std::function<void()>> dropped;
  const std::scoped_lock lock(mutex_);
  if (is_over()) return;
  state_ = State::kAborted;
  dropped.swap(callbacks_);
  room_.notify_all();
  Notify();
}

bool ResponseStream::ClientGone() const {
  const std::scoped_lock lock(mutex_);
  return gone_;
}

bool ResponseStream::head_written() const {
  const std::scoped_lock lock(mutex_);
  return state_ != State::kHead;
}

void ResponseStream::OnClientGone(std::function<void()> callback) {
  {
    const std::scoped_lock lock(mutex_);
    if (is_over()) return;
    if (!gone_) {
      callbacks_.push_back(std::move(callback));
      return;
    }
  }
  callback();
}

void ResponseStream::OnDrained(size_t low_water, std::function<void()> drained) {
  {
    const std::scoped_lock lock(mutex_);
    if (writable() && unsent_ > low_water) {
      low_water_ = low_water;
      drained_ = std::move(drained);
      return;
    }
  }
  drained();
}

std::shared_ptr<UpgradedConnection> ResponseStream::Upgrade() {
  std::vector<std::function<void()>> dropped;
  {
    const std::scoped_lock lock(mutex_);
    if (state_ != State::kHead || cut_ || !options_.upgrade) return nullptr;
    state_ = State::kUpgraded;
    dropped.swap(callbacks_);
  }
  return options_.upgrade();
}

ResponseStream::Next ResponseStream::Take(std::string& out) {
  const std::scoped_lock lock(mutex_);
  if (!pending_.empty()) {
    out = std::move(pending_.front());
    pending_.pop_front();
    return Next::kSend;
  }
  notified_ = false;
  if (state_ != State::kFinished && state_ != State::kAborted) return Next::kWait;
  ready_ = nullptr;
  return state_ == State::kFinished ? Next::kComplete : Next::kIncomplete;
}

void ResponseStream::Sent(size_t bytes) {
  std::function<void()> drained;
  std::unique_lock lock(mutex_);
  Uncount(bytes);
  sent_ += static_cast<int64_t>(bytes);
  if (HasRoom()) room_.notify_all();
  if (unsent_ > low_water_ || !drained_) return;
  drained.swap(drained_);
  lock.unlock();
  drained();
}

KeptStream::Progress ResponseStream::progress() const {
  const std::scoped_lock lock(mutex_);
  return {unsent_, sent_, waiting_};
}

void ResponseStream::PeerClosed() {
  std::unique_lock lock(mutex_);
  RunCallbacks(lock);
}

void ResponseStream::Cut() {
  std::function<void()> ready;
  std::unique_lock lock(mutex_);
  cut_ = true;
  ready.swap(ready_);
  std::deque<std::string>().swap(pending_);
  Uncount(unsent_);
  room_.notify_all();
  if (drained_) callbacks_.push_back(std::exchange(drained_, nullptr));
  RunCallbacks(lock);
}

void ResponseStream::RunCallbacks(std::unique_lock<std::mutex>& lock) {
  gone_ = true;
  std::vector<std::function<void()>> callbacks;
  callbacks.swap(callbacks_);
  lock.unlock();
  for (const auto& callback : callbacks) callback();
}

bool ResponseStream::keep_alive() const {
  const std::scoped_lock lock(mutex_);
  return keep_alive_;
}

bool ResponseStream::ends_by_close() const {
  const std::scoped_lock lock(mutex_);
  return framing_ == Framing::kUntilClose;
}

void ResponseStream::Notify() {
  if (notified_ || !ready_) return;
  notified_ = true;
  ready_();
}

}  // namespace pedia::apiserver
