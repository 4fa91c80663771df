// Connections that leave HTTP: bytes in both directions, back-pressure, ends.
#include <fcntl.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "meta/guarded.h"
#include "server_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

constexpr std::string_view kAsk =
    "GET /shell HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: raw\r\n\r\n";
constexpr std::string_view kSwitching =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n";

// The server's end of one upgraded connection: keeps what comes, does what the test says.
class ServerEnd {
 public:
  void Open(ResponseWriter& response) {
    connection_ = response.Upgrade();
    if (connection_ == nullptr) return response.Send(400, {}, "not upgraded");
    connection_->Write(kSwitching);
    opened_.Set();
  }
  void Start(bool pause_at_once = false, bool echo = false) {
    connection_->Start([this, pause_at_once, echo](std::string_view bytes) {
      if (bytes.empty()) {
        ++ends_;
        ended_.Set();
        return true;
      }
      if (echo) connection_->Write(bytes);
      input_.With([&](std::string& text) { text += bytes; });
      return !(pause_at_once && !resumed_);
    });
  }
  void Resume() {
    resumed_ = true;
    connection_->Resume();
  }
  std::string input() const {
    return input_.With([](const std::string& text) { return text; });
  }
  size_t input_size() const {
    return input_.With([](const std::string& text) { return text.size(); });
  }

  std::shared_ptr<UpgradedConnection> connection_;
  Event opened_, ended_;
  std::atomic<int> ends_ = 0;

 private:
  Guarded<std::string> input_;
  std::atomic<bool> resumed_ = false;
};

class UpgradeTest : public ServerTest {
 protected:
  ~UpgradeTest() override { server_.reset(); }
  void Serve(HttpServerOptions options = {}) {
    Start([this](const HttpRequest&,
                 const std::shared_ptr<ResponseWriter>& response) { end_.Open(*response); },
          std::move(options));
  }
  // A client whose connection has been upgraded. `behind`: sent together with the request.
  std::unique_ptr<TestClient> Shell(std::string_view behind = "") {
    auto client = Connect();
    EXPECT_TRUE(client->Send(std::string(kAsk) + std::string(behind)));
    EXPECT_TRUE(end_.opened_.Wait());
    EXPECT_EQ(Read(*client, kSwitching.size()), kSwitching);
    return client;
  }
  static std::string Read(TestClient& client, size_t bytes) {
    std::string text;
    while (text.size() < bytes) {
      const std::string more = client.ReceiveSome();
      if (more.empty()) break;
      text += more;
    }
    return text;
  }

  ServerEnd end_;
};

TEST_P(UpgradeTest, CarriesBytesBothWays) {
  Serve();
  const auto client = Shell();
  end_.Start(false, /*echo=*/true);
  for (const std::string text : {"first", "second"}) {
    ASSERT_TRUE(client->Send(text));
    EXPECT_EQ(Read(*client, text.size()), text);
  }
  end_.connection_->Write("by itself");
  EXPECT_EQ(Read(*client, 9), "by itself");
}

TEST_P(UpgradeTest, DeliversWhatWasSentBehindTheRequest) {
  Serve();
  const auto client = Shell("early");
  end_.Start();
  ASSERT_TRUE(client->Send(" late"));
  EXPECT_TRUE(Eventually([&] { return end_.input() == "early late"; })) << end_.input();
}

TEST_P(UpgradeTest, IsBoundByNoTimeLimitOfHttp) {
  Serve({.header_timeout = milliseconds(300),
         .idle_timeout = milliseconds(50),
         .write_timeout = milliseconds(50)});
  const auto client = Shell();
  end_.Start(false, /*echo=*/true);
  std::this_thread::sleep_for(milliseconds(500));
  ASSERT_TRUE(client->Send("still here"));
  EXPECT_EQ(Read(*client, 10), "still here");
}

TEST_P(UpgradeTest, TakesNothingMoreFromAClientWhilePaused) {
  Serve();
  const auto client = Shell();
  end_.Start(/*pause_at_once=*/true);
  // TLS writes whole records, so a thread of its own may block.
  const std::string sent(30'000'000, 'x');
  std::jthread sender([&] { EXPECT_TRUE(client->Send(sent)); });
  ASSERT_TRUE(Eventually([&] { return end_.input_size() > 0; }));
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_LE(end_.input_size(), 100'000u);
  end_.Resume();
  EXPECT_TRUE(Eventually([&] { return end_.input_size() == sent.size(); })) << end_.input_size();
}

TEST_P(UpgradeTest, TellsWhenAClientHasTakenWhatWasWritten) {
  Serve();
  const auto client = Shell();
  end_.Start();
  const std::string piece(100'000, 'y');
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(end_.connection_->Write(piece));
  Event drained;
  end_.connection_->OnDrained(50'000, [&] { drained.Set(); });
  EXPECT_FALSE(drained.Wait(milliseconds(100)));
  EXPECT_GT(end_.connection_->unsent(), 50'000u);
  EXPECT_EQ(Read(*client, 200 * piece.size()).size(), 200 * piece.size());
  EXPECT_TRUE(drained.Wait());
  Event at_once;
  end_.connection_->OnDrained(50'000, [&] { at_once.Set(); });
  EXPECT_TRUE(at_once.Wait());
}

TEST_P(UpgradeTest, ClosesWhenAllIsSent) {
  Serve();
  const auto client = Shell();
  end_.Start();
  const std::string last(3'000'000, 'z');
  end_.connection_->Write(last + "end");
  end_.connection_->Close();
  EXPECT_FALSE(end_.connection_->Write("more"));
  const auto got = client->ReceiveUntilClose();
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->size(), last.size() + 3);
  EXPECT_THAT(*got, EndsWith("end"));
}

TEST_P(UpgradeTest, ClosesWhenNobodyHoldsItAnyMore) {
  Serve();
  const auto client = Shell();
  end_.connection_.reset();
  EXPECT_TRUE(client->ReceiveUntilClose().has_value());
}

TEST_P(UpgradeTest, TellsOnceThatTheClientIsGone) {
  Serve();
  auto client = Shell();
  end_.Start();
  client.reset();
  EXPECT_TRUE(end_.ended_.Wait());
  // The client's socket answers the first bytes with a reset.
  EXPECT_TRUE(Eventually([&] { return !end_.connection_->Write("x"); }));
  EXPECT_EQ(end_.ends_, 1);
}

TEST_P(UpgradeTest, WritesToAClientThatHasClosedItsOwnSide) {
  Serve();
  const auto client = Shell();
  end_.Start();
  client->CloseSending();
  EXPECT_TRUE(end_.ended_.Wait());
  end_.connection_->Write("goodbye");
  end_.connection_->Close();
  EXPECT_EQ(client->ReceiveUntilClose(), "goodbye");
}

TEST_P(UpgradeTest, IsClosedByADrainWhenItsTimeIsOver) {
  Serve();
  const auto client = Shell();
  end_.Start();
  server_->Drain(milliseconds(50));
  EXPECT_TRUE(end_.ended_.Wait());
  EXPECT_FALSE(end_.connection_->Write("x"));
  EXPECT_TRUE(client->ReceiveUntilClose().has_value());
}

TEST_P(UpgradeTest, OutlivesItsServerHarmlessly) {
  Serve();
  const auto client = Shell();
  server_.reset();
  EXPECT_FALSE(end_.connection_->Write("x"));
  end_.Start();
  EXPECT_TRUE(end_.ended_.Wait());
  end_.connection_->OnDrained(0, [] {});
  end_.connection_->Resume();
  end_.connection_->Close();
}

TEST_P(UpgradeTest, IsOnlyForRequestsThatAskForIt) {
  Serve();
  for (const std::string request :
       {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: raw\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n"}) {
    const HttpAnswer answer = Connect()->Ask(request);
    EXPECT_EQ(answer.status, 400) << request;
    EXPECT_EQ(answer.body, "not upgraded");
  }
}

TEST_P(UpgradeTest, IsRefusableWithAnOrdinaryAnswer) {
  StartEcho();
  const auto client = Connect();
  EXPECT_EQ(client->Ask(kAsk).body, "GET /shell");
  EXPECT_EQ(client->Get("/next").body, "GET /next");
}

TEST_P(UpgradeTest, TellsAWriterThatNeverBlocksWhenThereIsRoom) {
  Guarded<std::shared_ptr<ResponseWriter>> writer;
  Event begun;
  const auto running =
      Run([&](const HttpRequest&, const std::shared_ptr<ResponseWriter>& response) {
        response->WriteHead(200, {}, std::nullopt);
        writer.With([&](auto& held) { held = response; });
        begun.Set();
      });
  const auto client = Connect();
  ASSERT_TRUE(client->Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(begun.Wait());
  const auto response = writer.With([](auto& held) { return std::exchange(held, nullptr); });
  const std::string piece(100'000, 'w');
  size_t written = 0;
  // The kernel takes some megabytes, not all at once.
  for (int refusals = 0; refusals < 10; ++refusals) {
    for (; response->TryWrite(piece, 1'000'000); refusals = 0) written += piece.size();
    std::this_thread::sleep_for(milliseconds(5));
  }
  Event drained;
  response->OnDrained(500'000, [&] { drained.Set(); });
  EXPECT_FALSE(drained.Wait(milliseconds(50)));
  std::jthread reader([&] { EXPECT_EQ(client->Receive().body.size(), written + piece.size()); });
  EXPECT_TRUE(drained.Wait());
  EXPECT_TRUE(response->TryWrite(piece, 1'000'000));
  response->Finish();
}

INSTANTIATE_TEST_SUITE_P(Backends, UpgradeTest,
                         ::testing::Values(Backend::kBeastPlain, Backend::kBeastTls), BackendName);

}  // namespace
}  // namespace pedia::apiserver
