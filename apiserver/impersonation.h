// Impersonation: a user who acts as another one, by Impersonate-* headers.
// Source: Kubernetes docs "User impersonation"; k8s.io/apiserver's impersonation filter.
#pragma once
#include "apiserver/authorizer.h"
#include "apiserver/http_server.h"
#include "apiserver/user_info.h"
#include "meta/result.h"

namespace pedia::apiserver {

// Whom `request` is to be handled as: the user of its Impersonate-User, -Group, -Uid and -Extra-*
// headers if `user` may be each of these, or `user` without such headers. Errors: BadRequest for
// groups, a uid or extra without a user, and for texts that are not UTF-8; Forbidden, in
// kube-apiserver's words; what `authorizer` says.
Result<UserInfo> Impersonate(const HttpRequest& request, const UserInfo& user,
                             Authorizer& authorizer);

}  // namespace pedia::apiserver
