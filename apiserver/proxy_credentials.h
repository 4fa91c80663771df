// As whom a request goes on to a member cluster.
#pragma once
#include "apiserver/http_server.h"
#include "apiserver/proxy_options.h"
#include "apiserver/user_info.h"
#include "kube/rest_config.h"
#include "meta/result.h"

namespace pedia::apiserver {

// `cluster`: how pedia itself reaches the member. The credentials are those that the request brings
// (X-Clusterpedia-Proxy-Token, -Client-Cert and -Client-Key; -Ca replaces the member's authority;
// all but the token in base64), else the cluster's, where that is allowed, in the name of `user` if
// asked for. Errors: BadRequest naming the header; Forbidden if there are none. Pure.
Result<kube::RestConfig> ConfigForProxy(const HttpRequest& request, const kube::RestConfig& cluster,
                                        const UserInfo& user, const ProxyOptions& options);

}  // namespace pedia::apiserver
