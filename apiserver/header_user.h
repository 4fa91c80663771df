// A user in the headers of a request: X-Remote-*, as an aggregator writes them, or Impersonate-*.
// Reading them is no reason to believe them.
// Source: Kubernetes docs "Authenticating Proxy", "User impersonation".
#pragma once
#include <string>
#include <vector>

#include "apiserver/http_server.h"
#include "apiserver/user_info.h"

namespace pedia::apiserver {

// In any case. Of several names all count; of a name or uid, the first that is there and not "".
struct UserHeaders {
  std::vector<std::string> name, uid, groups;
  std::vector<std::string> extra_prefixes;  // "x-remote-extra-"; the rest, decoded, is the key.
  bool operator==(const UserHeaders&) const = default;
};

// What the headers say; name "" if they name nobody. Empty values of groups are left out. Pure.
UserInfo ReadUserHeaders(const HttpRequest& request, const UserHeaders& headers);

}  // namespace pedia::apiserver
