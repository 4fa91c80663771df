// TLS as the flags of an API server ask for it: unverified client certificates, certificates by server
// name, versions and suites, rotation under load.
#include <openssl/ssl.h>

#include <thread>

#include "meta/guarded.h"
#include "server_fixture.h"

namespace pedia::apiserver {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::AnyOf;
using ::testing::HasSubstr;

class TlsOptionsTest : public ServerTest {
 protected:
  // Answers with what it knows of the client: "alice,dev,ops unverified 2" (certificates).
  void StartWith(TlsOptions tls) {
    Start(
        [](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
          if (!request.peer) return response->Send(200, {}, "nobody");
          std::string text = request.peer->common_name;
          for (const std::string& group : request.peer->organizations) text += ',' + group;
          text += request.peer->verified ? " verified " : " unverified ";
          response->Send(200, {}, text + std::to_string(request.peer->chain_der.size()));
        },
        {.tls = std::move(tls)});
  }
  static TlsOptions Asking() {
    TlsOptions tls = TlsWorld::Get().Serving("first");
    tls.client_ca_pem.clear();
    tls.ask_client_certificates = true;
    return tls;
  }
  static ClientTls Client(std::optional<certs::KeyPair> key_pair = std::nullopt) {
    return {.ca_pem = TlsWorld::Get().server_ca.certificate_pem, .key_pair = std::move(key_pair)};
  }
  std::string IdentityOf(const ClientTls& tls) {
    TestClient client(port(), &tls);
    return client.connected() ? client.Get("/").body : "refused";
  }
  static SniCertificate CertificateFor(const std::string& common_name,
                                       std::vector<std::string> names) {
    const TlsOptions tls = TlsWorld::Get().Serving(common_name);
    return {tls.certificate_pem, tls.key_pem, std::move(names)};
  }
  std::string CertificateShownTo(const std::string& server_name) {
    ClientTls tls = Client();
    tls.server_name = server_name;
    const TestClient client(port(), &tls);
    return client.connected() ? client.PeerCertificateName() : "refused";
  }
  Status TryOptions(const TlsOptions& tls) { return server_->ReplaceCertificate(tls); }
};
INSTANTIATE_TEST_SUITE_P(Backends, TlsOptionsTest, ::testing::Values(Backend::kBeastTls),
                         BackendName);

TEST_P(TlsOptionsTest, LetsEveryClientCertificateInForTheHandlerToJudge) {
  StartWith(Asking());
  EXPECT_EQ(IdentityOf(Client(TlsWorld::Get().alice)), "alice,dev,ops unverified 1");
  EXPECT_EQ(IdentityOf(Client(TlsWorld::Get().mallory)), "alice,dev,ops unverified 1");
  EXPECT_EQ(IdentityOf(Client(TlsWorld::Get().expired)), "alice,dev,ops unverified 1");
  EXPECT_EQ(IdentityOf(Client()), "nobody");
}

TEST_P(TlsOptionsTest, HandsOverTheChainAsItWasSent) {
  Guarded<std::vector<std::string>> seen;
  const Running running = Run(
      [&](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
        if (request.peer) seen.With([&](auto& chain) { chain = request.peer->chain_der; });
        response->Send(200, {}, "");
      },
      {.tls = Asking()});
  certs::KeyPair pair = TlsWorld::Get().alice;
  pair.certificate_pem += TlsWorld::Get().client_ca.certificate_pem;
  const ClientTls tls = Client(pair);
  EXPECT_EQ(TestClient(port(), &tls).Get("/").status, 200);
  seen.With([](const auto& chain) {
    ASSERT_EQ(chain.size(), 2);
    EXPECT_THAT(chain[0], HasSubstr("alice"));
    EXPECT_THAT(chain[1], HasSubstr("client-ca"));
    EXPECT_THAT(chain[1], ::testing::Not(HasSubstr("alice")));
  });
}

TEST_P(TlsOptionsTest, SaysOfAVerifiedClientThatItIs) {
  StartWith(TlsWorld::Get().Serving("first"));
  EXPECT_EQ(IdentityOf(Client(TlsWorld::Get().alice)), "alice,dev,ops verified 0");
  EXPECT_THAT(IdentityOf(Client(TlsWorld::Get().expired)), AnyOf("refused", ""));
}

TEST_P(TlsOptionsTest, NeedsTheKeyOfACertificateAlsoUnverified) {
  StartWith(Asking());
  certs::KeyPair stolen = TlsWorld::Get().alice;
  stolen.key_pem = TlsWorld::Get().mallory.key_pem;
  EXPECT_THAT(IdentityOf(Client(stolen)), ::testing::Not(HasSubstr("alice")));
}

TEST_P(TlsOptionsTest, RefusesAnOverlongChain) {
  StartWith(Asking());
  certs::KeyPair pair = TlsWorld::Get().alice;
  for (int i = 0; i < 100; ++i) pair.certificate_pem += TlsWorld::Get().client_ca.certificate_pem;
  EXPECT_THAT(IdentityOf(Client(pair)), AnyOf("refused", ""));
  EXPECT_EQ(IdentityOf(Client()), "nobody");
}

TEST_P(TlsOptionsTest, ResumesNoSessionOfAnUnverifiedClient) {
  StartWith(Asking());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    ClientTls tls = Client(TlsWorld::Get().alice);
    tls.max_version = version;
    TestClient first(port(), &tls);
    ASSERT_EQ(first.Get("/").body, "alice,dev,ops unverified 1");
    tls.session = first.Session();
    tls.key_pair.reset();
    TestClient second(port(), &tls);
    EXPECT_EQ(second.Get("/").body, "nobody");
    EXPECT_FALSE(second.resumed());
  }
}

TEST_P(TlsOptionsTest, ChoosesACertificateByTheNameAskedFor) {
  TlsOptions tls = Asking();
  tls.sni = {CertificateFor("exact", {"a.example", "Upper.Example"}),
             CertificateFor("wild", {"*.example", "a.example"}), CertificateFor("own", {})};
  StartWith(tls);
  EXPECT_EQ(CertificateShownTo("a.example"), "exact");
  EXPECT_EQ(CertificateShownTo("A.EXAMPLE"), "exact");
  EXPECT_EQ(CertificateShownTo("upper.example"), "exact");
  EXPECT_EQ(CertificateShownTo("b.example"), "wild");
  EXPECT_EQ(CertificateShownTo("b.a.example"), "first");
  EXPECT_EQ(CertificateShownTo("example"), "first");
  EXPECT_EQ(CertificateShownTo("localhost"), "own");
  EXPECT_EQ(CertificateShownTo(""), "first");
  EXPECT_EQ(CertificateShownTo(std::string(250, 'x')), "first");
}

TEST_P(TlsOptionsTest, KnowsAClientAlsoBehindAnotherName) {
  TlsOptions tls = Asking();
  tls.sni = {CertificateFor("other", {"other.example"})};
  StartWith(tls);
  ClientTls client = Client(TlsWorld::Get().mallory);
  client.server_name = "other.example";
  EXPECT_EQ(IdentityOf(client), "alice,dev,ops unverified 1");
  TlsOptions verifying = TlsWorld::Get().Serving("first");
  verifying.sni = tls.sni;
  ASSERT_THAT(TryOptions(verifying), IsOk());
  EXPECT_THAT(IdentityOf(client), AnyOf("refused", ""));
  client.key_pair = TlsWorld::Get().alice;
  EXPECT_EQ(IdentityOf(client), "alice,dev,ops verified 0");
}

TEST_P(TlsOptionsTest, RefusesAnUnusableCertificateForAName) {
  StartWith(Asking());
  TlsOptions tls = Asking();
  tls.sni = {{"no", "pem", {"a.example"}}};
  EXPECT_THAT(TryOptions(tls), FailsWith(StatusReason::kBadRequest, HasSubstr("certificate")));
}

TEST_P(TlsOptionsTest, ServesNoVersionBelowTheMinimum) {
  TlsOptions tls = Asking();
  tls.min_version = "VersionTLS13";
  StartWith(tls);
  ClientTls client = Client();
  EXPECT_EQ(IdentityOf(client), "nobody");
  client.max_version = TLS1_2_VERSION;
  EXPECT_EQ(IdentityOf(client), "refused");
  tls.min_version = "VersionTLS12";
  ASSERT_THAT(TryOptions(tls), IsOk());
  EXPECT_EQ(IdentityOf(client), "nobody");
}

TEST_P(TlsOptionsTest, RefusesVersionsByTheirNames) {
  StartWith(Asking());
  TlsOptions tls = Asking();
  for (const char* name : {"VersionTLS10", "VersionTLS11"}) {
    tls.min_version = name;
    EXPECT_THAT(TryOptions(tls),
                FailsWith(StatusReason::kBadRequest,
                          ::testing::AllOf(HasSubstr(name), HasSubstr("not safe"))));
  }
  tls.min_version = "TLS1.2";
  EXPECT_THAT(TryOptions(tls), FailsWith(StatusReason::kBadRequest, HasSubstr("\"TLS1.2\"")));
}

TEST_P(TlsOptionsTest, SpeaksOnlyTheSuitesThatItWasGiven) {
  TlsOptions tls = Asking();
  tls.cipher_suites = {"TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"};
  StartWith(tls);
  ClientTls client = Client();
  EXPECT_EQ(IdentityOf(client), "nobody");  // By TLS 1.3.
  client.max_version = TLS1_2_VERSION;
  EXPECT_EQ(TestClient(port(), &client).CipherSuite(), "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
  tls.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305"};
  ASSERT_THAT(TryOptions(tls), IsOk());
  EXPECT_EQ(TestClient(port(), &client).CipherSuite(),
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
}

TEST_P(TlsOptionsTest, SpeaksOnlyTls13WithItsSuitesAlone) {
  TlsOptions tls = Asking();
  tls.cipher_suites = {"TLS_AES_256_GCM_SHA384"};
  StartWith(tls);
  ClientTls client = Client();
  EXPECT_EQ(IdentityOf(client), "nobody");
  client.max_version = TLS1_2_VERSION;
  EXPECT_EQ(IdentityOf(client), "refused");
}

TEST_P(TlsOptionsTest, KnowsTheSuitesThatKubernetesRecommends) {
  StartWith(Asking());
  TlsOptions tls = Asking();
  for (const char* authentication : {"ECDSA", "RSA"}) {
    for (const char* cipher :
         {"AES_128_CBC_SHA", "AES_128_GCM_SHA256", "AES_256_CBC_SHA", "AES_256_GCM_SHA384",
          "CHACHA20_POLY1305", "CHACHA20_POLY1305_SHA256"}) {
      tls.cipher_suites = {std::string("TLS_ECDHE_") + authentication + "_WITH_" + cipher};
      EXPECT_THAT(TryOptions(tls), IsOk()) << tls.cipher_suites[0];
    }
  }
}

TEST_P(TlsOptionsTest, RefusesUnknownAndUnsafeSuitesByTheirNames) {
  StartWith(Asking());
  TlsOptions tls = Asking();
  for (const char* name : {"TLS_RSA_WITH_NULL_SHA", "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
                           "ECDHE-RSA-AES128-GCM-SHA256", "TLS_PSK_WITH_AES_128_GCM_SHA256", "",
                           "ALL", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:ALL"}) {
    tls.cipher_suites = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", name};
    EXPECT_THAT(TryOptions(tls),
                FailsWith(StatusReason::kBadRequest, HasSubstr('"' + std::string(name) + '"')));
  }
}

TEST_P(TlsOptionsTest, FailsNoRequestWhileCertificatesAreReplaced) {
  std::vector<TlsOptions> rotation;
  for (const char* name : {"one", "two"}) {
    rotation.push_back(TlsWorld::Get().Serving(name));
    rotation.back().sni = {CertificateFor(name, {"other.example"})};
  }
  StartWith(rotation[0]);
  std::atomic<int> failed = 0;
  std::atomic<int> kept = 0;
  std::atomic<int> fresh = 0;
  std::vector<std::jthread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&](const std::stop_token& stop) {
      const auto client = Connect();
      while (!stop.stop_requested()) {
        failed += client->Get("/").status != 200;
        ++kept;
      }
    });
    clients.emplace_back([&, i](const std::stop_token& stop) {
      ClientTls tls = Client(TlsWorld::Get().alice);
      if (i % 2 == 0) tls.server_name = "other.example";
      while (!stop.stop_requested()) {
        TestClient client(port(), &tls);
        failed += client.Get("/").body != "alice,dev,ops verified 0";
        ++fresh;
      }
    });
  }
  for (size_t i = 0; i < 20; ++i) {
    ASSERT_THAT(server_->ReplaceCertificate(rotation[i % 2]), IsOk());
    const int kept_before = kept;
    const int fresh_before = fresh;
    ASSERT_TRUE(Eventually([&] { return kept > kept_before + 4 && fresh > fresh_before + 4; }));
  }
  clients.clear();
  EXPECT_EQ(failed, 0);
}

}  // namespace
}  // namespace pedia::apiserver
