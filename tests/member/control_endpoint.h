// The control endpoint of pedia-member: commands a running simulator by HTTP, from loopback only.
//
//   POST /__faults     a fault (faults.h, ParseFault); answers {"id":1}
//   GET /__faults      how many requests each has hit: {"1":3}
//   DELETE /__faults   ends them all
//   POST /__watches    {"break":"close","path":"/api/v1/pods"}; or drop, expire, error, truncate, ...
//   POST /__world      {"compact":true}: older resourceVersions are gone
//   POST /__churn      {"rate":20}: changes per second; {"update_all":true}: each pod changes once
//   POST /__refuse     {"ms":2000}: the port is closed for so long
//   POST /__discovery  {"aggregated":false}
//   GET /__forwarded   the last requests that a proxy has passed on: [{method, target, headers, body}]
//   GET /__dump        every object: {path: object}
#pragma once
#include <memory>

#include "apiserver/http_server.h"
#include "tests/member/churn.h"

namespace pedia::member {

class MemberServer;

// Whether the request is for this endpoint.
bool IsControlRequest(const apiserver::HttpRequest& request);
// Answers it. `churn` may be null.
void HandleControl(const apiserver::HttpRequest& request, apiserver::ResponseWriter& response,
                   MemberServer& server, Churn* churn);

}  // namespace pedia::member
