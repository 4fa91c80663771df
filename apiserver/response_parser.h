// ResponseParser: a server's bytes in, one answer out, as it comes: for connections on which
// libcurl does not read. Source: RFC 9112. Private to the http library and the proxy.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "apiserver/http_server.h"

namespace pedia::apiserver {

// One thread. Interim answers (100) are passed over.
class ResponseParser {
 public:
  explicit ResponseParser(bool of_head_request);
  ~ResponseParser();

  // False: this is no HTTP, or the head is too large.
  bool Feed(std::string_view bytes);
  // The connection has ended. False: in the middle of the answer.
  bool End();

  bool has_head() const;
  int status() const;
  const HeaderFields& headers() const;
  std::string TakeBody();  // What has come of it since the last time, unchunked.
  bool complete() const;
  std::string TakeRest();  // What came behind the answer: behind 101 the other protocol.

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace pedia::apiserver
