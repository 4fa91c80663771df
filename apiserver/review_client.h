// ReviewClient: has the management cluster review tokens and access: TokenReviews,
// SubjectAccessReviews.
// Source: Kubernetes docs "Webhook Token Authentication", "Webhook Mode"; their retries.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apiserver/metric_sample.h"
#include "kube/client.h"
#include "meta/guarded.h"
#include "meta/result.h"

namespace pedia::apiserver {

struct ReviewOptions {
  std::chrono::milliseconds timeout{5'000};  // Of one attempt.
  int attempts = 3;  // Of what was answered with 429 or 5xx, or not at all; not after a timeout.
  std::chrono::milliseconds first_pause{50};  // Before the second attempt; then three times that.
};

// Of a VerdictCache's hits and misses. `what`: "authentication".
std::vector<MetricSample> CacheSamples(const std::string& what,
                                       std::pair<uint64_t, uint64_t> hits_and_misses);

// Thread-safe. `client` must outlive it.
class ReviewClient {
 public:
  // `path`: "/apis/authentication.k8s.io/v1/tokenreviews". `metric`: "apiserver_delegated_authn".
  ReviewClient(kube::Client& client, std::string path, std::string metric, ReviewOptions options);

  // The reviews that come back, in order; all are asked for side by side. Blocks; not on the
  // client's loop. Errors: ServiceUnavailable for each that has no answer, with what kind of failure
  // it is; addresses and the other side's words go to the log only.
  std::vector<Result<std::string>> Review(const std::vector<std::string>& bodies);

  // How often it asked, by code, and how long that took.
  std::vector<MetricSample> Samples() const;

 private:
  struct Attempt;
  struct Counters {
    std::map<std::string, uint64_t> by_code;  // "201"; "<error>" without an answer.
    double seconds = 0;
    std::chrono::steady_clock::time_point last_logged{};
    bool failing = false;
  };
  void Send(const std::string& body, size_t number, std::shared_ptr<Attempt> attempt);
  void Count(const std::string& code, std::chrono::steady_clock::time_point start);
  void LogOutcome(const Status* failure);

  kube::Client& client_;
  const std::string path_, metric_;
  const ReviewOptions options_;
  Guarded<Counters> counters_;
};

}  // namespace pedia::apiserver
