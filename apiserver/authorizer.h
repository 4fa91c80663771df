// Authorizer: may this user do this? Two kinds: everything for the group system:masters (pedia
// standalone, fixed_credentials.h), and by SubjectAccessReview (delegated_authorizer.h).
// Source: Kubernetes docs "Authorization"; authorization.k8s.io/v1 SubjectAccessReview.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/request_info.h"
#include "apiserver/user_info.h"
#include "meta/result.h"

namespace pedia::apiserver {

// What is to be done, as ResourceAttributes or NonResourceAttributes say it.
struct AccessAttributes {
  std::string verb;  // "get"; of a path that is no resource: the method in lower case.
  std::string path;  // "/healthz": of what is no resource; "" for resources.
  std::string group, version, resource, subresource, name_space, name;
  auto operator<=>(const AccessAttributes&) const = default;
};

struct AccessDecision {
  bool allowed = false;
  std::string reason;  // For audit and for the message of the 403.
};

// Thread-safe.
class Authorizer {
 public:
  virtual ~Authorizer() = default;
  // May block for an answer of the management cluster. Errors: ServiceUnavailable if that cannot be
  // found out now, which must be taken as "no".
  virtual Result<AccessDecision> Authorize(const UserInfo& user,
                                           const AccessAttributes& attributes) = 0;
  // The same for many questions at once, in order. Errors: as above, if one cannot be answered.
  virtual Result<std::vector<AccessDecision>> AuthorizeAll(
      const UserInfo& user, std::span<const AccessAttributes> attributes);
};

// What kube-apiserver's own request info resolver makes of a request to pedia, by which RBAC is
// written: of .../v1beta1/resources/clusters/c1/api/v1/pods verb get, resource "resources", name
// "clusters", subresource "c1"; of .../v1beta1/collectionresources verb list. Source:
// k8s.io/apiserver/pkg/endpoints/request RequestInfoFactory; Clusterpedia's RBAC. `path`: as sent, without
// the query; must have been accepted by ParseRequestInfo. Pure.
AccessAttributes OuterAttributes(std::string_view method, std::string_view path, bool watch);

// 403 in the words of kube-apiserver: `resources.clusterpedia.io "clusters" is forbidden: User "u"
// cannot get resource "resources/c1" in API group "clusterpedia.io" at the cluster scope`, with
// `: reason` if there is one.
Status ForbiddenStatus(const UserInfo& user, const AccessAttributes& attributes,
                       std::string_view reason);

}  // namespace pedia::apiserver
