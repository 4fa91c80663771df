// RequestParser: a client's bytes in, checked requests out; Boost.Beast's parser with what it lets
// through refused. Source: RFC 9112. Private to the http library.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "apiserver/http_server.h"
#include "apiserver/http_wire.h"

namespace pedia::apiserver {

// One thread. Handles the requests of a connection one after the other.
class RequestParser {
 public:
  RequestParser(size_t max_header_bytes, size_t max_body_bytes);
  ~RequestParser();

  void Append(std::string_view bytes);
  enum class Outcome {
    kNothing,  // No byte of a request yet.
    kIncomplete,
    kComplete,  // Take it, then Reset.
    kRefused,  // Nothing more can be read from this client: where a next request would begin is not
               // known.
  };
  // Parses what there is.
  Outcome Advance();
  HttpRequest& request();          // kComplete: all but remote_address and peer.
  const Refusal& refusal() const;  // kRefused.

  // Of the request at hand, once its head is known; else as for a plain HTTP/1.1 GET.
  bool is_head() const;
  int minor_version() const;
  bool keep_alive() const;
  // True once: the client waits for "100 Continue" before it sends the body.
  bool TakeExpectation();

  // Makes ready for the next request, of which bytes may be there already.
  void Reset();
  size_t unparsed_bytes() const;
  std::string TakeUnparsed();  // What is behind the request is not HTTP.

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace pedia::apiserver
