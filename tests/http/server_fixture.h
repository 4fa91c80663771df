// What the suites of the HTTP back-ends share: the back-ends by name, a TLS world, and a server
// that is asked and answered.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "apiserver/http_server.h"
#include "certs/key_pair.h"
#include "test_client.h"
#include "tests/testing/matchers.h"

namespace pedia::apiserver {

using pedia::testing::ClientTls;
using pedia::testing::HttpAnswer;
using pedia::testing::kPatience;
using pedia::testing::TestClient;
using std::chrono::milliseconds;

enum class Backend { kBeastPlain, kBeastTls, kPistache };
inline std::string BackendName(const ::testing::TestParamInfo<Backend>& info) {
  switch (info.param) {
    case Backend::kBeastPlain:
      return "BeastPlain";
    case Backend::kBeastTls:
      return "BeastTls";
    default:
      return "PistachePlain";
  }
}

// A server CA, a client CA and a foreign one, made once.
struct TlsWorld {
  static const TlsWorld& Get();
  TlsOptions Serving(const std::string& common_name) const;
  certs::KeyPair server_ca, client_ca, foreign_ca;
  certs::KeyPair alice;    // O: dev, ops; signed by client_ca.
  certs::KeyPair mallory;  // Signed by foreign_ca.
  certs::KeyPair expired;  // Alice's of old.
};

// Something that happens once, waited for with patience.
class Event {
 public:
  void Set();
  bool Wait(std::chrono::milliseconds patience = kPatience);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
};

// Polls; for states of the server that have no event.
bool Eventually(const std::function<bool()>& condition);

class ServerTest : public ::testing::TestWithParam<Backend> {
 protected:
  bool is_tls() const { return GetParam() == Backend::kBeastTls; }
  bool is_beast() const { return GetParam() != Backend::kPistache; }
  // Ends the server. Declared after what a handler refers to, it ends the handler first.
  struct Running {
    ServerTest& test;
    ~Running() { test.server_.reset(); }
  };
  [[nodiscard]] Running Run(HttpHandler handler, HttpServerOptions options = {});
  void Start(HttpHandler handler,
             HttpServerOptions options = {});  // For handlers that refer to nothing.
  // Answers 200 with the method and the target.
  void StartEcho(HttpServerOptions options = {});
  std::unique_ptr<TestClient> Connect();
  // A connection on which no TLS handshake is begun.
  std::unique_ptr<TestClient> ConnectRaw() { return std::make_unique<TestClient>(server_->port()); }
  HttpAnswer GetOnce(const std::string& target);
  uint16_t port() const { return server_->port(); }

  std::unique_ptr<HttpServer> server_;
};

MATCHER_P(IsStatusObject, code, "is a metav1.Status of that code") {
  return arg.status == code && arg.Header("Content-Type") == "application/json" &&
         arg.body.find("\"kind\":\"Status\"") != std::string::npos &&
         arg.body.find("\"code\":" + std::to_string(code)) != std::string::npos;
}

}  // namespace pedia::apiserver

namespace pedia::testing {
inline void PrintTo(const HttpAnswer& answer, std::ostream* out) {
  *out << answer.status << " " << answer.body.substr(0, 300);
}
}  // namespace pedia::testing
