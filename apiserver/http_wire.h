// What both HTTP back-ends share of HTTP/1.1: heads of answers, checks of the head of a request,
// the server's own errors. Source: RFC 9112, RFC 9110. Private to the http library. Pure functions,
// safe from any thread.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apiserver/http_server.h"

namespace pedia::apiserver {

bool EqualsIgnoringCase(std::string_view a, std::string_view b);  // ASCII.

// A refusal by the server itself: HTTP code and what was wrong, for the client.
struct Refusal {
  int code;
  std::string message;
};
// The metav1.Status document for it. 429 carries retryAfterSeconds 1.
std::string RefusalBody(const Refusal& refusal);
HeaderFields RefusalHeaders(const Refusal& refusal);  // Content-Type; Retry-After for 429.

// Checks what the parser of a back-end lets through: one Host, unambiguous framing (a single
// decimal Content-Length or a single "chunked", never both), a target in origin, absolute or
// asterisk form, no expectation but 100-continue. An absolute target ("http://host/path?q") is
// reduced to its path and query.
std::optional<Refusal> CheckHead(HttpRequest& request, int minor_version);

// Whether the connection may serve another request after this one.
bool WantsKeepAlive(const HttpRequest& request, int minor_version);

// Whether the connection shall speak another protocol from here on.
bool AsksForUpgrade(const HttpRequest& request);

enum class Framing { kNone, kContentLength, kChunked, kUntilClose };

struct HeadOptions {
  int status = 200;
  Framing framing = Framing::kNone;
  uint64_t content_length = 0;  // Only with kContentLength.
  int minor_version = 1;        // Of the request: 0 or 1.
  bool keep_alive = true;
};
// The status line and the headers, with the empty line. Headers that are the server's own, or that
// hold a line break, are left out.
std::string FormatHead(const HeadOptions& options, const HeaderFields& headers);

}  // namespace pedia::apiserver
