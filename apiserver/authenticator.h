// Authenticator: from a request to a user. Two kinds: the credentials that pedia standalone made
// (fixed_credentials.h), and those of an aggregated API server (delegated_authenticator.h).
// Source: Kubernetes docs "Authenticating"; "Configure the Aggregation Layer".
#pragma once
#include <string>

#include "apiserver/http_server.h"
#include "apiserver/user_info.h"
#include "meta/result.h"

namespace pedia::apiserver {

// Thread-safe.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // A request without any credentials is system:anonymous, where that is allowed at all; the
  // authorizer knows what it may. Impersonate-* headers are not looked at: impersonation.h. May
  // block for an answer of the management cluster. Errors: Unauthorized for credentials that are
  // not good; ServiceUnavailable if that cannot be found out now.
  virtual Result<UserInfo> Authenticate(const HttpRequest& request) = 0;
  // Who the request seems to be from, "" if that is not known without asking anybody: for the
  // scheduler of the HTTP server, before authentication. Fast, never blocks.
  virtual std::string ClientOf(const HttpRequest& request) const = 0;
};

}  // namespace pedia::apiserver
