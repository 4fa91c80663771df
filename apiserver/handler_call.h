// Calls a handler so that nothing of it but an answer gets out. Private to the http library.
#pragma once
#include <functional>

#include "apiserver/http_server.h"
#include "apiserver/http_wire.h"

namespace pedia::apiserver {

void SendRefusal(ResponseWriter& response, const Refusal& refusal);

// A handler that throws is logged and answered with 500; when `has_begun` tells that it is too late
// for this, the answer is broken off.
void CallHandler(const HttpHandler& handler, const HttpRequest& request,
                 const std::shared_ptr<ResponseWriter>& response,
                 const std::function<bool()>& has_begun);

}  // namespace pedia::apiserver
