// Authentication: who may ask. One bearer token and one client certificate, both made by pedia
// itself. Source: Kubernetes docs "Authenticating".
#pragma once
#include <string>

#include "apiserver/http_server.h"
#include "meta/status.h"

namespace pedia::apiserver {

struct Credentials {
  std::string bearer_token;        // "" = none is accepted.
  std::string client_common_name;  // Of a verified certificate; "" = none is accepted.
};

// Success if the request carries one of `accepted`, or if both are "". Impersonation is refused
// rather than ignored, as it would give the caller more rights than it asked for. Errors:
// Unauthorized; Forbidden for Impersonate-* headers. Thread-safe; compares in constant time.
Status Authenticate(const HttpRequest& request, const Credentials& accepted);

}  // namespace pedia::apiserver
