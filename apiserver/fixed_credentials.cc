#include "apiserver/fixed_credentials.h"

#include <optional>
#include <string_view>

#include "apiserver/bearer_token.h"
#include "certs/secret.h"

namespace pedia::apiserver {

Result<UserInfo> FixedCredentials::Authenticate(const HttpRequest& request) {
  UserInfo user{"pedia", "", {kMastersGroup, kAuthenticatedGroup}, {}};
  if (accepted_.bearer_token.empty() && accepted_.client_common_name.empty()) return user;
  const std::optional<std::string_view> token = BearerToken(request);
  if (!accepted_.bearer_token.empty() && token &&
      certs::EqualsSecret(*token, accepted_.bearer_token))
    return user;
  if (!accepted_.client_common_name.empty() && request.peer && request.peer->verified &&
      request.peer->common_name == accepted_.client_common_name) {
    user.name = request.peer->common_name;
    return user;
  }
  return Unauthorized();
}

std::string FixedCredentials::ClientOf(const HttpRequest& request) const {
  return request.peer && request.peer->verified ? request.peer->common_name : "";
}

Result<AccessDecision> MastersAuthorizer::Authorize(const UserInfo& user,
                                                    const AccessAttributes& attributes) {
  bool is_health = false;
  for (const char* path : {"/healthz", "/livez", "/readyz"})
    is_health |= attributes.path == path || attributes.path.starts_with(std::string(path) + "/");
  return AccessDecision{is_health || user.IsMember(kMastersGroup), ""};
}

}  // namespace pedia::apiserver
