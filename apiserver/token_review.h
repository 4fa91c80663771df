// TokenReviewer: whose bearer token this is, as the management cluster says.
// Source: authentication.k8s.io/v1 TokenReview; Kubernetes' caching of tokens.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/review_client.h"
#include "apiserver/user_info.h"
#include "apiserver/verdict_cache.h"

namespace pedia::apiserver {

struct TokenReviewOptions {
  std::vector<std::string> audiences;  // A token must be for one of them; empty: for the cluster.
  std::chrono::milliseconds cache_ttl{10'000};  // Of good tokens and of bad ones; 0: none.
  ReviewOptions review{};
};

// {"kind":"TokenReview",...}; pure.
std::string TokenReviewRequest(std::string_view token, const std::vector<std::string>& audiences);
// The user, or nothing if the token is not good, or not for one of `audiences`. An answer without
// audiences is for the cluster alone. Errors: ServiceUnavailable for what is no TokenReview. Pure.
Result<std::optional<UserInfo>> ParseTokenReview(std::string_view review,
                                                 const std::vector<std::string>& audiences);

// Thread-safe. Tokens are not kept, only their hashes. `client` must outlive it.
class TokenReviewer {
 public:
  TokenReviewer(kube::Client& client, TokenReviewOptions options);
  // The groups are those of the review. Errors: Unauthorized; ServiceUnavailable if the management
  // cluster cannot be asked. Blocks.
  Result<UserInfo> Review(std::string_view token, std::chrono::steady_clock::time_point now);
  // The name of the user, if the token is known; else "". Never blocks.
  std::string KnownName(std::string_view token, std::chrono::steady_clock::time_point now) const;
  std::vector<MetricSample> Samples() const;

 private:
  using Verdicts = VerdictCache<std::shared_ptr<const UserInfo>>;  // Null: not good.
  const TokenReviewOptions options_;
  ReviewClient reviews_;
  mutable Verdicts verdicts_;
};

}  // namespace pedia::apiserver
