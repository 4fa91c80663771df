#include "apiserver/review_client.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "meta/log.h"

namespace pedia::apiserver {
namespace {

using Clock = std::chrono::steady_clock;

// More than any review; a user may be in thousands of groups.
constexpr size_t kMaxReviewBytes = 1 << 20;
constexpr std::chrono::seconds kLogPause{10};

// What is known of one review after an attempt.
struct Outcome {
  Result<std::string> review;
  bool again = false;  // Another attempt may help.
  Status cause{};      // Of a failure, in all detail.
};

Status Unanswered(const std::string& why) {
  StatusDetails details;
  details.retry_after_seconds = 1;
  return {StatusReason::kServiceUnavailable, "the management cluster " + why, details};
}

Outcome Judge(Result<kube::Client::Document> answer) {
  if (!answer.ok()) {
    const bool late = answer.status().reason() == StatusReason::kTimeout;
    return {Unanswered(late ? "did not answer in time" : "cannot be reached"), !late,
            answer.status()};
  }
  const int code = answer->head.code;
  if (code == 200 || code == 201) return {std::move(answer->body)};
  return {Unanswered("refuses to review: it answered with code " + std::to_string(code)),
          code == 429 || code >= 500,
          kube::StatusFromResponse(code, answer->body, answer->head.retry_after_seconds)};
}

}  // namespace

std::vector<MetricSample> CacheSamples(const std::string& what,
                                       std::pair<uint64_t, uint64_t> hits_and_misses) {
  const auto sample = [&what](const char* result, uint64_t count) {
    return MetricSample{"pedia_" + what + "_cache_total",
                        "Questions that the cache of verdicts could answer, and others.",
                        true,
                        {{"result", result}},
                        static_cast<double>(count)};
  };
  return {sample("hit", hits_and_misses.first), sample("miss", hits_and_misses.second)};
}

// The questions that are out at the same time.
struct ReviewClient::Attempt {
  std::mutex mutex;
  std::condition_variable answered;
  std::vector<std::optional<Outcome>> outcomes;  // By number; empty until there is one.
  size_t out = 0;
};

ReviewClient::ReviewClient(kube::Client& client, std::string path, std::string metric,
                           ReviewOptions options)
    : client_(client), path_(std::move(path)), metric_(std::move(metric)), options_(options) {}

void ReviewClient::Send(const std::string& body, size_t number, std::shared_ptr<Attempt> attempt) {
  kube::Request request;
  request.path_and_query = path_;
  request.method = "POST";
  request.body = body;
  request.content_type = "application/json";
  request.timeout = options_.timeout;
  client_.Get(
      std::move(request),
      [this, number, attempt = std::move(attempt),
       start = Clock::now()](Result<kube::Client::Document> answer) {
        Count(answer.ok() ? std::to_string(answer->head.code) : "<error>", start);
        Outcome outcome = Judge(std::move(answer));
        const std::scoped_lock lock(attempt->mutex);
        attempt->outcomes[number] = std::move(outcome);
        if (--attempt->out == 0) attempt->answered.notify_all();
      },
      kMaxReviewBytes);
}

std::vector<Result<std::string>> ReviewClient::Review(const std::vector<std::string>& bodies) {
  if (client_.loop().InLoopThread()) {
    return std::vector<Result<std::string>>(
        bodies.size(), InternalError("a review on the thread that would have to receive it"));
  }
  const auto attempt = std::make_shared<Attempt>();
  attempt->outcomes.resize(bodies.size());
  std::vector<size_t> open(bodies.size());
  for (size_t i = 0; i < open.size(); ++i) open[i] = i;
  std::chrono::milliseconds pause = options_.first_pause;
  for (int left = options_.attempts; !open.empty(); pause *= 3) {
    attempt->out = open.size();  // Nobody else knows of it now.
    for (const size_t number : open) Send(bodies[number], number, attempt);
    std::unique_lock lock(attempt->mutex);
    attempt->answered.wait(lock, [&] { return attempt->out == 0; });
    std::erase_if(open, [&](size_t number) { return !attempt->outcomes[number]->again; });
    if (--left <= 0) break;
    if (!open.empty()) std::this_thread::sleep_for(pause);
  }
  std::vector<Result<std::string>> reviews;
  const Status* failure = nullptr;
  for (std::optional<Outcome>& outcome : attempt->outcomes) {
    if (!outcome->review.ok()) failure = &outcome->cause;
    reviews.push_back(std::move(outcome->review));
  }
  LogOutcome(failure);
  return reviews;
}

void ReviewClient::Count(const std::string& code, Clock::time_point start) {
  const std::chrono::duration<double> taken = Clock::now() - start;
  counters_.With([&](Counters& counters) {
    ++counters.by_code[code];
    counters.seconds += taken.count();
  });
}

// An outage is logged when it begins, every few seconds, and when it ends.
void ReviewClient::LogOutcome(const Status* failure) {
  const bool worth_it = counters_.With([&](Counters& counters) {
    const bool changed = counters.failing != (failure != nullptr);
    const bool again = failure != nullptr && Clock::now() - counters.last_logged > kLogPause;
    counters.failing = failure != nullptr;
    if (changed || again) counters.last_logged = Clock::now();
    return changed || again;
  });
  if (!worth_it) return;
  if (failure != nullptr) {
    LogWarning("the management cluster does not answer " + path_ + ": " + failure->ToString());
  } else {
    LogInfo("the management cluster answers " + path_ + " again");
  }
}

std::vector<MetricSample> ReviewClient::Samples() const {
  std::vector<MetricSample> samples;
  const Counters counters = counters_.With([](const Counters& current) { return current; });
  for (const auto& [code, count] : counters.by_code) {
    samples.push_back({metric_ + "_request_total",
                       "Reviews that the management cluster was asked for.",
                       true,
                       {{"code", code}},
                       static_cast<double>(count)});
  }
  samples.push_back({metric_ + "_request_seconds_total",
                     "How long all these reviews took together.",
                     true,
                     {},
                     counters.seconds});
  return samples;
}

}  // namespace pedia::apiserver
