// Connections to a simulated pod that are upgraded: commands, ports, raw bytes. Each answers the
// request: with 101, or 400 for a protocol that is not known.
#pragma once
#include "apiserver/http_server.h"
#include "tests/member/request_path.h"

namespace pedia::member {

void RunCommand(const apiserver::HttpRequest& request, const RequestPath& path,
                apiserver::ResponseWriter& response);
void ForwardPorts(const apiserver::HttpRequest& request, apiserver::ResponseWriter& response);
// Any protocol: what comes goes back.
void EchoRaw(const apiserver::HttpRequest& request, apiserver::ResponseWriter& response);

}  // namespace pedia::member
