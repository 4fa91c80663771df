// MemberServer: a real HTTPS server on loopback in the place of a member's kube-apiserver.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "apiserver/http_server.h"
#include "kube/rest_config.h"
#include "tests/kube/test_certificates.h"

namespace pedia::kube {

class MemberServer {
 public:
  explicit MemberServer(apiserver::HttpHandler handler,
                        certs::KeyPair certificate = IssueServer({}, {"127.0.0.1"})) {
    apiserver::HttpServerOptions options;
    options.tls = apiserver::TlsOptions{certificate.certificate_pem, certificate.key_pem,
                                        TestCa().certificate_pem};
    options.workers = 4;
    options.max_requests = 2000;
    auto server = apiserver::StartBeastServer(options, std::move(handler));
    EXPECT_TRUE(server.ok());
    if (server.ok()) server_ = *std::move(server);
  }
  uint16_t port() const { return server_->port(); }
  RestConfig config() const {
    RestConfig config;
    config.server = "https://127.0.0.1:" + std::to_string(port());
    config.ca_pem = TestCa().certificate_pem;
    return config;
  }

 private:
  std::unique_ptr<apiserver::HttpServer> server_;
};

}  // namespace pedia::kube
