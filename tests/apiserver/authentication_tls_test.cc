// Authentication over real TLS connections: what the handshake lets in is judged for each request.
#include <gmock/gmock.h>

#include <memory>
#include <thread>

#include "apiserver/delegated_authenticator.h"
#include "tests/apiserver/fake_host.h"
#include "tests/http/test_client.h"
#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

using certs::KeyPair;
using pedia::testing::ClientTls;
using pedia::testing::IsOk;
using pedia::testing::TestClient;
using std::chrono::milliseconds;

KeyPair Issue(const KeyPair& ca, const std::string& name, certs::Usage usage, int64_t lifetime) {
  return *certs::IssueCertificate(ca, {.common_name = name,
                                       .organizations = {"dev"},
                                       .dns_names = {},
                                       .ip_addresses = {"127.0.0.1"},
                                       .usage = usage,
                                       .lifetime_seconds = lifetime});
}
KeyPair IssueClient(const KeyPair& ca, const std::string& name, int64_t lifetime = 3600) {
  return Issue(ca, name, certs::Usage::kClient, lifetime);
}
KeyPair Authority() { return *certs::MakeCertificateAuthority("ca", 86400); }

class AuthenticationTlsTest : public ::testing::Test {
 protected:
  AuthenticationTlsTest() {
    Trust(proxy_ca_.certificate_pem);
    auto started = DelegatedAuthenticator::Start({}, &host_.client());
    EXPECT_THAT(started, IsOk());
    authenticator_ = *std::move(started);
    const KeyPair serving = Issue(server_ca_, "pedia", certs::Usage::kServer, 3600);
    HttpServerOptions options;
    options.tls = TlsOptions{serving.certificate_pem, serving.key_pem, ""};
    options.tls->ask_client_certificates = true;
    auto server = StartBeastServer(
        options, [this](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& answer) {
          const auto user = authenticator_->Authenticate(request);
          if (user.ok()) return answer->Send(200, {}, user->name);
          answer->Send(user.status().http_code(), {}, user.status().message());
        });
    EXPECT_THAT(server, IsOk());
    server_ = *std::move(server);
  }

  void Trust(const std::string& proxy_ca) {
    host_.SetConfigMap({{"client-ca-file", client_ca_.certificate_pem},
                        {"requestheader-client-ca-file", proxy_ca},
                        {"requestheader-allowed-names", R"(["front"])"},
                        {"requestheader-username-headers", R"(["X-Remote-User"])"}});
  }
  std::unique_ptr<TestClient> Connect(const std::optional<KeyPair>& certificate) {
    const ClientTls tls{server_ca_.certificate_pem, certificate};
    auto client = std::make_unique<TestClient>(server_->port(), &tls);
    EXPECT_TRUE(client->connected());
    return client;
  }
  // The user that a request with "X-Remote-User: alice" is from.
  static std::string Ask(TestClient& client) {
    return client.Get("/", "X-Remote-User: alice\r\n").body;
  }
  std::string AskAs(const std::optional<KeyPair>& certificate) {
    return Ask(*Connect(certificate));
  }

  const KeyPair server_ca_ = Authority(), client_ca_ = Authority(), proxy_ca_ = Authority(),
                foreign_ca_ = Authority();
  FakeHost host_;
  std::unique_ptr<DelegatedAuthenticator> authenticator_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(AuthenticationTlsTest, OnlyTheFrontProxySpeaksForOthers) {
  EXPECT_EQ(AskAs(IssueClient(proxy_ca_, "front")), "alice");
  EXPECT_EQ(AskAs(IssueClient(proxy_ca_, "other")), "Unauthorized");
  EXPECT_EQ(AskAs(IssueClient(client_ca_, "front")), "front");
  EXPECT_EQ(AskAs(IssueClient(foreign_ca_, "front")), "Unauthorized");
  EXPECT_EQ(AskAs(IssueClient(proxy_ca_, "front", -1)), "Unauthorized");
  EXPECT_EQ(AskAs(Issue(proxy_ca_, "front", certs::Usage::kServer, 3600)), "Unauthorized");
  EXPECT_EQ(AskAs({}), "system:anonymous");
}

TEST_F(AuthenticationTlsTest, AConnectionIsAsGoodAsItsAuthorityIsNow) {
  const auto proxy = Connect(IssueClient(proxy_ca_, "front"));
  EXPECT_EQ(Ask(*proxy), "alice");
  const KeyPair new_ca = Authority();
  const auto new_proxy = Connect(IssueClient(new_ca, "front"));
  EXPECT_EQ(Ask(*new_proxy), "Unauthorized");
  Trust(new_ca.certificate_pem);
  const auto deadline = std::chrono::steady_clock::now() + pedia::testing::kPatience;
  while (Ask(*new_proxy) != "alice" && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(milliseconds(5));
  EXPECT_EQ(Ask(*new_proxy), "alice");
  EXPECT_EQ(Ask(*proxy), "Unauthorized");
}

}  // namespace
}  // namespace pedia::apiserver
