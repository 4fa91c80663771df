// FixedCredentials and MastersAuthorizer: who may ask pedia standalone, and what. There is one
// user, with the token and the client certificate that pedia made for it.
// Source: Kubernetes docs "Authenticating"; the group system:masters.
#pragma once
#include <span>
#include <string>

#include "apiserver/authenticator.h"
#include "apiserver/authorizer.h"

namespace pedia::apiserver {

struct Credentials {
  std::string bearer_token;        // "" = none is accepted.
  std::string client_common_name;  // Of a verified certificate; "" = none is accepted.
};

// The user is called as its certificate says, or "pedia", and belongs to system:masters. Everybody
// is that user if both credentials are "". Immutable, thread-safe; compares in constant time.
class FixedCredentials : public Authenticator {
 public:
  explicit FixedCredentials(Credentials accepted) : accepted_(std::move(accepted)) {}
  Result<UserInfo> Authenticate(const HttpRequest& request) override;
  std::string ClientOf(const HttpRequest& request) const override;

 private:
  const Credentials accepted_;
};

// The group system:masters may do everything, everybody else see the health paths.
class MastersAuthorizer : public Authorizer {
 public:
  Result<AccessDecision> Authorize(const UserInfo& user,
                                   const AccessAttributes& attributes) override;
};

}  // namespace pedia::apiserver
