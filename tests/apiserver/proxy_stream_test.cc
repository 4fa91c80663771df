// Long answers and upgraded connections through pedia: memory, slow clients, broken ends.
#include <sys/socket.h>

#include <fstream>
#include <thread>

#include "tests/apiserver/proxy_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// kB of this process.
size_t ResidentKilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
  }
  return 0;
}

bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + pedia::testing::kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// What a transfer may add to the process; sanitizers need several times as much for themselves.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PEDIA_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PEDIA_SANITIZED
#endif
#endif
#ifdef PEDIA_SANITIZED
constexpr size_t kRoomKilobytes = 128'000;
#else
constexpr size_t kRoomKilobytes = 32'000;
#endif

class ProxyStreamTest : public ProxyTest {
 protected:
  // Asks, and reads at least `bytes` of the answer, its head included.
  std::string Read(TestClient& client, size_t bytes) {
    std::string text;
    while (text.size() < bytes) {
      const std::string more = client.ReceiveSome();
      if (more.empty()) break;
      text += more;
    }
    return text;
  }
  std::string ReadUntil(TestClient& client, const std::string& end) {
    std::string text;
    while (text.find(end) == std::string::npos) {
      const std::string more = client.ReceiveSome();
      if (more.empty()) break;
      text += more;
    }
    return text;
  }
  std::string Upgrade(const std::string& path, const HeaderFields& more = {},
                      const std::string& method = "GET") {
    HeaderFields headers = {{"Connection", "Upgrade"}, {"Upgrade", "echo/1"}};
    headers.insert(headers.end(), more.begin(), more.end());
    return Text(method, kClusters + "/c1" + path, headers);
  }
};

TEST_F(ProxyStreamTest, SendsLinesOfALogAsTheyCome) {
  const auto client = Connect();
  client->Send(Text("GET", kClusters + "/c1" + kPod + "/log?follow=true&tailLines=1"));
  EXPECT_THAT(ReadUntil(*client, "line 25"), HasSubstr("line 19"));
}

TEST_F(ProxyStreamTest, TakesNoMoreMemoryForALongLog) {
  constexpr size_t kBytes = 200'000'000;
  const auto client = Connect();
  client->Send(Text("GET", kClusters + "/c1" + kPod + "/log?limitBytes=" + std::to_string(kBytes)));
  size_t got = 0;
  const size_t before = ResidentKilobytes();
  size_t most = before;
  while (got < kBytes) {
    const size_t part = Read(*client, 1'000'000).size();
    if (part == 0) break;
    got += part;
    most = std::max(most, ResidentKilobytes());
  }
  EXPECT_GE(got, kBytes);
  EXPECT_LE(most - before, kRoomKilobytes);
}

TEST_F(ProxyStreamTest, MakesTheMemberWaitForAClientThatDoesNotRead) {
  TestClient::UseSmallBuffers(true);
  const auto slow = Connect();
  TestClient::UseSmallBuffers(false);
  slow->Send(Text("GET", kClusters + "/c1" + kPod + "/log?limitBytes=100000000"));
  ASSERT_THAT(Read(*slow, 10), StartsWith("HTTP/1.1 200"));
  const size_t before = ResidentKilobytes();
  // Others go on meanwhile, over the same credentials.
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Get(kPod + "/log").status, 200);
  EXPECT_LE(ResidentKilobytes(), before + kRoomKilobytes);
  EXPECT_GE(Read(*slow, 100'000'000).size(), 99'999'000u);
}

TEST_F(ProxyStreamTest, CancelsTheMembersRequestWhenTheClientGoes) {
  auto client = Connect();
  client->Send(
      Text("GET", kClusters + "/c1/api/v1/pods?watch=true", {{"X-Clusterpedia-Forward", "true"}}));
  ASSERT_THAT(Read(*client, 10), StartsWith("HTTP/1.1 200"));
  ASSERT_TRUE(Eventually([&] { return member_->watches() == 1; }));
  client.reset();
  EXPECT_TRUE(Eventually([&] {
    Put("pods", R"({"metadata":{"namespace":"shop","name":"x"}})");
    return member_->watches() == 0;
  }));
}

TEST_F(ProxyStreamTest, BreaksOffWhenTheMemberDoes) {
  const auto client = Connect();
  client->Send(Text("GET", kClusters + "/c1" + kPod + "/log?follow=true"));
  ASSERT_THAT(ReadUntil(*client, "line 22"), HasSubstr("line 0"));
  member_->StopListening();
  const auto rest = client->ReceiveUntilClose();
  ASSERT_TRUE(rest.has_value());
  EXPECT_EQ(rest->find("\r\n0\r\n\r\n"), std::string::npos) << "must not look complete";
}

TEST_F(ProxyStreamTest, EndsWithItsServer) {
  const auto client = Connect();
  client->Send(Text("GET", kClusters + "/c1" + kPod + "/log?follow=true"));
  ASSERT_THAT(ReadUntil(*client, "line 22"), HasSubstr("line 0"));
  const auto shell = Connect();
  shell->Send(Upgrade(kService + "/proxy/ws"));
  ASSERT_THAT(ReadUntil(*shell, "\r\n\r\n"), StartsWith("HTTP/1.1 101"));
  https_.reset();
  handler_.reset();
  EXPECT_TRUE(client->ReceiveUntilClose().has_value());
  EXPECT_TRUE(shell->ReceiveUntilClose().has_value());
}

// --- Upgrades ---

TEST_F(ProxyStreamTest, CarriesAnUpgradedConnectionBothWays) {
  const auto client = Connect();
  client->Send(Upgrade(kService + "/proxy/ws", {{"Authorization", "Bearer mine"}}) + "early ");
  const std::string head = ReadUntil(*client, "early ");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nUpgrade: echo/1\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nConnection: Upgrade\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nAudit-Id: "));
  client->Send("late");
  EXPECT_EQ(ReadUntil(*client, "late"), "late");
  const HttpRequest seen = LastForwarded();
  EXPECT_THAT(ValuesOf(seen, "Upgrade"), ::testing::ElementsAre("echo/1"));
  EXPECT_THAT(ValuesOf(seen, "Authorization"),
              ::testing::ElementsAre("Bearer " + member_->token()));
  EXPECT_THAT(ValuesOf(seen, "X-Forwarded-For"), ::testing::ElementsAre("127.0.0.1"));
}

TEST_F(ProxyStreamTest, CarriesMuchThroughAnUpgradedConnection) {
  const auto client = Connect();
  client->Send(Upgrade(kService + "/proxy/ws"));
  ASSERT_THAT(ReadUntil(*client, "\r\n\r\n"), StartsWith("HTTP/1.1 101"));
  // More than all buffers on the way hold, so both directions must wait for this thread.
  std::string sent;
  for (int i = 0; sent.size() < 20'000'000; ++i) sent += std::to_string(i) + ",";
  std::string got;
  size_t at = 0;
  while (got.size() < sent.size()) {
    const size_t part = std::min<size_t>(100'000, sent.size() - at);
    ASSERT_TRUE(client->Send(sent.substr(at, part)));
    at += part;
    while (got.size() + 1'000'000 < at || (at == sent.size() && got.size() < at)) {
      const std::string more = client->ReceiveSome();
      ASSERT_FALSE(more.empty());
      got += more;
    }
  }
  EXPECT_TRUE(got == sent);
}

TEST_F(ProxyStreamTest, PausesAMemberWhoseClientDoesNotRead) {
  TestClient::UseSmallBuffers(true);
  const auto client = Connect();
  TestClient::UseSmallBuffers(false);
  const size_t before = ResidentKilobytes();
  client->Send(Text("GET", kClusters + "/c1" + kPod + "/exec?command=cat&stdin=true&stdout=true",
                    {{"Connection", "Upgrade"},
                     {"Upgrade", "websocket"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                     {"Sec-WebSocket-Protocol", "v4.channel.k8s.io"}}));
  EXPECT_THAT(ReadUntil(*client, "\r\n\r\n"), HasSubstr("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  // An unmasked stream of zeros is masked by zeros: frames of 65000 bytes for "stdin".
  std::string frame("\x82\xfe\xfd\xe8", 4);
  frame += std::string(4 + 65000, '\0');
  std::atomic<bool> stop = false;
  std::atomic<size_t> sent = 0;
  std::jthread sender([&] {
    for (int i = 0; i < 2000 && !stop && client->Send(frame); ++i) sent += frame.size();
  });
  // The client's own sending stalls, as nobody takes what comes back.
  size_t seen = 0;
  for (int quiet = 0; quiet < 20;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    quiet = sent == seen ? quiet + 1 : 0;
    seen = sent;
  }
  EXPECT_LT(sent, 130'000'000u);
  EXPECT_LE(ResidentKilobytes(), before + kRoomKilobytes);
  stop = true;
  shutdown(client->fd(), SHUT_RDWR);
}

TEST_F(ProxyStreamTest, PassesARefusedUpgradeOnAsItIs) {
  const auto client = Connect();
  client->Send(Upgrade(kService + "/proxy/refuse"));
  const HttpAnswer answer = client->Receive();
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(MessageOf(answer), "refused by the web server");
  // The connection is still one of HTTP.
  EXPECT_EQ(client->Get("/livez").status, 200);
}

TEST_F(ProxyStreamTest, SaysThatTheMemberOfAnUpgradeIsNotReachable) {
  const auto client = Connect();
  client->Send(Text("GET", kClusters + "/unreachable" + kService + "/proxy/ws",
                    {{"Connection", "Upgrade"}, {"Upgrade", "echo/1"}}));
  EXPECT_EQ(client->Receive().status, 503);
}

TEST_F(ProxyStreamTest, EndsAnUpgradedConnectionWithEitherEnd) {
  const auto client = Connect();
  client->Send(Upgrade(kService + "/proxy/ws"));
  ASSERT_THAT(ReadUntil(*client, "\r\n\r\n"), StartsWith("HTTP/1.1 101"));
  member_->StopListening();
  EXPECT_TRUE(client->ReceiveUntilClose().has_value());
}

// A right to read is none to run commands, whichever way they are asked for.
TEST_F(ProxyStreamTest, NeedsARightToCreateForCommands) {
  const HeaderFields reader = {{"X-Test-User", "reader"}};
  HeaderFields forwarding = reader;
  forwarding.emplace_back("X-Clusterpedia-Forward", "true");
  const auto code = [&](const std::string& path, const HeaderFields& headers) {
    const auto client = Connect();
    client->Send(Upgrade(path, headers));
    return client->Receive().status;
  };
  for (const std::string& path :
       {kPod + "/exec", kPod + "/attach", kPod + "/portforward", "/proxy" + kPod + "/exec",
        std::string("/api/v1/nodes/n1/proxy/exec"), "/proxy" + kPod + "/%65xec"}) {
    EXPECT_EQ(code(path, reader), 403) << path;
    EXPECT_EQ(code(path, forwarding), 403) << path;
  }
  EXPECT_EQ(Get(kPod + "/log", reader).status, 200);
  EXPECT_EQ(code(kService + "/proxy/refuse", reader), 403);
  EXPECT_EQ(authorizer_.last_verb(), "get");
}

}  // namespace
}  // namespace pedia::apiserver

// AddressSanitizer holds back what was freed, 256 MB of it unless told otherwise.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "quarantine_size_mb=8"; }
