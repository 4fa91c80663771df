// AccessCheck: who asks, as whom, and whether it may: authentication, impersonation and
// authorization of one request, in kube-apiserver's order.
// Source: Kubernetes docs "Controlling Access to the Kubernetes API".
#pragma once
#include <string_view>

#include "apiserver/authenticator.h"
#include "apiserver/authorizer.h"
#include "apiserver/exchange.h"

namespace pedia::apiserver {

// Thread-safe. What it is given must outlive it.
class AccessCheck {
 public:
  AccessCheck(Authenticator& authenticator, Authorizer& authorizer)
      : authenticator_(authenticator), authorizer_(authorizer) {}
  // Fills what `exchange` knows of its user, also if the answer is no. `method`: whose verb the user
  // needs, that of the request unless it asks for more than its method says. May block for an answer of the
  // management cluster. Errors: Unauthorized, Forbidden; ServiceUnavailable if that cannot be found out
  // now; BadRequest for impersonation that is none.
  Status Admit(Exchange& exchange, std::string_view method, bool watch) const;

 private:
  Status Identify(Exchange& exchange) const;

  Authenticator& authenticator_;
  Authorizer& authorizer_;
};

}  // namespace pedia::apiserver
