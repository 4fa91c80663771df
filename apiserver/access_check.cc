#include "apiserver/access_check.h"

#include <utility>

#include "apiserver/impersonation.h"

namespace pedia::apiserver {
namespace {

bool IsHealth(const RequestInfo& info) { return info.endpoint == Endpoint::kHealth && !info.inner; }

}  // namespace

Status AccessCheck::Identify(Exchange& exchange) const {
  Result<UserInfo> user = authenticator_.Authenticate(exchange.request);
  // A probe with an old token is still a probe: whether nobody in particular may see the health
  // paths is for the authorizer to say.
  const bool unknown = !user.ok() && user.status().reason() == StatusReason::kUnauthorized;
  if (unknown && IsHealth(exchange.info)) user = AnonymousUser();
  if (!user.ok()) return user.status();
  exchange.caller.authenticated = *user;
  Result<UserInfo> acting = Impersonate(exchange.request, *user, authorizer_);
  if (!acting.ok()) return acting.status();
  exchange.caller.user = *std::move(acting);
  return {};
}

Status AccessCheck::Admit(Exchange& exchange, std::string_view method, bool watch) const {
  if (Status status = Identify(exchange); !status.ok()) return status;
  const UserInfo& user = exchange.caller.user;
  const AccessAttributes attributes =
      OuterAttributes(method, PathOfTarget(exchange.request.target), watch);
  Result<AccessDecision> decision = authorizer_.Authorize(user, attributes);
  if (!decision.ok()) return decision.status();
  exchange.caller.decision = *std::move(decision);
  if (exchange.caller.decision.allowed) return {};
  if (user.name == kAnonymous) return Unauthorized();
  return ForbiddenStatus(user, attributes, exchange.caller.decision.reason);
}

}  // namespace pedia::apiserver
