#include "kube/tunnel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "kube/client.h"
#include "tests/kube/member_server.h"
#include "tests/kube/recording_handler.h"
#include "tests/kube/tunnel_handler.h"
#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using apiserver::HttpRequest;
using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using WriterPtr = std::shared_ptr<apiserver::ResponseWriter>;

constexpr std::string_view kSwitching = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

// Upgrades what asks for it, says what the request was, and echoes.
void Echo(const HttpRequest& request, const WriterPtr& writer) {
  const auto connection = writer->Upgrade();
  if (!connection) return writer->Send(400, {}, "no upgrade");
  connection->Write(kSwitching);
  connection->Write(request.method + " " + request.target + "\n");
  for (const auto& [name, value] : request.headers) connection->Write(name + ": " + value + "\n");
  connection->Write(request.body + "\n--\n");
  connection->Start([connection](std::string_view bytes) {
    bytes.empty() || bytes == "bye" ? connection->Close() : (void)connection->Write(bytes);
    return true;
  });
}

class TunnelTest : public ::testing::Test {
 protected:
  std::shared_ptr<Tunnel> Open(Request request = MakeRequest("/api/v1/x?y=z")) {
    if (!client_) client_ = std::make_unique<Client>(*loop_, config_);
    return client_->OpenTunnel(std::move(request), "echo/1",
                               std::make_unique<CollectingTunnel>(seen_));
  }
  bool Waits(const std::string& text) {
    return seen_->WaitFor([&](const std::string& bytes) { return bytes.find(text) != bytes.npos; });
  }

  MemberServer server_{Echo, IssueServer({"member.internal"}, {"127.0.0.1"})};
  RestConfig config_ = server_.config();
  const std::shared_ptr<CollectedTunnel> seen_ = std::make_shared<CollectedTunnel>();
  std::unique_ptr<EventLoop> loop_ = std::make_unique<EventLoop>();
  std::unique_ptr<Client> client_;
};

TEST_F(TunnelTest, AsksToLeaveHttpWithTheClientsCredentials) {
  config_.server += "/base";
  config_.token = "s3cret";
  config_.impersonate_user = "ann";
  Request request = MakeRequest("/api/v1/x?y=z");
  request.method = "POST";
  request.body = "body";
  request.headers = {{"X-Own", "1"}};
  const auto tunnel = Open(request);
  ASSERT_TRUE(Waits("\n--\n"));
  EXPECT_THAT(seen_->bytes,
              AllOf(HasSubstr(kSwitching), HasSubstr("POST /base/api/v1/x?y=z\n"),
                    HasSubstr("Host: 127.0.0.1:"), HasSubstr("Authorization: Bearer s3cret\n"),
                    HasSubstr("Impersonate-User: ann\n"), HasSubstr("X-Own: 1\n"),
                    HasSubstr("Connection: Upgrade\n"), HasSubstr("Upgrade: echo/1\n"),
                    HasSubstr("\nbody\n--\n")));
  EXPECT_TRUE(tunnel->Write("hello"));
  EXPECT_TRUE(Waits("--\nhello"));
  tunnel->Write("bye");
  EXPECT_THAT(seen_->WaitForEnd(), ::testing::Optional(IsOk()));
  EXPECT_FALSE(tunnel->Write("more"));
  EXPECT_EQ(seen_->ends, 1);
}

TEST_F(TunnelTest, SendsWhatIsUnsentBeforeItCloses) {
  auto tunnel = Open();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(tunnel->Write(std::string(10'000, 'x')));
  ASSERT_TRUE(Waits("--\nx"));
  tunnel->Close();
  EXPECT_FALSE(tunnel->Write("more"));
  EXPECT_THAT(seen_->WaitForEnd(), ::testing::Optional(IsOk()));
}

TEST_F(TunnelTest, TakesNothingWhilePaused) {
  seen_->pause_at = 100'000;
  const auto tunnel = Open();
  for (int i = 0; i < 3'000; ++i) tunnel->Write(std::string(10'000, 'x'));
  ASSERT_TRUE(seen_->WaitFor([](const std::string& bytes) { return bytes.size() >= 100'000; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  {
    const std::scoped_lock lock(seen_->mutex);
    EXPECT_LE(seen_->bytes.size(), 120'000u);
    seen_->pause_at = SIZE_MAX;
  }
  std::promise<void> drained;
  tunnel->OnDrained(100, [&] { drained.set_value(); });
  tunnel->Resume();
  EXPECT_TRUE(seen_->WaitFor([](const std::string& bytes) { return bytes.size() >= 30'000'000; }));
  EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_EQ(tunnel->unsent(), 0u);
}

TEST_F(TunnelTest, SaysWhyItCannotConnect) {
  config_.server = "https://127.0.0.1:1";
  config_.token = "s3cret";
  const auto tunnel = Open();
  const auto end = seen_->WaitForEnd();
  ASSERT_TRUE(end);
  EXPECT_THAT(*end, FailsWith(StatusReason::kServiceUnavailable,
                              AllOf(HasSubstr("127.0.0.1:1"), Not(HasSubstr("s3cret")))));
}

TEST_F(TunnelTest, ChecksTheServersCertificate) {
  config_.ca_pem = MustBe(certs::MakeCertificateAuthority("other", 86400)).certificate_pem;
  const auto tunnel = Open();
  EXPECT_THAT(seen_->WaitForEnd(),
              ::testing::Optional(FailsWith(StatusReason::kServiceUnavailable, _)));
}

TEST_F(TunnelTest, RefusesRequestsThatCannotBeSent) {
  Request request = MakeRequest("/x");
  request.headers = {{"X", "a\r\nY: b"}};
  const auto tunnel = Open(request);
  EXPECT_THAT(seen_->WaitForEnd(), ::testing::Optional(FailsWith(StatusReason::kBadRequest, _)));
}

TEST_F(TunnelTest, EndsWhenItIsDropped) {
  auto tunnel = Open();
  tunnel.reset();
  EXPECT_TRUE(seen_->WaitForEnd().has_value());
}

TEST_F(TunnelTest, EndsWithItsLoop) {
  const auto tunnel = Open();
  ASSERT_TRUE(Waits("\n--\n"));
  loop_.reset();
  EXPECT_EQ(seen_->ends, 1);
  EXPECT_FALSE(tunnel->Write("x"));
  tunnel->Close();
  client_.reset();
}

}  // namespace
}  // namespace pedia::kube
