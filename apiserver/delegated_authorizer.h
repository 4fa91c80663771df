// DelegatedAuthorizer: what the management cluster's authorization (RBAC, mostly) says, asked by
// SubjectAccessReview.
// Source: Kubernetes docs "Authorization", "Webhook Mode"; k8s.io/apiserver's delegated
// authorization, its flags and defaults.
#pragma once
#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "apiserver/authorizer.h"
#include "apiserver/review_client.h"
#include "apiserver/verdict_cache.h"

namespace pedia::apiserver {

struct AuthorizationOptions {
  // Everybody may do everything with these; '*' at the end stands for anything.
  std::vector<std::string> always_allow_paths{"/healthz", "/readyz", "/livez"};
  std::chrono::milliseconds authorized_ttl{10'000};    // How long a yes is good; 0: for once.
  std::chrono::milliseconds unauthorized_ttl{10'000};  // A no.
  ReviewOptions review{};
  std::function<std::chrono::steady_clock::time_point()> clock = std::chrono::steady_clock::now;
};

// Errors: BadRequest quoting a path with '*' elsewhere than at its end.
Status CheckAlwaysAllowPaths(const std::vector<std::string>& paths);

// system:masters may everything, and is not asked about. Thread-safe. `client` must outlive it.
class DelegatedAuthorizer : public Authorizer {
 public:
  DelegatedAuthorizer(kube::Client& client, AuthorizationOptions options);
  Result<AccessDecision> Authorize(const UserInfo& user,
                                   const AccessAttributes& attributes) override;
  // Asks what is not known all at once.
  Result<std::vector<AccessDecision>> AuthorizeAll(
      const UserInfo& user, std::span<const AccessAttributes> attributes) override;
  std::vector<MetricSample> Samples() const;

 private:
  using Verdicts = VerdictCache<AccessDecision>;
  bool IsAlwaysAllowed(const AccessAttributes& attributes) const;
  Result<Verdicts::Verdict> ToVerdict(const Result<std::string>& review) const;

  const AuthorizationOptions options_;
  ReviewClient reviews_;
  Verdicts verdicts_;
};

}  // namespace pedia::apiserver
