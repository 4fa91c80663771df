// DelegatedAuthenticator: who asks an aggregated API server. In this order: a user in the headers of
// an authenticated front proxy, the owner of a client certificate, that of a bearer token, and
// system:anonymous.
// Source: Kubernetes docs "Authenticating", "Configure the Aggregation Layer"; k8s.io/apiserver's
// delegated authentication.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apiserver/authenticator.h"
#include "apiserver/token_review.h"
#include "apiserver/trust_source.h"

namespace pedia::apiserver {

// For the flags.
struct AuthenticationOptions : TrustOptions {
  std::vector<std::string> audiences;                 // Of tokens; empty: the API server's own.
  std::chrono::milliseconds token_cache_ttl{10'000};  // Of good tokens and of bad ones; 0: none.
  bool anonymous = true;                              // Else no credentials are 401.
  ReviewOptions review{};
  std::function<std::chrono::steady_clock::time_point()> clock = std::chrono::steady_clock::now;
};

// Thread-safe.
class DelegatedAuthenticator : public Authenticator {
 public:
  // Starts a TrustSource, with its errors. `client` must outlive the authenticator; null: tokens are
  // not good, and nothing is looked up.
  static Result<std::unique_ptr<DelegatedAuthenticator>> Start(AuthenticationOptions options,
                                                               kube::Client* client);
  // Credentials of one kind that are not good do no harm if those of another kind are; X-Remote-*
  // headers of anybody but the front proxy are not looked at.
  Result<UserInfo> Authenticate(const HttpRequest& request) override;
  std::string ClientOf(const HttpRequest& request) const override;
  std::vector<MetricSample> Samples() const;

 private:
  // A user; nothing if there are no credentials of this kind; or an error.
  using Found = Result<std::optional<UserInfo>>;
  DelegatedAuthenticator(AuthenticationOptions options, std::unique_ptr<TrustSource> trust,
                         kube::Client* client);
  static Found ByFrontProxy(const HttpRequest& request, const ClientTrust& trust);
  static Found ByCertificate(const HttpRequest& request, const ClientTrust& trust);
  Found ByToken(const HttpRequest& request);

  const AuthenticationOptions options_;
  const std::unique_ptr<TrustSource> trust_;
  const std::unique_ptr<TokenReviewer> tokens_;  // Null without a client.
};

}  // namespace pedia::apiserver
