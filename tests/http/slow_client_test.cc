// Clients that take their answers slowly: what they may hold, whom they may delay, when they are cut
// off.
#include <sys/socket.h>

#include <thread>

#include "meta/guarded.h"
#include "meta/log.h"
#include "server_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::HasSubstr;

constexpr char kGetBulk[] = "GET /bulk HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr char kGetPage[] = "GET /page HTTP/1.1\r\nHost: a\r\n\r\n";

class SlowClientTest : public ServerTest {
 protected:
  SlowClientTest() {
    TestClient::UseSmallBuffers(true);
    SetLogSink([this](LogLevel, std::string_view line) {
      log_.With([&](std::string& text) { text += std::string(line) + "\n"; });
    });
  }
  ~SlowClientTest() override {
    server_.reset();
    SetLogSink([](LogLevel, std::string_view) {});
    TestClient::UseSmallBuffers(false);
  }

  // "/bulk" never ends, "/page" is of page_bytes_, everything else is short. The client is what the
  // header X-Client says.
  void Serve(HttpServerOptions options) {
    options.classify = [](const HttpRequest& request) {
      return RequestClass{std::string(request.Header("X-Client").value_or("somebody")),
                          request.target == "/bulk"};
    };
    Start(
        [this](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
          if (request.target == "/bulk") return WriteForEver(*response);
          if (request.target == "/page")
            return response->Send(200, {}, std::string(page_bytes_, 'p'));
          response->Send(200, {}, "short");
        },
        std::move(options));
  }

  void WriteForEver(ResponseWriter& response) {
    ++bulk_running_;
    response.WriteHead(200, {}, std::nullopt);
    const std::string piece(100'000, 'b');
    while (response.Write(piece)) written_ += piece.size();
    --bulk_running_;
    ++bulk_ended_;
  }

  // Each takes one byte every few milliseconds, until the test ends or the server does.
  void StartDripping(int clients, const char* request) {
    for (int i = 0; i < clients; ++i) {
      dripping_.push_back(Connect());
      ASSERT_TRUE(dripping_.back()->Send(request));
    }
    dripper_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        for (const auto& client : dripping_) {
          char byte;
          (void)!recv(client->fd(), &byte, 1, MSG_DONTWAIT);
        }
        std::this_thread::sleep_for(milliseconds(5));
      }
    });
  }

  std::string Log() const {
    return log_.With([](const std::string& text) { return text; });
  }

  size_t page_bytes_ = 8'000'000;
  std::atomic<int> bulk_running_ = 0;
  std::atomic<int> bulk_ended_ = 0;
  std::atomic<size_t> written_ = 0;
  std::vector<std::unique_ptr<TestClient>> dripping_;
  std::jthread dripper_;
  Guarded<std::string> log_;
};
INSTANTIATE_TEST_SUITE_P(Backends, SlowClientTest,
                         ::testing::Values(Backend::kBeastPlain, Backend::kBeastTls), BackendName);

TEST_P(SlowClientTest, HoldsNoThreadForAPage) {
  Serve({.workers = 1});
  StartDripping(5, kGetPage);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(GetOnce("/short").body, "short");
}

TEST_P(SlowClientTest, GetsAPageWhole) {
  Serve({.workers = 1});
  const auto client = Connect();
  ASSERT_TRUE(client->Send(kGetPage));
  EXPECT_EQ(GetOnce("/short").body, "short");
  const HttpAnswer answer = client->Receive();
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, std::string(page_bytes_, 'p'));
}

TEST_P(SlowClientTest, HoldsAPartOfTheThreadsForBulkAnswers) {
  Serve({.workers = 6, .bulk_workers = 2, .crowded_patience = kPatience * 10});
  StartDripping(30, kGetBulk);
  ASSERT_TRUE(Eventually([&] { return bulk_running_ > 0; }));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(GetOnce("/short").body, "short");
  EXPECT_LE(bulk_running_, 2);
}

TEST_P(SlowClientTest, IsCutOffForOthersThatWait) {
  Serve({.workers = 6, .bulk_workers = 1, .crowded_patience = milliseconds(300)});
  StartDripping(4, kGetBulk);
  EXPECT_TRUE(Eventually([&] { return bulk_ended_ >= 3; }));  // The last one has nobody waiting.
  EXPECT_THAT(Log(), HasSubstr("was cut off, too slow for"));
  EXPECT_THAT(Log(), HasSubstr("it kept a query waiting that others wait for"));
}

TEST_P(SlowClientTest, IsCutOffAfterATimeAlsoWithoutOthers) {
  Serve({.slow_patience = milliseconds(300)});
  StartDripping(1, kGetBulk);
  EXPECT_TRUE(Eventually([&] { return bulk_ended_ == 1; }));
  EXPECT_THAT(Log(), HasSubstr("it kept a query waiting; "));
}

TEST_P(SlowClientTest, IsNotMistakenForAClientThatTakesItsTimeAndGetsOn) {
  page_bytes_ = 3'000'000;
  Serve({.write_buffer_bytes = 100'000,
         .page_buffer_bytes = 100'000,
         .slow_bytes_per_second = 10'000,
         .slow_patience = milliseconds(600)});
  const auto client = Connect();
  ASSERT_TRUE(client->Send("GET /page HTTP/1.0\r\n\r\n"));
  size_t received = 0;
  while (received < page_bytes_) {
    const size_t more = client->ReceiveSome().size();
    ASSERT_GT(more, 0u) << "the connection ended";
    received += more;
    std::this_thread::sleep_for(milliseconds(2));
  }
}

TEST_P(SlowClientTest, IsCutOffWhenMemoryIsShort) {
  page_bytes_ = 15'000'000;  // The kernel's buffers take some megabytes of each.
  Serve({.bulk_workers = 16,
         .write_buffer_bytes = 1'000'000,
         .total_buffer_bytes = 4'000'000,
         .slow_patience = kPatience * 10,
         .crowded_patience = milliseconds(300)});
  StartDripping(8, kGetPage);
  EXPECT_TRUE(
      Eventually([&] { return Log().find("memory for answers is short") != std::string::npos; }));
  EXPECT_EQ(GetOnce("/page").body.size(), page_bytes_);
}

TEST_P(SlowClientTest, LeavesRoomForBulkAnswersOfAnotherClient) {
  Serve({.workers = 8, .bulk_workers = 4, .crowded_patience = kPatience * 10});
  StartDripping(10, kGetBulk);
  ASSERT_TRUE(Eventually([&] { return bulk_running_ == 2; }));
  const auto other = Connect();
  ASSERT_TRUE(other->Send("GET /bulk HTTP/1.1\r\nHost: a\r\nX-Client: other\r\n\r\n"));
  EXPECT_THAT(other->ReceiveSome(), HasSubstr("200 OK"));
}

}  // namespace
}  // namespace pedia::apiserver
