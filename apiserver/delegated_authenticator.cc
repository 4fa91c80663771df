#include "apiserver/delegated_authenticator.h"

#include <algorithm>
#include <utility>

#include "apiserver/bearer_token.h"
#include "meta/log.h"

namespace pedia::apiserver {
namespace {

bool HasCertificate(const HttpRequest& request) {
  return request.peer && !request.peer->chain_der.empty();
}

std::unique_ptr<TokenReviewer> MakeReviewer(const AuthenticationOptions& options,
                                            kube::Client* client) {
  if (client == nullptr) return nullptr;
  return std::make_unique<TokenReviewer>(
      *client, TokenReviewOptions{options.audiences, options.token_cache_ttl, options.review});
}

}  // namespace

Result<std::unique_ptr<DelegatedAuthenticator>> DelegatedAuthenticator::Start(
    AuthenticationOptions options, kube::Client* client) {
  Result<std::unique_ptr<TrustSource>> trust = TrustSource::Start(options, client);
  if (!trust.ok()) return trust.status();
  return std::unique_ptr<DelegatedAuthenticator>(
      new DelegatedAuthenticator(std::move(options), *std::move(trust), client));
}

DelegatedAuthenticator::DelegatedAuthenticator(AuthenticationOptions options,
                                               std::unique_ptr<TrustSource> trust,
                                               kube::Client* client)
    : options_(std::move(options)),
      trust_(std::move(trust)),
      tokens_(MakeReviewer(options_, client)) {}

DelegatedAuthenticator::Found DelegatedAuthenticator::ByFrontProxy(const HttpRequest& request,
                                                                   const ClientTrust& trust) {
  if (!trust.front_proxy || !HasCertificate(request)) return std::optional<UserInfo>();
  const FrontProxyTrust& proxy = *trust.front_proxy;
  const Result<certs::VerifiedClient> verified = proxy.certificates->Verify(*request.peer);
  if (!verified.ok()) return verified.status();
  const std::vector<std::string>& allowed = proxy.allowed_names;
  if (!allowed.empty() &&
      std::find(allowed.begin(), allowed.end(), verified->common_name) == allowed.end())
    return Status(StatusReason::kUnauthorized, "the certificate is not that of the front proxy");
  UserInfo user = ReadUserHeaders(request, proxy.headers);
  if (user.name.empty()) return std::optional<UserInfo>();
  if (!IsUtf8(user)) return Status(StatusReason::kUnauthorized, "a user header is not UTF-8");
  return std::optional(std::move(user));
}

DelegatedAuthenticator::Found DelegatedAuthenticator::ByCertificate(const HttpRequest& request,
                                                                    const ClientTrust& trust) {
  if (!trust.clients || !HasCertificate(request)) return std::optional<UserInfo>();
  Result<certs::VerifiedClient> verified = trust.clients->Verify(*request.peer);
  if (!verified.ok()) return verified.status();
  UserInfo user{std::move(verified->common_name), "", std::move(verified->organizations), {}};
  if (user.name.empty()) return std::optional<UserInfo>();
  if (!IsUtf8(user))
    return Status(StatusReason::kUnauthorized, "a certificate's name is not UTF-8");
  return std::optional(std::move(user));
}

DelegatedAuthenticator::Found DelegatedAuthenticator::ByToken(const HttpRequest& request) {
  const std::optional<std::string_view> token = BearerToken(request);
  if (!token) return std::optional<UserInfo>();
  if (!tokens_) return Unauthorized();
  Result<UserInfo> user = tokens_->Review(*token, options_.clock());
  if (!user.ok()) return user.status();
  return std::optional(*std::move(user));
}

Result<UserInfo> DelegatedAuthenticator::Authenticate(const HttpRequest& request) {
  const std::shared_ptr<const ClientTrust> trust = trust_->Get();
  std::optional<Status> error;
  // True if that is the end: a user has been found.
  const auto take = [&error](Found& found) {
    if (found.ok()) {
      if (found->has_value()) AddImplicitGroup(&**found);
      return found->has_value();
    }
    const bool unknown = found.status().reason() != StatusReason::kUnauthorized;
    if (!error || unknown) error = unknown ? found.status() : Unauthorized();
    if (!unknown) LogDebug("credentials refused: " + found.status().message());
    return false;
  };
  if (Found user = ByFrontProxy(request, *trust); take(user)) return **std::move(user);
  if (Found user = ByCertificate(request, *trust); take(user)) return **std::move(user);
  if (Found user = ByToken(request); take(user)) return **std::move(user);
  if (error) return *std::move(error);
  if (!options_.anonymous) return Unauthorized();
  return AnonymousUser();
}

std::string DelegatedAuthenticator::ClientOf(const HttpRequest& request) const {
  const std::shared_ptr<const ClientTrust> trust = trust_->Get();
  if (Found user = ByFrontProxy(request, *trust); user.ok() && *user) return (*user)->name;
  if (Found user = ByCertificate(request, *trust); user.ok() && *user) return (*user)->name;
  const std::optional<std::string_view> token = BearerToken(request);
  return token && tokens_ ? tokens_->KnownName(*token, options_.clock()) : "";
}

std::vector<MetricSample> DelegatedAuthenticator::Samples() const {
  return tokens_ ? tokens_->Samples() : std::vector<MetricSample>();
}

}  // namespace pedia::apiserver
