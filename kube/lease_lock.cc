#include "kube/lease_lock.h"

#include <algorithm>
#include <future>
#include <limits>
#include <utility>

#include "kube/backoff.h"
#include "kube/event_loop_core.h"
#include "meta/json_string.h"
#include "meta/log.h"

namespace pedia::kube {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxLeaseBytes = 1 << 20;
constexpr std::chrono::seconds kReleaseTimeout{2};

int64_t WholeSeconds(milliseconds duration) {
  return std::max<int64_t>(1, std::chrono::ceil<std::chrono::seconds>(duration).count());
}

// Somebody else was first, or the Lease has gone: what it is now is worth a look at once.
bool IsConflict(const Status& status) {
  return status.reason() == StatusReason::kConflict ||
         status.reason() == StatusReason::kAlreadyExists ||
         status.reason() == StatusReason::kNotFound;
}

}  // namespace

milliseconds Jittered(milliseconds period) {
  return milliseconds(RandomBetween(period.count() * 3 / 4, period.count()));
}

milliseconds AnswerTimeout(const LeaseTimes& times) {
  return std::max(milliseconds(1), times.renew_deadline / 2);
}

Result<std::string_view> BodyOf(const Result<Client::Document>& answer) {
  if (!answer.ok()) return answer.status();
  if (answer->head.code >= 200 && answer->head.code < 300) return std::string_view(answer->body);
  Status status =
      StatusFromResponse(answer->head.code, answer->body, answer->head.retry_after_seconds);
  return status.ok() ? ServiceUnavailable("unexpected answer") : status;
}

void ReleaseAndStop(EventLoop& loop, std::function<void(std::function<void()>)> release,
                    std::function<void()> stop) {
  if (loop.InLoopThread()) return stop();
  const auto released = std::make_shared<std::promise<void>>();
  const auto stopped = std::make_shared<std::promise<void>>();
  const bool releasing = loop.shared_core()->Post(
      [release = std::move(release), released] { release([released] { released->set_value(); }); });
  if (releasing) released->get_future().wait_for(kReleaseTimeout);
  const bool posted = loop.shared_core()->Post([stop, stopped] {
    stop();
    stopped->set_value();
  });
  if (posted) {
    stopped->get_future().wait();
  } else {
    stop();
  }
}

LeaseLock::LeaseLock(Client& client, LeaseLockOptions options, std::function<void()> changed)
    : client_(client),
      options_(std::move(options)),
      path_(LeasePath(options_.lease.name_space, options_.lease.lease)),
      title_("Lease " + options_.lease.name_space + "/" + options_.lease.lease),
      changed_(std::move(changed)) {}

void LeaseLock::Start() { StepAfter(milliseconds(0)); }

void LeaseLock::Stop() {
  ++step_;
  stopped_ = true;
  held_until_ = 0;
}

void LeaseLock::Release(std::function<void()> released) {
  released_ = std::move(released);
  held_until_ = 0;
  const bool never_written = written_ == std::chrono::system_clock::time_point{};
  if (never_written) return Finish();
  if (!busy_) Step();  // Else the answer goes on with it.
}

bool LeaseLock::held() const {
  return BootClock::now().time_since_epoch().count() < held_until_.load();
}

std::string LeaseLock::holder() const {
  return holder_.With([](const std::string& holder) { return holder; });
}

// The holder knows the version that it wrote last and need not read it; the others must.
void LeaseLock::Step() {
  ++step_;
  if (IsMine() && !lease_.resource_version.empty()) return Decide();
  Send("GET", path_, "", &LeaseLock::OnRead);
}

void LeaseLock::Decide() {
  if (released_) return IsMine() ? GiveBack() : Finish();
  if (IsMine()) return Renew();
  SetHeld({});
  if (lease_.record.holder.empty() || sighting_.IsDead(options_.lease.times.duration))
    return Take();
  failing_ = conflicted_ = false;
  StepAfter(std::min(Jittered(options_.lease.times.retry_period),
                     sighting_.UntilDeath(options_.lease.times.duration)));
}

void LeaseLock::OnRead(BootClock::time_point sent, const Answer& answer) {
  const Result<std::string_view> body = BodyOf(answer);
  if (!body.ok() && body.status().reason() == StatusReason::kNotFound) {
    SetLease({}, sent);
    return released_ ? Finish() : Create();
  }
  if (!body.ok()) return OnFailure(body.status());
  Result<Lease> lease = ParseLease(*body);
  if (!lease.ok()) return OnFailure(lease.status());
  SetLease(*std::move(lease), sent);
  Decide();
}

void LeaseLock::Create() {
  const std::string metadata = "{\"name\":" + JsonString(options_.lease.lease) +
                               ",\"namespace\":" + JsonString(options_.lease.name_space) +
                               ",\"labels\":" + options_.labels + "}";
  Send("POST", LeasePath(options_.lease.name_space), FormatLease(metadata, OwnRecord()),
       &LeaseLock::OnWritten);
}

void LeaseLock::Take() {
  LeaseRecord record = OwnRecord();
  const int64_t before = lease_.record.transitions;
  record.transitions = before < std::numeric_limits<int32_t>::max() ? before + 1 : 0;
  Write(std::move(record));
}

void LeaseLock::Renew() {
  LeaseRecord record = OwnRecord();
  record.transitions = lease_.record.transitions;
  if (!lease_.record.acquire_time.empty()) record.acquire_time = lease_.record.acquire_time;
  Write(std::move(record));
}

void LeaseLock::GiveBack() {
  if (options_.delete_on_release) return Send("DELETE", path_, "", &LeaseLock::OnDeleted);
  LeaseRecord record = OwnRecord();
  record.holder.clear();
  record.duration_seconds = 1;  // Zero is not valid.
  record.transitions = lease_.record.transitions;
  Write(std::move(record));
}

// The metadata name the version that this replaces.
void LeaseLock::Write(LeaseRecord record) {
  Send("PUT", path_, FormatLease(lease_.metadata, record), &LeaseLock::OnWritten);
}

void LeaseLock::OnWritten(BootClock::time_point sent, const Answer& answer) {
  const Result<std::string_view> body = BodyOf(answer);
  if (!body.ok()) return OnFailure(body.status());
  Result<Lease> lease = ParseLease(*body);
  if (!lease.ok()) return OnFailure(lease.status());
  SetLease(*std::move(lease), sent);
  failing_ = conflicted_ = false;
  if (released_) return Decide();
  if (IsMine()) SetHeld(sent + options_.lease.times.renew_deadline);
  StepAfter(Jittered(options_.lease.times.retry_period));
}

void LeaseLock::OnDeleted(BootClock::time_point, const Answer&) { Finish(); }

void LeaseLock::OnFailure(const Status& why) {
  lease_.resource_version.clear();
  if (IsConflict(why) && !std::exchange(conflicted_, true)) return Step();
  if (released_) return Finish();
  conflicted_ = false;
  if (!std::exchange(failing_, true)) LogWarning("cannot hold " + title_ + ": " + why.message());
  StepAfter(Jittered(options_.lease.times.retry_period));
}

void LeaseLock::Send(std::string method, std::string path, std::string body, OnAnswer done) {
  Request request;
  request.method = std::move(method);
  request.path_and_query = std::move(path);
  if (!body.empty()) request.content_type = "application/json";
  request.body = std::move(body);
  request.timeout = AnswerTimeout(options_.lease.times);
  busy_ = true;
  const auto sent = BootClock::now();
  client_.Get(
      std::move(request),
      [weak = weak_from_this(), step = step_, sent, done](const Answer& answer) {
        const auto self = weak.lock();
        if (!self || self->step_ != step) return;
        self->busy_ = false;
        (self.get()->*done)(sent, answer);
      },
      kMaxLeaseBytes);
}

void LeaseLock::SetLease(Lease lease, BootClock::time_point sent) {
  lease_ = std::move(lease);
  sighting_.See(lease_.record, sent);
  const bool another = holder_.With([&](std::string& holder) {
    return std::exchange(holder, lease_.record.holder) != lease_.record.holder;
  });
  if (another && !lease_.record.holder.empty() && !IsMine())
    LogInfo(title_ + " is held by " + lease_.record.holder);
}

void LeaseLock::SetHeld(BootClock::time_point until) {
  held_until_ = released_ || stopped_ ? 0 : until.time_since_epoch().count();
  Tell();
  if (!told_held_) return;
  const auto left = std::chrono::ceil<milliseconds>(until - BootClock::now());
  client_.loop().PostAfter(left, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Tell();
  });
}

void LeaseLock::Tell() {
  const bool held_now = held();
  if (stopped_ || released_ || std::exchange(told_held_, held_now) == held_now) return;
  LogInfo(title_ + (held_now ? " is held by this process, " : " is not held any more by ") +
          options_.lease.identity);
  changed_();
}

void LeaseLock::Finish() {
  ++step_;
  stopped_ = true;
  if (const auto released = std::exchange(released_, nullptr)) released();
}

void LeaseLock::StepAfter(milliseconds delay) {
  client_.loop().PostAfter(delay, [weak = weak_from_this(), step = ++step_] {
    const auto self = weak.lock();
    if (self && self->step_ == step) self->Step();
  });
}

LeaseRecord LeaseLock::OwnRecord() {
  // Never the same twice, whatever this machine's clock does: others live by seeing it change.
  const auto now =
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  written_ =
      std::max<std::chrono::system_clock::time_point>(now, written_ + std::chrono::microseconds(1));
  LeaseRecord record;
  record.holder = options_.lease.identity;
  record.duration_seconds = WholeSeconds(options_.lease.times.duration);
  record.acquire_time = record.renew_time = FormatMicroTime(written_);
  return record;
}

}  // namespace pedia::kube
