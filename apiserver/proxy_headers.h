// Headers on their way between a client of pedia and a member cluster: what belongs to one
// connection or to one side's identity stays there.
// Source: RFC 9110 section 7.6.1 (Connection); k8s.io/apimachinery/pkg/util/proxy.
#pragma once
#include <string>
#include <string_view>

#include "apiserver/http_server.h"

namespace pedia::apiserver {

// What goes on of a request's headers. Not: those of the connection, credentials of any kind (the
// caller's, the front proxy's, impersonation, cookies, those for the member), Accept, Content-Type
// and what is about the body's length. X-Forwarded-For gets the client, Audit-Id is `audit_id`.
HeaderFields HeadersToMember(const HttpRequest& request, std::string_view audit_id);

// Where a member says something is, and where it is for pedia's clients.
struct MemberPlace {
  std::string server;  // "https://10.0.0.1:6443/k8s/c1"
  std::string prefix;  // "/apis/clusterpedia.io/v1beta1/resources/clusters/c1"
};

// What goes back of a member's headers. Not: those of the connection, cookies (they would be sent to
// pedia), and what `own` has, which goes first. Location is translated.
HeaderFields HeadersToClient(const HeaderFields& member, const HeaderFields& own,
                             const MemberPlace& place);

// "/api/v1/x" and "https://10.0.0.1:6443/k8s/c1/api/v1/x" give prefix + "/api/v1/x"; other places and
// relative ones stay.
std::string TranslateLocation(std::string_view location, const MemberPlace& place);

}  // namespace pedia::apiserver
