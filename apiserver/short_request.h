// The guard of the Pistache back-end: a parser for a GET or HEAD of a few kilobytes without a body,
// and nothing else. Source: RFC 9112 sections 2-5. Private to the http library. Pure, safe from any
// thread.
#pragma once
#include <optional>
#include <string_view>

#include "apiserver/http_server.h"
#include "apiserver/http_wire.h"

namespace pedia::apiserver {

struct ShortRequest {
  enum class Outcome {
    kIncomplete,  // More bytes are needed.
    kComplete,
    kRefused,  // The connection cannot go on: where the next request would begin is not known.
  };
  Outcome outcome = Outcome::kIncomplete;
  HttpRequest request;  // kComplete: all but remote_address and peer.
  int minor_version = 1;
  size_t bytes = 0;  // kComplete: how many of `input` it took.
  Refusal refusal{400, ""};
};

// Parses the request at the beginning of `input`. Errors: 400 malformed, 405 neither GET nor HEAD,
// 413 with a body, 431 longer than `limit`, 417 and 501 as CheckHead.
ShortRequest ParseShortRequest(std::string_view input, size_t limit);

}  // namespace pedia::apiserver
