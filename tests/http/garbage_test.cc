// Thousands of damaged requests: every back-end refuses or answers them, and lives on.
#include <random>

#include "server_fixture.h"

namespace pedia::apiserver {
namespace {

class GarbageTest : public ServerTest {};
INSTANTIATE_TEST_SUITE_P(Backends, GarbageTest,
                         ::testing::Values(Backend::kBeastPlain, Backend::kBeastTls,
                                           Backend::kPistache),
                         BackendName);

const std::vector<std::string> kPieces = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "HEAD /x?y=z HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: 18446744073709551616\r\n",
    "Expect: 100-continue\r\n",
    "\r\n",
    "\r",
    "\n",
    " ",
    ":",
    "0\r\n\r\n",
    "FFFFFFFFFFFFFFFF\r\n",
    "HTTP/1.1",
    std::string("\0\xff\x80", 3),
    std::string(5000, 'A'),
    "\r\n\t",
};

std::string Damaged(std::mt19937& random) {
  const auto below = [&](size_t limit) {
    return std::uniform_int_distribution<size_t>(0, limit - 1)(random);
  };
  std::string text = kPieces[below(4)];
  for (size_t edits = below(6); edits > 0; --edits) {
    const size_t at = below(text.size() + 1);
    switch (below(4)) {
      case 0:
        text.insert(at, kPieces[below(kPieces.size())]);
        break;
      case 1:
        text.erase(at, below(10));
        break;
      case 2:
        text.insert(at, 1, static_cast<char>(below(256)));
        break;
      default:
        text += kPieces[below(4)];
    }
    if (text.empty()) text = "\r\n";
  }
  return text;
}

TEST_P(GarbageTest, IsSurvived) {
  StartEcho({.header_timeout = milliseconds(2000)});
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    const std::string text = Damaged(random);
    const auto client = is_tls() && i % 10 == 0 ? ConnectRaw() : Connect();
    const size_t split = random() % (text.size() + 1);
    if (client->Send(text.substr(0, split))) client->Send(text.substr(split));
    if (is_tls()) continue;  // It has no half-closed connections: go away at any moment.
    client->CloseSending();
    ASSERT_TRUE(client->ReceiveUntilClose().has_value())
        << "hangs after " << ::testing::PrintToString(text);
  }
  EXPECT_EQ(GetOnce("/alive").body, "GET /alive");
}

}  // namespace
}  // namespace pedia::apiserver
