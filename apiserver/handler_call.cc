#include "apiserver/handler_call.h"

#include <exception>

#include "meta/log.h"

namespace pedia::apiserver {

void SendRefusal(ResponseWriter& response, const Refusal& refusal) {
  response.Send(refusal.code, RefusalHeaders(refusal), RefusalBody(refusal));
}

void CallHandler(const HttpHandler& handler, const HttpRequest& request,
                 const std::shared_ptr<ResponseWriter>& response,
                 const std::function<bool()>& has_begun) {
  try {
    handler(request, response);
    return;
  } catch (const std::exception& error) {
    LogError("the handler of " + request.method + " failed: " + error.what());
  } catch (...) {
    LogError("the handler of " + request.method + " failed");
  }
  if (has_begun()) return response->Abort();
  SendRefusal(*response, {500, "the request could not be handled"});
}

}  // namespace pedia::apiserver
