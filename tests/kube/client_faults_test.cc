#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "kube/client.h"
#include "tests/kube/raw_server.h"
#include "tests/kube/recording_handler.h"
#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ClientFaultsTest : public ::testing::Test {
 protected:
  // The document that a server gives which answers every request with `response` and closes.
  Result<Client::Document> GetFrom(const std::string& response, bool reset = false) {
    const RawServer server([&](const RawConnection& connection) {
      connection.ReadHeader();
      connection.Send(response);
      if (reset) connection.Reset();
    });
    return Get(server.url());
  }
  Result<Client::Document> Get(const std::string& url) {
    RestConfig config;
    config.server = url;
    config.token = "s3cret";
    Client client(loop_, config);
    return GetDocument(client, MakeRequest("/path?continue=x", milliseconds(20'000)));
  }
  EventLoop loop_;
};

TEST_F(ClientFaultsTest, NamesAConnectionThatIsRefused) {
  uint16_t port = 0;
  {
    port = RawServer([](const RawConnection&) {}).port();
  }
  const std::string url = "http://127.0.0.1:" + std::to_string(port);
  EXPECT_THAT(Get(url), FailsWith(StatusReason::kServiceUnavailable,
                                  AllOf(HasSubstr("GET " + url + "/path: "),
                                        HasSubstr("Connection refused"))));
}

// It becomes the message of a condition: what is the same must read the same.
TEST_F(ClientFaultsTest, NamesTheSameFailureInTheSameWords) {
  uint16_t port = 0;
  {
    port = RawServer([](const RawConnection&) {}).port();
  }
  const std::string address = "127.0.0.1:" + std::to_string(port);
  const auto document = Get("http://" + address);
  ASSERT_FALSE(document.ok());
  EXPECT_EQ(document.status().message(),
            "GET http://" + address + "/path: Failed to connect to 127.0.0.1 port " +
                std::to_string(port) + ": Couldn't connect to server (Connection refused)");
}

struct Fault {
  const char* name;
  const char* response;
};
class ClientBrokenResponseTest : public ClientFaultsTest,
                                 public ::testing::WithParamInterface<Fault> {};

TEST_P(ClientBrokenResponseTest, IsServiceUnavailable) {
  EXPECT_THAT(GetFrom(GetParam().response),
              FailsWith(StatusReason::kServiceUnavailable,
                        AllOf(HasSubstr("GET http://127.0.0.1:"), Not(HasSubstr("s3cret")))));
  EXPECT_THAT(GetFrom(GetParam().response, /*reset=*/true),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("GET http://127.0.0.1:")));
}
INSTANTIATE_TEST_SUITE_P(
    Table, ClientBrokenResponseTest,
    ::testing::Values(
        Fault{"Nothing", ""}, Fault{"HalfStatusLine", "HTTP/1."},
        Fault{"NoHttp", "SSH-2.0-OpenSSH\r\n\r\n"},
        Fault{"HeaderOnly", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"},
        Fault{"ShortBody", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"},
        Fault{"TruncatedChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"},
        Fault{"NoLastChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"},
        Fault{"BadChunkSize",
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n"}),
    [](const auto& row) { return row.param.name; });

TEST_F(ClientFaultsTest, GivesTheBytesBeforeATruncation) {
  const RawServer server([&](const RawConnection& connection) {
    connection.ReadHeader();
    connection.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5\r\nde");
  });
  RestConfig config;
  config.server = server.url();
  Client client(loop_, config);
  const auto recording = StartRecorded(client, MakeRequest("/"));
  EXPECT_THAT(recording->WaitDone(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("GET ")));
  EXPECT_EQ(recording->heads(), 1);
  EXPECT_EQ(recording->body(), "abcde");
}

TEST_F(ClientFaultsTest, SkipsInterimResponses) {
  const auto document = GetFrom(
      "HTTP/1.1 103 Early Hints\r\nETag: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->head.code, 200);
  EXPECT_EQ(document->head.etag, "");
  EXPECT_EQ(document->body, "ok");
}

TEST_F(ClientFaultsTest, ReadsHeadersInAnyCaseAndTrailers) {
  const auto document = GetFrom(
      "HTTP/1.1 503 Busy\r\nCONTENT-TYPE:application/json \r\nretry-AFTER:  "
      "3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nContent-Type: x\r\n\r\n");
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->head.content_type, "application/json");
  EXPECT_EQ(document->head.retry_after_seconds, 3);
}

TEST_F(ClientFaultsTest, UnderstandsRetryAfterAsADate) {
  const auto past = GetFrom(
      "HTTP/1.1 503 Busy\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: "
      "0\r\n\r\n");
  EXPECT_EQ(past->head.retry_after_seconds, 0);
  const auto odd = GetFrom("HTTP/1.1 503 Busy\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(odd->head.retry_after_seconds, std::nullopt);
  const auto far =
      GetFrom("HTTP/1.1 503 Busy\r\nRetry-After: 99999999999\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(far->head.retry_after_seconds, 86'400);
}

TEST_F(ClientFaultsTest, RefusesAnEndlessHeader) {
  std::string response = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 20'000; ++i)
    response += "X-" + std::to_string(i) + ": " + std::string(40, 'x') + "\r\n";
  EXPECT_THAT(GetFrom(response), FailsWith(StatusReason::kServiceUnavailable, HasSubstr("header")));
}

TEST_F(ClientFaultsTest, EndsARequestToASilentServerWithTimeout) {
  const RawServer server([](const RawConnection& connection) { connection.WaitForEnd(); });
  RestConfig config;
  config.server = server.url();
  Client client(loop_, config);
  EXPECT_THAT(GetDocument(client, MakeRequest("/", milliseconds(50))),
              FailsWith(StatusReason::kTimeout, HasSubstr("longer than 50 ms")));
  config.server =
      "https://127.0.0.1:" + std::to_string(server.port());  // Silent in the TLS handshake.
  Client tls(loop_, config);
  Request request = MakeRequest("/", milliseconds(0));
  request.idle_timeout = milliseconds(50);
  EXPECT_THAT(GetDocument(tls, request),
              FailsWith(StatusReason::kTimeout, HasSubstr("no byte came")));
}

TEST_F(ClientFaultsTest, LetsWatchesOfAllKindsRunBesideManyWaitingLists) {
  std::atomic<int> waiting = 0;
  const RawServer server([&](const RawConnection& connection) {
    if (connection.ReadHeader().starts_with("GET /list")) {
      ++waiting;
      connection.WaitForEnd();
      return;
    }
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  RestConfig config;
  config.server = server.url();
  Client client(loop_, config);
  std::vector<std::shared_ptr<Recording>> lists;
  for (int i = 0; i < 200; ++i) lists.push_back(StartRecorded(client, MakeRequest("/list")));
  const auto watch = StartRecorded(client, MakeRequest("/watch", milliseconds(0)));
  EXPECT_THAT(watch->WaitDone(), IsOk());
  EXPECT_LE(waiting, 128);
}

}  // namespace
}  // namespace pedia::kube
