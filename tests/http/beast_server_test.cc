// What only the Beast back-end does: bodies, large and endless answers, TLS.
#include <dirent.h>
#include <sys/resource.h>

#include <numeric>
#include <thread>

#include "server_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class BeastServerTest : public ServerTest {
 protected:
  // Answers with the body of the request.
  void StartBodyEcho(HttpServerOptions options = {}) {
    Start(
        [](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
          response->Send(200, {}, request.body);
        },
        std::move(options));
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, BeastServerTest,
                         ::testing::Values(Backend::kBeastPlain, Backend::kBeastTls), BackendName);

constexpr char kPost[] = "POST / HTTP/1.1\r\nHost: a\r\n";

TEST_P(BeastServerTest, TakesAUrlOf64Kilobytes) {
  StartEcho();
  const std::string target = "/" + std::string(64 * 1024, 'a');
  EXPECT_EQ(GetOnce(target).body, "GET " + target);
}

TEST_P(BeastServerTest, TakesABodyWithALength) {
  StartBodyEcho();
  const auto client = Connect();
  const std::string body(1'000'000, 'b');
  EXPECT_EQ(client->Ask(kPost + ("Content-Length: 1000000\r\n\r\n" + body)).body, body);
  EXPECT_EQ(client->Ask(std::string(kPost) + "Content-Length: 2\r\n\r\nok").body, "ok");
}

TEST_P(BeastServerTest, TakesAChunkedBodySplitAnywhere) {
  StartBodyEcho();
  const auto client = Connect();
  const std::string request = std::string(kPost) +
                              "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0A;x=\"y\"\r\n, "
                              "chunked!\r\n0\r\nX-Trailer: t\r\n\r\n";
  for (size_t split = 1; split < request.size(); ++split) {
    ASSERT_TRUE(client->Send(request.substr(0, split)));
    if (split % 7 == 0) std::this_thread::yield();
    const HttpAnswer answer = client->Ask(request.substr(split));
    ASSERT_EQ(answer.body, "hello, chunked!") << "split at " << split;
  }
}

TEST_P(BeastServerTest, KeepsTrailersOutOfTheHeaders) {
  std::optional<std::string> seen;
  const Running running =
      Run([&](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
        if (const auto value = request.Header("Authorization")) seen = *value;
        response->Send(200, {}, "");
      });
  EXPECT_EQ(Connect()
                ->Ask(std::string(kPost) +
                      "Transfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: x\r\n\r\n")
                .status,
            200);
  server_.reset();
  EXPECT_EQ(seen, std::nullopt);
}

TEST_P(BeastServerTest, RefusesMalformedChunks) {
  StartBodyEcho();
  for (const std::string body : {"x\r\n", "5\r\nhelloxx\r\n", "-1\r\n", "5 \r\nhello\r\n",
                                 "FFFFFFFFFFFFFFFFF\r\n", "5\nhello\r\n"}) {
    SCOPED_TRACE(body);
    EXPECT_THAT(Connect()->Ask(kPost + ("Transfer-Encoding: chunked\r\n\r\n" + body)),
                IsStatusObject(400));
  }
  EXPECT_THAT(
      Connect()->Ask(kPost + ("Transfer-Encoding: chunked\r\n\r\n5;" + std::string(100'000, 'x'))),
      IsStatusObject(400));
}

TEST_P(BeastServerTest, RefusesABodyBeyondTheLimit) {
  StartBodyEcho({.max_body_bytes = 10});
  EXPECT_EQ(Connect()->Ask(std::string(kPost) + "Content-Length: 10\r\n\r\n0123456789").status,
            200);
  EXPECT_THAT(Connect()->Ask(std::string(kPost) + "Content-Length: 11\r\n\r\n"),
              IsStatusObject(413));
  EXPECT_THAT(
      Connect()->Ask(std::string(kPost) + "Transfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n"),
      IsStatusObject(413));
}

TEST_P(BeastServerTest, LetsAClientReadTheRefusalOfABodyItIsStillSending) {
  StartBodyEcho({.max_body_bytes = 10});
  const auto client = Connect();
  client->Send(kPost + ("Content-Length: 3000000\r\n\r\n" + std::string(300'000, 'x')));
  EXPECT_THAT(client->Receive(), IsStatusObject(413));
}

TEST_P(BeastServerTest, AsksForTheBodyOfAClientThatExpectsIt) {
  StartBodyEcho({.max_body_bytes = 10});
  const auto client = Connect();
  ASSERT_TRUE(
      client->Send(std::string(kPost) + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  EXPECT_EQ(client->ReceiveSome(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client->Ask("ok").body, "ok");
  EXPECT_THAT(
      client->Ask(std::string(kPost) + "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n"),
      IsStatusObject(413));
}

TEST_P(BeastServerTest, SendsABodyWithoutALengthInChunks) {
  const std::string piece(100'000, 'p');
  const Running running =
      Run([&](const HttpRequest&, const std::shared_ptr<ResponseWriter>& response) {
        response->WriteHead(200, {}, std::nullopt);
        for (int i = 0; i < 50; ++i) EXPECT_TRUE(response->Write(piece));
        EXPECT_TRUE(response->Write(""));
        response->Finish();
      });
  const auto client = Connect();
  for (int i = 0; i < 2; ++i) {
    const HttpAnswer answer = client->Get("/");
    EXPECT_EQ(answer.Header("Transfer-Encoding"), "chunked");
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(answer.body.size(), 5'000'000);
  }
}

TEST_P(BeastServerTest, EndsABodyWithoutALengthByClosingToHttp10) {
  const Running running =
      Run([&](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
        response->WriteHead(200, {}, std::nullopt);
        response->Write("body");
        if (request.target == "/whole") response->Finish();
      });
  const HttpAnswer answer = Connect()->Ask("GET /whole HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(answer.Header("Transfer-Encoding"), "");
  EXPECT_EQ(answer.Header("Connection"), "close");
  EXPECT_EQ(answer.body, "body");
}

TEST_P(BeastServerTest, StreamsAWatchWithoutWaitingForItsEnd) {
  std::shared_ptr<ResponseWriter> watch;
  Event begun;
  const Running running = Run(
      [&](const HttpRequest&, const std::shared_ptr<ResponseWriter>& response) {
        response->WriteHead(200, {}, std::nullopt);
        watch = response;
        begun.Set();
      },
      {.workers = 1, .max_requests = 1});
  const auto client = Connect();
  ASSERT_TRUE(client->Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(begun.Wait());
  EXPECT_THAT(client->ReceiveSome(), HasSubstr("chunked"));
  for (const char* event : {"one", "two"}) {
    ASSERT_TRUE(watch->TryWrite(event, 1000));
    EXPECT_EQ(client->ReceiveSome(), "3\r\n" + std::string(event) + "\r\n");
  }
  watch->Finish();
  EXPECT_EQ(client->ReceiveSome(), "0\r\n\r\n");
}

TEST_P(BeastServerTest, TryWriteRefusesInsteadOfWaitingForASlowClient) {
  std::shared_ptr<ResponseWriter> watch;
  Event begun;
  const Running running =
      Run([&](const HttpRequest&, const std::shared_ptr<ResponseWriter>& response) {
        response->WriteHead(200, {}, std::nullopt);
        watch = response;
        begun.Set();
      });
  const auto client = Connect();
  ASSERT_TRUE(client->Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(begun.Wait());
  const std::string event(10'000, 'e');
  size_t accepted = 0;
  while (accepted < 100'000'000 && watch->TryWrite(event, 1'000'000)) accepted += event.size();
  EXPECT_LT(accepted, 100'000'000);
  watch->Abort();
}

TEST_P(BeastServerTest, BoundsTheMemoryOfAStalledClientAndCutsItOff) {
  std::atomic<size_t> accepted = 0;
  Event cut;
  const Running running = Run(
      [&](const HttpRequest&, const std::shared_ptr<ResponseWriter>& response) {
        response->WriteHead(200, {}, std::nullopt);
        const std::string piece(1'000'000, 'p');
        while (accepted < 200'000'000 && response->Write(piece)) accepted += piece.size();
        EXPECT_TRUE(response->ClientGone());
        cut.Set();
      },
      {.write_timeout = milliseconds(300)});
  const auto client = Connect();
  ASSERT_TRUE(client->Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(cut.Wait());
  EXPECT_LT(accepted, 50'000'000);  // The kernel's buffers take some megabytes.
  EXPECT_FALSE(client->Receive().complete);
}

TEST_P(BeastServerTest, ServesOthersWhileSomeClientsDoNotRead) {
  std::atomic<int> stalled = 0;
  const Running running = Run(
      [&](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
        if (request.target == "/small") return response->Send(200, {}, "small");
        const std::string large(30'000'000, 'l');
        ++stalled;
        response->Send(200, {}, large);
      },
      {.io_threads = 1, .workers = 6, .write_timeout = kPatience * 3});
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(Connect());
    ASSERT_TRUE(clients.back()->Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n"));
  }
  ASSERT_TRUE(Eventually([&] { return stalled == 5; }));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(GetOnce("/small").body, "small");
}

TEST_P(BeastServerTest, ReleasesABlockedHandlerWhenTheServerEnds) {
  Event begun;
  std::atomic<bool> refused = false;
  const Running running =
      Run([&](const HttpRequest&, const std::shared_ptr<ResponseWriter>& response) {
        response->WriteHead(200, {}, std::nullopt);
        begun.Set();
        const std::string piece(1'000'000, 'p');
        while (response->Write(piece)) continue;
        refused = true;
      });
  const auto client = Connect();
  ASSERT_TRUE(client->Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(begun.Wait());
  server_.reset();
  EXPECT_TRUE(refused);
}

size_t OpenDescriptors() {
  size_t count = 0;
  DIR* const directory = opendir("/proc/self/fd");
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

TEST_P(BeastServerTest, LeavesNoDescriptorBehind) {
  StartEcho();
  GetOnce("/warm");
  ASSERT_TRUE(Eventually([&] { return OpenDescriptors() > 0; }));
  server_.reset();
  const size_t before = OpenDescriptors();
  StartEcho();
  for (int i = 0; i < 50; ++i) GetOnce("/");
  server_.reset();
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_P(BeastServerTest, AcceptsAgainAfterTheDescriptorsRanOut) {
  StartEcho();
  EXPECT_EQ(GetOnce("/warm").status, 200);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit few = limit;
  few.rlim_cur = OpenDescriptors() + 2;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<std::unique_ptr<TestClient>>
      clients;  // Ours count too: some connect and are never accepted.
  for (int i = 0; i < 8; ++i) clients.push_back(ConnectRaw());
  clients.clear();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(GetOnce("/again").body, "GET /again");
}

// --- TLS ---

class TlsServerTest : public ServerTest {
 protected:
  void StartIdentityEcho(HttpServerOptions options = {}) {
    Start(
        [](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
          if (!request.peer) return response->Send(200, {}, "nobody");
          const auto& groups = request.peer->organizations;
          response->Send(200, {},
                         std::accumulate(groups.begin(), groups.end(), request.peer->common_name,
                                         [](const std::string& a, const std::string& b) {
                                           return a + "," + b;
                                         }));
        },
        std::move(options));
  }
  std::string IdentityOf(const std::optional<certs::KeyPair>& key_pair) {
    const ClientTls tls{.ca_pem = TlsWorld::Get().server_ca.certificate_pem, .key_pair = key_pair};
    TestClient client(port(), &tls);
    return client.connected() ? client.Get("/").body : "refused";
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, TlsServerTest, ::testing::Values(Backend::kBeastTls),
                         BackendName);

TEST_P(TlsServerTest, KnowsAClientByItsCertificate) {
  StartIdentityEcho();
  EXPECT_EQ(IdentityOf(TlsWorld::Get().alice), "alice,dev,ops");
  EXPECT_EQ(IdentityOf(std::nullopt), "nobody");
}

TEST_P(TlsServerTest, KnowsAClientThatResumesItsSession) {
  StartIdentityEcho();
  ClientTls tls{.ca_pem = TlsWorld::Get().server_ca.certificate_pem,
                .key_pair = TlsWorld::Get().alice};
  TestClient first(port(), &tls);
  ASSERT_EQ(first.Get("/").body, "alice,dev,ops");
  tls.session = first.Session();
  TestClient second(port(), &tls);
  EXPECT_EQ(second.Get("/").body, "alice,dev,ops");
  EXPECT_TRUE(second.resumed());
}

TEST_P(TlsServerTest, RefusesACertificateOfAForeignAuthority) {
  StartIdentityEcho();
  EXPECT_THAT(IdentityOf(TlsWorld::Get().mallory), ::testing::AnyOf("refused", ""));
}

TEST_P(TlsServerTest, ServesANewCertificateWithoutDisturbingOldConnections) {
  StartEcho();
  const auto old = Connect();
  EXPECT_EQ(old->PeerCertificateName(), "first");
  ASSERT_THAT(server_->ReplaceCertificate(TlsWorld::Get().Serving("second")),
              pedia::testing::IsOk());
  EXPECT_EQ(Connect()->PeerCertificateName(), "second");
  EXPECT_EQ(old->Get("/old").body, "GET /old");
}

TEST_P(TlsServerTest, KeepsItsCertificateWhenTheNewOneIsUnusable) {
  StartEcho();
  TlsOptions mixed = TlsWorld::Get().Serving("second");
  mixed.key_pem = TlsWorld::Get().alice.key_pem;
  using pedia::testing::FailsWith;
  EXPECT_THAT(server_->ReplaceCertificate(mixed),
              FailsWith(StatusReason::kBadRequest, HasSubstr("do not belong together")));
  EXPECT_THAT(server_->ReplaceCertificate({"x", "y", ""}),
              FailsWith(StatusReason::kBadRequest, HasSubstr("cannot be read")));
  EXPECT_EQ(Connect()->PeerCertificateName(), "first");
}

TEST_P(TlsServerTest, ServesOthersWhileHandshakesAreSilent) {
  StartEcho({.io_threads = 1, .handshake_timeout = kPatience * 3});
  std::vector<std::unique_ptr<TestClient>> silent;
  for (int i = 0; i < 50; ++i) silent.push_back(ConnectRaw());
  silent[0]->Send("\x16");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(GetOnce("/").status, 200);
}

TEST_P(TlsServerTest, CutsOffASilentHandshake) {
  StartEcho({.handshake_timeout = milliseconds(100)});
  EXPECT_EQ(ConnectRaw()->ReceiveUntilClose(), "");
}

TEST_P(TlsServerTest, CutsOffAHandshakeThatDrips) {
  StartEcho({.handshake_timeout = milliseconds(300)});
  const auto client = ConnectRaw();
  // The beginning of a handshake record of 16 KB.
  client->Send(std::string("\x16\x03\x01\x40\x00\x01", 6));
  std::jthread dripping([&](const std::stop_token& stop) {
    while (!stop.stop_requested() && client->Send("x"))
      std::this_thread::sleep_for(milliseconds(20));
  });
  EXPECT_TRUE(client->ReceiveUntilClose().has_value());
}

TEST_P(TlsServerTest, SurvivesPlainHttp) {
  StartEcho();
  const auto client = ConnectRaw();
  client->Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client->ReceiveUntilClose().has_value());
  EXPECT_EQ(GetOnce("/").status, 200);
}

TEST(BeastServerStartTest, RefusesUnusableTlsOptions) {
  HttpServerOptions options;
  options.tls = TlsOptions{"no", "pem", ""};
  EXPECT_THAT(
      StartBeastServer(options, [](const HttpRequest&, const std::shared_ptr<ResponseWriter>&) {}),
      pedia::testing::FailsWith(StatusReason::kBadRequest, HasSubstr("certificate")));
}

}  // namespace
}  // namespace pedia::apiserver
