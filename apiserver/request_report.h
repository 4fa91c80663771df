// RequestReport: what is known of a request when it is over, of which metrics, the audit log and the
// log of slow requests are made.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "apiserver/exchange.h"
#include "apiserver/http_server.h"
#include "apiserver/request_info.h"

namespace pedia::apiserver {

struct RequestReport {
  // As the client put it: ReportOf.
  std::string id;   // Of the header Audit-Id; a new one if it has none.
  std::string uri;  // The target.
  std::string user_agent;
  std::vector<std::string> source_ips;  // Who sent it on comes last: only that one is certain.
  std::string traceparent;              // Valid, or "".
  std::chrono::system_clock::time_point received{};
  // As the handler chain has found: to be filled in before it drops the writer.
  RequestInfo info;
  Caller caller;
  bool names_resource = false;  // As Exchange.
  bool panicked = false;        // A handler threw.
  // As it was answered: of MeteredWriter.
  int code = 0;  // 0: the connection was closed without an answer.
  double seconds = 0;
  uint64_t body_bytes = 0;
  std::string plan;     // Of the header Pedia-Query-Plan ...
  std::string scanned;  // ... and Pedia-Objects-Scanned.
};

// With what the request itself says, received now.
RequestReport ReportOf(const HttpRequest& request);

}  // namespace pedia::apiserver
