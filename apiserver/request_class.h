// What a request is to the scheduler of the HTTP server, from its first line and its peer alone.
#pragma once
#include "apiserver/http_server.h"

namespace pedia::apiserver {

// The client is a user or certificate at an address, whatever the port: "kubectl@10.0.0.7". Bulk are
// lists without a limit, or with a large one. Pure; linear.
RequestClass ClassifyRequest(const HttpRequest& request);

}  // namespace pedia::apiserver
