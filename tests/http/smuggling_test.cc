// Requests that two readers of HTTP understand differently: what is hidden in one never becomes one of
// its own. Source: RFC 9112 section 11.
#include "meta/guarded.h"
#include "server_fixture.h"

namespace pedia::apiserver {
namespace {

constexpr char kHidden[] = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

class SmugglingTest : public ServerTest {
 protected:
  // Sends a head and body of a request, then one that is hidden behind it, and a last one. Gives the
  // first answer; no other than the last one's may follow.
  void Send(const std::string& request) {
    SCOPED_TRACE(::testing::PrintToString(request));
    const auto client = Connect();
    const HttpAnswer first = client->Ask(request);
    if (first.status == 200) {
      EXPECT_EQ(client->Get("/last").body, "/last");
    } else {
      EXPECT_GE(first.status, 400);
      EXPECT_EQ(client->ReceiveUntilClose(), "");
    }
    EXPECT_EQ(hidden_, 0);
  }
  void Serve() {
    Start(
        [this](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
          hidden_ += request.target == "/hidden";
          response->Send(200, {}, request.target);
        },
        {.header_timeout = milliseconds(500)});
  }
  ~SmugglingTest() override { server_.reset(); }

  std::atomic<int> hidden_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Backends, SmugglingTest,
                         ::testing::Values(Backend::kBeastPlain, Backend::kBeastTls,
                                           Backend::kPistache),
                         BackendName);

TEST_P(SmugglingTest, IsNotPossibleByTwoLengths) {
  Serve();
  const std::string hidden = kHidden;
  const std::string size = std::to_string(hidden.size());
  for (const std::string& headers : std::vector<std::string>{
           "Content-Length: 0\r\nContent-Length: " + size,
           "Content-Length: " + size + "\r\ncontent-length: 0", "Content-Length: 0, " + size,
           "Content-Length: 0x0", "Content-Length: +0",
           std::string("Content-Length: 00000000000000000000000000000000x"),
           std::string("Content-Length: 0 0"), std::string("Content-Length : 0"),
           std::string("Content-Length:\r\n 0"), std::string("X: y\nContent-Length: 0"),
           std::string("X: y\rContent-Length: 0\r"),
           "Content-Length: 18446744073709551616\r\nContent-Length: " + size})
    Send("POST / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n\r\n" + hidden);
}

TEST_P(SmugglingTest, IsNotPossibleByALengthBesideChunks) {
  Serve();
  const std::string chunked_end = "0\r\n\r\n";
  for (const std::string& encoding : std::vector<std::string>{
           "Transfer-Encoding: chunked", "transfer-encoding: Chunked",
           "Transfer-Encoding : chunked", "Transfer-Encoding: xchunked",
           "Transfer-Encoding:\x0b"
           "chunked",
           "Transfer-Encoding: chunked, identity",
           "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
           "Transfer-Encoding:\r\n chunked", "Transfer-Encoding: \"chunked\"",
           "Transfer-Encoding: chunked;q=1", "X: y\nTransfer-Encoding: chunked",
           "Transfer-Encoding\t: chunked", " Transfer-Encoding: chunked",
           "Transfer-Encoding: chunked\r\n\tx"}) {
    Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n" + encoding + "\r\n\r\n" +
         chunked_end + kHidden);
    Send("POST / HTTP/1.1\r\nHost: a\r\n" + encoding + "\r\nContent-Length: 5\r\n\r\n" +
         chunked_end + kHidden);
  }
  Send("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked_end + kHidden);
}

TEST_P(SmugglingTest, IsNotPossibleByMalformedChunks) {
  Serve();
  for (const std::string& chunk : std::vector<std::string>{
           std::string("0\n\n"), std::string("0\r\r\n"), std::string("0x0\r\n\r\n"),
           std::string("+0\r\n\r\n"), std::string(" 0\r\n\r\n"), std::string("-0\r\n\r\n"),
           std::string("\r\n0\r\n\r\n"), std::string("1\r\nxx0\r\n\r\n"),
           std::string("1\r\nx\n0\r\n\r\n"), std::string("1\r\nx0\r\n\r\n"),
           std::string("10000000000000000\r\n\r\n"), std::string("0;\nx\r\n\r\n"),
           std::string("0_0\r\n\r\n"), std::string("0\0\r\n\r\n", 6)})
    Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + kHidden);
}

TEST_P(SmugglingTest, IsNotPossibleByLineEndsAndFolding) {
  Serve();
  for (const std::string& head : std::vector<std::string>{
           "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\n\r\n",
           "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n \r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
           "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n",
           "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "GET / HTTP/01.1\r\nHost: a\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\rX: y\r\n\r\n"})
    Send(head + std::string(kHidden));
}

TEST_P(SmugglingTest, TakesTheBodyOfAGetForABody) {
  if (!is_beast()) GTEST_SKIP() << "no bodies there";
  Serve();
  const std::string hidden = kHidden;
  Send("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(hidden.size()) +
       "\r\n\r\n" + hidden);
  Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n21;x=\"y\"\r\n" + hidden +
       "\r\n0\r\nX: " + hidden.substr(0, hidden.size() - 4) + "\r\n\r\n");
}

TEST_P(SmugglingTest, RefusesMoreHeadersThanAnybodyNeeds) {
  Serve();
  std::string headers;
  for (int i = 0; i < 1'100; ++i) headers += "a:b\r\n";
  EXPECT_THAT(Connect()->Get("/", headers), IsStatusObject(431));
  EXPECT_EQ(Connect()->Get("/", headers.substr(0, 5 * 900)).status, 200);
}

}  // namespace
}  // namespace pedia::apiserver
