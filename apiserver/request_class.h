// What a request is to the scheduler of the HTTP server, from its first line and whom it is from.
#pragma once
#include <string>

#include "apiserver/http_server.h"
#include "apiserver/request_info.h"

namespace pedia::apiserver {

// `client`: Authenticator::ClientOf, so that users behind one proxy get a share each; "": the
// address, whatever the port. Bulk are lists without a limit, or with a large one. Exempt are health,
// metrics, version, discovery and schemas; pedia's own health, asked for without a token, belongs to
// nobody. Long-running are watches and what goes on to a member (log, exec, attach, portforward,
// proxy). Pure; linear.
RequestClass ClassifyRequest(const HttpRequest& request, std::string client);
bool IsLongRunning(const RequestInfo& info);

}  // namespace pedia::apiserver
