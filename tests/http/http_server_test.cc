// What every back-end does.
#include "apiserver/http_server.h"

#include <thread>

#include "server_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class HttpServerTest : public ServerTest {};
INSTANTIATE_TEST_SUITE_P(Backends, HttpServerTest,
                         ::testing::Values(Backend::kBeastPlain, Backend::kBeastTls,
                                           Backend::kPistache),
                         BackendName);

TEST_P(HttpServerTest, AnswersRequestsOneAfterTheOtherOnOneConnection) {
  StartEcho();
  const auto client = Connect();
  for (const std::string target : {"/a", "/b?x=%20&y", "/c"}) {
    const HttpAnswer answer = client->Get(target);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "GET " + target);
    EXPECT_EQ(answer.Header("Content-Type"), "text/plain");
    EXPECT_THAT(answer.Header("Date"), HasSubstr(" GMT"));
  }
}

TEST_P(HttpServerTest, HandsOverRepeatedHeadersAndTheRawTarget) {
  HttpRequest seen;
  const Running running =
      Run([&](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
        seen = request;
        response->Send(200, {}, "");
      });
  EXPECT_EQ(Connect()->Get("/a%2Fb?k=1&k=2", "X-A: 1\r\nx-a:  2 \r\nAccept: \r\n").status, 200);
  server_.reset();
  EXPECT_EQ(seen.method, "GET");
  EXPECT_EQ(seen.target, "/a%2Fb?k=1&k=2");
  EXPECT_THAT(seen.headers, ElementsAre(Pair("Host", "test"), Pair("X-A", "1"), Pair("x-a", "2"),
                                        Pair("Accept", "")));
  EXPECT_EQ(seen.Header("X-a"), "1");
  EXPECT_EQ(seen.Header("X-B"), std::nullopt);
  EXPECT_THAT(seen.remote_address, HasSubstr("127.0.0.1:"));
  EXPECT_EQ(seen.peer, std::nullopt);
}

TEST_P(HttpServerTest, AnswersHeadWithTheLengthAndWithoutTheBody) {
  StartEcho();
  const auto client = Connect();
  ASSERT_TRUE(client->Send("HEAD /a HTTP/1.1\r\nHost: test\r\n\r\n"));
  const HttpAnswer answer = client->Receive(/*head_only=*/true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("Content-Length"), "7");
  EXPECT_EQ(client->Get("/b").body, "GET /b");
}

TEST_P(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  StartEcho();
  const auto client = Connect();
  std::string requests;
  for (int i = 0; i < 20; ++i)
    requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: test\r\n\r\n";
  ASSERT_TRUE(client->Send(requests));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client->Receive().body, "GET /" + std::to_string(i));
}

TEST_P(HttpServerTest, TakesARequestThatArrivesByteByByte) {
  StartEcho();
  const auto client = Connect();
  for (const char c : std::string("\r\nGET /slow HTTP/1.1\r\nHost: test\r\nX: y\r\n\r\n"))
    ASSERT_TRUE(client->Send({&c, 1}));
  EXPECT_EQ(client->Receive().body, "GET /slow");
}

TEST_P(HttpServerTest, ReducesAnAbsoluteTargetToItsPath) {
  StartEcho();
  const auto client = Connect();
  EXPECT_EQ(client->Get("http://other:1/a?b").body, "GET /a?b");
  EXPECT_EQ(client->Get("HTTPS://other?b").body, "GET /?b");
  EXPECT_EQ(client->Get("http://other").body, "GET /");
}

TEST_P(HttpServerTest, ClosesWhenTheClientAsksForIt) {
  StartEcho();
  const auto client = Connect();
  const HttpAnswer answer = client->Get("/a", "Connection: x, Close\r\n");
  EXPECT_EQ(answer.body, "GET /a");
  EXPECT_EQ(answer.Header("Connection"), "close");
  EXPECT_EQ(client->ReceiveUntilClose(), "");
}

TEST_P(HttpServerTest, ClosesAfterHttp10UnlessAskedToStay) {
  StartEcho();
  const auto client = Connect();
  const HttpAnswer kept = client->Ask("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.body, "GET /a");
  EXPECT_EQ(kept.Header("Connection"), "keep-alive");
  const HttpAnswer last = client->Ask("GET /b HTTP/1.0\r\n\r\n");
  EXPECT_EQ(last.body, "GET /b");
  EXPECT_EQ(client->ReceiveUntilClose(), "");
}

struct BadRequestCase {
  const char* request;
  int status;
};

class MalformedRequestTest : public ServerTest {
 protected:
  void Expect(const std::vector<BadRequestCase>& cases) {
    StartEcho();
    for (const auto& [request, status] : cases) {
      SCOPED_TRACE(request);
      const auto client = Connect();
      EXPECT_THAT(client->Ask(request), IsStatusObject(status));
      EXPECT_EQ(client->ReceiveUntilClose(), "");
    }
    EXPECT_EQ(GetOnce("/alive").body, "GET /alive");
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, MalformedRequestTest,
                         ::testing::Values(Backend::kBeastPlain, Backend::kBeastTls,
                                           Backend::kPistache),
                         BackendName);

TEST_P(MalformedRequestTest, IsRefusedAndTheConnectionClosed) {
  Expect({
      // The request line.
      {"GET /\r\nHost: a\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400},
      // Headers.
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX y: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\001b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n", 417},
  });
}

TEST_P(MalformedRequestTest, WithAmbiguousFramingIsRefused) {
  Expect({
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       400},
      {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: "
       "3\r\n\r\n0\r\n\r\n",
       400},
      {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
      {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
      {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 501},
      {"GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
  });
}

TEST_P(HttpServerTest, RefusesHeadersBeyondTheLimit) {
  StartEcho({.max_header_bytes = 4096});
  EXPECT_EQ(GetOnce("/" + std::string(3000, 'a')).status, 200);
  const auto client = Connect();
  EXPECT_THAT(client->Get("/" + std::string(5000, 'a')), IsStatusObject(431));
  EXPECT_EQ(client->ReceiveUntilClose(), "");
  EXPECT_THAT(Connect()->Get("/", "X: " + std::string(5000, 'a') + "\r\n"), IsStatusObject(431));
}

TEST_P(HttpServerTest, RefusesRequestsBeyondTheNumberInFlight) {
  Event begun, release;
  const Running running = Run(
      [&](const HttpRequest&, const std::shared_ptr<ResponseWriter>& response) {
        begun.Set();
        release.Wait();
        response->Send(200, {}, "done");
      },
      {.workers = 1, .max_requests = 1});
  const auto first = Connect();
  ASSERT_TRUE(first->Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(begun.Wait());
  const HttpAnswer refused = GetOnce("/");
  EXPECT_THAT(refused, IsStatusObject(429));
  EXPECT_EQ(refused.Header("Retry-After"), "1");
  release.Set();
  EXPECT_EQ(first->Receive().body, "done");
  EXPECT_TRUE(Eventually([&] { return GetOnce("/").body == "done"; }));
}

TEST_P(HttpServerTest, TurnsConnectionsAwayBeyondTheirNumber) {
  Event release;
  std::atomic<int> begun = 0;
  const Running running = Run(
      [&](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
        ++begun;
        if (request.target == "/slow") release.Wait();
        response->Send(200, {}, "done");
      },
      {.max_connections = 2});
  const auto first = Connect();
  const auto second = Connect();
  ASSERT_TRUE(first->Send("GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  ASSERT_TRUE(second->Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(Eventually([&] { return begun == 2; }));
  EXPECT_NE(GetOnce("/c").status, 200);
  release.Set();
  EXPECT_EQ(first->Receive().body, "done");
  EXPECT_TRUE(Eventually([&] { return GetOnce("/d").status == 200; }));
}

TEST_P(HttpServerTest, ClosesAConnectionThatStaysIdle) {
  StartEcho({.idle_timeout = milliseconds(100)});
  const auto client = Connect();
  EXPECT_EQ(client->Get("/a").status, 200);
  EXPECT_EQ(client->ReceiveUntilClose(), "");
}

TEST_P(HttpServerTest, ClosesAConnectionThatNeverAsks) {
  StartEcho({.header_timeout = milliseconds(100)});
  EXPECT_EQ(Connect()->ReceiveUntilClose(), "");
}

TEST_P(HttpServerTest, CutsOffARequestThatDrips) {
  StartEcho({.header_timeout = milliseconds(300)});
  const auto client = Connect();
  ASSERT_TRUE(client->Send("GET / HTTP/1.1\r\nHost: a\r\nX: "));
  std::jthread dripping([&](const std::stop_token& stop) {
    while (!stop.stop_requested() && !is_tls() && client->Send("x"))
      std::this_thread::sleep_for(milliseconds(20));
  });
  EXPECT_THAT(client->Receive(), IsStatusObject(408));
}

TEST_P(HttpServerTest, CutsOffABodyThatDrips) {
  if (!is_beast()) GTEST_SKIP() << "no bodies there";
  StartEcho({.header_timeout = milliseconds(300)});
  const auto client = Connect();
  ASSERT_TRUE(client->Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"));
  std::jthread dripping([&](const std::stop_token& stop) {
    while (!stop.stop_requested() && !is_tls() && client->Send("x"))
      std::this_thread::sleep_for(milliseconds(20));
  });
  EXPECT_THAT(client->Receive(), IsStatusObject(408));
}

TEST_P(HttpServerTest, TellsAHandlerThatItsClientHasGone) {
  Event begun, gone;
  std::shared_ptr<ResponseWriter> kept;
  const Running running =
      Run([&](const HttpRequest&, const std::shared_ptr<ResponseWriter>& response) {
        kept = response;
        response->OnClientGone([&] { gone.Set(); });
        begun.Set();
      });
  auto client = Connect();
  ASSERT_TRUE(client->Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(begun.Wait());
  EXPECT_FALSE(kept->ClientGone());
  client.reset();
  EXPECT_TRUE(gone.Wait());
  EXPECT_TRUE(kept->ClientGone());
  bool at_once = false;
  kept->OnClientGone([&] { at_once = true; });
  EXPECT_TRUE(at_once);
  kept.reset();
}

TEST_P(HttpServerTest, FinishesAnAnswerFromAnotherThread) {
  std::jthread later;
  const Running running =
      Run([&](const HttpRequest&, const std::shared_ptr<ResponseWriter>& response) {
        later = std::jthread([response] { response->Send(200, {}, "later"); });
      });
  EXPECT_EQ(GetOnce("/").body, "later");
  server_.reset();
}

TEST_P(HttpServerTest, ClosesTheConnectionOfAnAnswerThatIsDropped) {
  Start([](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
    if (request.target == "/half") {
      response->WriteHead(200, {}, 10);
      response->Write("half");
    }
  });
  EXPECT_EQ(Connect()->Ask("GET /none HTTP/1.1\r\nHost: a\r\n\r\n").status, 0);
  EXPECT_FALSE(GetOnce("/half").complete);
}

TEST_P(HttpServerTest, AnswersForAHandlerThatThrows) {
  Start([](const HttpRequest&, const std::shared_ptr<ResponseWriter>&) {
    throw std::runtime_error("secret");
  });
  const HttpAnswer answer = GetOnce("/");
  EXPECT_THAT(answer, IsStatusObject(500));
  EXPECT_THAT(answer.body, ::testing::Not(HasSubstr("secret")));
}

TEST_P(HttpServerTest, BreaksOffTheAnswerOfAHandlerThatThrowsLate) {
  Start([](const HttpRequest&, const std::shared_ptr<ResponseWriter>& response) {
    response->WriteHead(200, {}, 1000);
    response->Write("begun");
    throw std::runtime_error("late");
  });
  const HttpAnswer answer = GetOnce("/");
  EXPECT_FALSE(answer.complete);
  EXPECT_THAT(answer.body, ::testing::Not(HasSubstr("Status")));
}

TEST_P(HttpServerTest, LeavesOutHeadersThatAreItsOwnOrBreakTheLine) {
  Start([](const HttpRequest&, const std::shared_ptr<ResponseWriter>& response) {
    response->Send(200,
                   {{"Content-Length", "99"},
                    {"connection", "close"},
                    {"X-Bad", "a\r\nX-Injected: b"},
                    {"X-Good", "c"}},
                   "body");
  });
  const HttpAnswer answer = GetOnce("/");
  EXPECT_EQ(answer.body, "body");
  EXPECT_EQ(answer.Header("Connection"), "");
  EXPECT_EQ(answer.Header("X-Injected"), "");
  EXPECT_EQ(answer.Header("X-Good"), "c");
}

TEST_P(HttpServerTest, AnswersAClientThatHasClosedItsSendingHalf) {
  if (is_tls()) GTEST_SKIP() << "TLS ends both halves";
  StartEcho();
  const auto client = Connect();
  ASSERT_TRUE(client->Send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n"));
  client->CloseSending();
  EXPECT_EQ(client->Receive().body, "GET /a");
}

TEST_P(HttpServerTest, DrainLetsTheRunningRequestEndAndClosesIdleConnections) {
  Event begun, release;
  const Running running =
      Run([&](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
        if (request.target == "/slow") {
          begun.Set();
          release.Wait();
        }
        response->Send(200, {}, "done");
      });
  const auto idle = Connect();
  EXPECT_EQ(idle->Get("/").status, 200);
  const auto busy = Connect();
  ASSERT_TRUE(busy->Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(begun.Wait());
  std::jthread draining([&] { server_->Drain(kPatience); });
  EXPECT_EQ(idle->ReceiveUntilClose(), "");
  release.Set();
  const HttpAnswer answer = busy->Receive();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.Header("Connection"), "close");
  busy->Close();
  draining.join();
  TestClient late(port());
  EXPECT_TRUE(!late.connected() || late.Get("/").status == 0);
  server_->Drain(milliseconds(0));
}

TEST_P(HttpServerTest, DrainClosesWhatDoesNotEndInTime) {
  std::shared_ptr<ResponseWriter> kept;
  Event begun;
  const Running running =
      Run([&](const HttpRequest&, const std::shared_ptr<ResponseWriter>& response) {
        kept = response;
        begun.Set();
      });
  const auto client = Connect();
  ASSERT_TRUE(client->Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(begun.Wait());
  server_->Drain(milliseconds(50));
  EXPECT_TRUE(kept->ClientGone());
  EXPECT_EQ(client->Receive().status, 0);
  server_.reset();
  kept->Send(200, {}, "too late");
}

TEST_P(HttpServerTest, ListensOnAnIpv6Address) {
  if (is_tls()) GTEST_SKIP() << "as plain";
  StartEcho({.bind_address = "::1"});
  TestClient client(port(), nullptr, "::1");
  if (!client.connected()) GTEST_SKIP() << "no IPv6 here";
  EXPECT_EQ(client.Get("/six").body, "GET /six");
}

TEST_P(HttpServerTest, SaysWhereItCannotListen) {
  StartEcho();
  HttpServerOptions taken{.port = port()};
  const auto start = is_beast() ? StartBeastServer : StartPistacheServer;
  const HttpHandler handler = [](const HttpRequest&, const std::shared_ptr<ResponseWriter>&) {};
  EXPECT_THAT(start(taken, handler),
              pedia::testing::FailsWith(StatusReason::kServiceUnavailable,
                                        HasSubstr("127.0.0.1:" + std::to_string(port()))));
  EXPECT_THAT(start({.bind_address = "256.1.1.1"}, handler),
              pedia::testing::FailsWith(StatusReason::kServiceUnavailable, HasSubstr("256.1.1.1")));
}

}  // namespace
}  // namespace pedia::apiserver
