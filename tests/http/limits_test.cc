// Who is served when there is more to do than a server can: limits, exemptions, shares, connections.
#include <sys/resource.h>

#include <thread>

#include "meta/guarded.h"
#include "server_fixture.h"

namespace pedia::apiserver {
namespace {

class LimitsTest : public ServerTest {
 protected:
  ~LimitsTest() override {
    release_.Set();
    kept_.With([](auto& writers) { writers.clear(); });
    server_.reset();
  }
  // "/busy..." and "/apis..." block until release_, "/stream" is kept open, all else is answered at
  // once. The client is what the header X-Client says.
  void Serve(HttpServerOptions options) {
    options.classify = [](const HttpRequest& request) {
      RequestClass kind;
      const bool health = request.target == "/healthz";
      if (!health) kind.client = request.Header("X-Client").value_or("somebody");
      kind.exempt = health || request.target == "/apis";
      kind.long_running = request.target == "/stream";
      return kind;
    };
    Start(
        [this](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
          if (request.target == "/stream") {
            response->WriteHead(200, {}, std::nullopt);
            return kept_.With([&](auto& writers) { writers.push_back(response); });
          }
          if (request.target == "/busy" || request.target == "/apis") {
            ++begun_;
            release_.Wait(kPatience * 3);
          }
          response->Send(200, {}, "done");
        },
        std::move(options));
  }
  std::unique_ptr<TestClient> Ask(const std::string& target, const std::string& client) {
    auto connection = Connect();
    EXPECT_TRUE(connection->Send("GET " + target + " HTTP/1.1\r\nHost: a\r\nX-Client: " + client +
                                 "\r\n\r\n"));
    return connection;
  }
  void KeepBusy(const std::string& target, const std::vector<std::string>& clients) {
    for (const std::string& client : clients) {
      const int before = begun_;
      busy_.push_back(Ask(target, client));
      ASSERT_TRUE(Eventually([&] { return begun_ > before; })) << client;
    }
  }

  Event release_;
  std::atomic<int> begun_ = 0;
  std::vector<std::unique_ptr<TestClient>> busy_;
  Guarded<std::vector<std::shared_ptr<ResponseWriter>>> kept_;
};
INSTANTIATE_TEST_SUITE_P(Backends, LimitsTest,
                         ::testing::Values(Backend::kBeastPlain, Backend::kBeastTls), BackendName);

TEST_P(LimitsTest, ExemptRequestsAreAnsweredWhenAllWorkersAreBusyAndTheLimitIsReached) {
  Serve({.workers = 2, .max_requests = 2});
  KeepBusy("/busy", {"a", "b"});
  EXPECT_THAT(Ask("/other", "c")->Receive(), IsStatusObject(429));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(GetOnce("/healthz").body, "done");
}

TEST_P(LimitsTest, HealthIsAnsweredWhileDiscoveryTakesAllThreadsThatItMay) {
  Serve({});
  KeepBusy("/apis", {"a", "b"});  // "a" may have one, "b" another.
  std::vector<std::unique_ptr<TestClient>> waiting;
  for (const char* client : {"a", "b", "c", "d", "e"}) waiting.push_back(Ask("/apis", client));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(GetOnce("/healthz").body, "done");
  EXPECT_EQ(Ask("/other", "a")->Receive().body, "done");
  release_.Set();
  for (const auto& client : waiting) EXPECT_EQ(client->Receive().body, "done");
}

TEST_P(LimitsTest, LongRunningRequestsHoldNoWorkerAndDoNotCount) {
  Serve({.workers = 1, .max_requests = 1});
  std::vector<std::unique_ptr<TestClient>> streams;
  for (int i = 0; i < 50; ++i) {
    streams.push_back(Ask("/stream", "a"));
    ASSERT_NE(streams.back()->ReceiveSome(), "");
  }
  EXPECT_EQ(Ask("/other", "b")->Receive().body, "done");
}

TEST_P(LimitsTest, LongRunningRequestsWaitForTheirTurnWhenTheLimitIsReached) {
  Serve({.workers = 1, .max_requests = 1});
  KeepBusy("/busy", {"a"});
  const auto stream = Ask("/stream", "b");
  EXPECT_THAT(Ask("/other", "b")->Receive(), IsStatusObject(429));
  release_.Set();
  EXPECT_THAT(stream->ReceiveSome(), ::testing::HasSubstr("200 OK"));
}

TEST_P(LimitsTest, NoLimitLetsAllWait) {
  Serve({.workers = 1, .max_requests = 0});
  KeepBusy("/busy", {"a"});
  std::vector<std::unique_ptr<TestClient>> waiting;
  for (int i = 0; i < 60; ++i) waiting.push_back(Ask("/other", "a"));
  release_.Set();
  for (const auto& client : waiting) EXPECT_EQ(client->Receive().status, 200);
}

TEST_P(LimitsTest, AUserWhoAsksWithoutEndLeavesRoomForOthers) {
  Serve({.workers = 4, .max_requests = 20});
  KeepBusy("/busy", {"greedy", "greedy"});
  for (int i = 0; i < 40; ++i) busy_.push_back(Ask("/busy", "greedy"));
  EXPECT_TRUE(Eventually([&] { return Ask("/other", "greedy")->Receive().status == 429; }));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Ask("/other", "modest")->Receive().body, "done");
  EXPECT_EQ(begun_, 2);
}

TEST_P(LimitsTest, TheConnectionThatWaitsForLongestMakesRoomForANewOne) {
  Serve({.max_connections = 2});
  const auto first = Connect();
  EXPECT_EQ(first->Get("/a").status, 200);
  const auto second = Connect();
  EXPECT_EQ(second->Get("/b").status, 200);
  EXPECT_EQ(Connect()->Get("/c").status, 200);
  EXPECT_EQ(first->ReceiveUntilClose(), "");
  EXPECT_EQ(second->Get("/b").status, 200);
}

TEST_P(LimitsTest, AConnectionThatIsAnsweredMakesNoRoom) {
  Serve({.max_connections = 2});
  KeepBusy("/busy", {"a", "b"});
  EXPECT_NE(Connect()->Get("/c").status, 200);
  release_.Set();
  for (const auto& client : busy_) EXPECT_EQ(client->Receive().body, "done");
}

TEST_P(LimitsTest, ThousandsOfSilentConnectionsKeepNobodyOut) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_GE(limit.rlim_cur, 5000u) << "too few descriptors are allowed here";
  Serve({.max_connections = 1000, .header_timeout = kPatience * 3});
  const auto busy = Ask("/busy", "a");
  std::vector<std::unique_ptr<TestClient>> silent;
  for (int i = 0; i < 2000; ++i) {
    silent.push_back(ConnectRaw());
    if (i % 3 == 1) silent.back()->Send(is_tls() ? "\x16\x03" : "GET / HT");
    if (i % 3 == 2) silent.back()->Send(is_tls() ? "\x16" : "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    if (i % 200 != 199) continue;
    EXPECT_EQ(GetOnce("/other").status, 200) << i;
  }
  release_.Set();
  EXPECT_EQ(busy->Receive().body, "done");
}

}  // namespace
}  // namespace pedia::apiserver
