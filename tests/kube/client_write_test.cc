// Requests with a method, a body and headers, as they arrive byte by byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "kube/client.h"
#include "meta/guarded.h"
#include "tests/kube/raw_server.h"
#include "tests/kube/recording_handler.h"
#include "tests/kube/temporary_folder.h"
#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// A server that keeps what it was sent, header and body, and answers one thing after the other.
class ClientWriteTest : public ::testing::Test {
 protected:
  static size_t BodyLength(const std::string& header) {
    const size_t at = header.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(header.substr(at + 16));
  }
  void Serve(const RawConnection& connection) {
    std::string request;
    while (!(request = connection.ReadHeader()).empty()) {
      const size_t size = request.size() + BodyLength(request);
      char buffer[65536];
      while (request.size() < size) {
        const ssize_t count =
            recv(connection.fd(), buffer, std::min(sizeof buffer, size - request.size()), 0);
        if (count <= 0) return;
        request.append(buffer, static_cast<size_t>(count));
      }
      connection.Send(requests_.With([&](std::vector<std::string>& requests) {
        requests.push_back(request);
        return answers_.size() >= requests.size() ? answers_[requests.size() - 1] : kOk;
      }));
    }
  }
  std::vector<std::string> requests() const {
    return requests_.With([](const auto& requests) { return requests; });
  }
  RestConfig config() const {
    RestConfig config;
    config.server = server_.url();
    config.token = "t0ken";
    return config;
  }
  static Request Patch(std::string body) {
    Request request = MakeRequest("/apis/x/status");
    request.method = "PATCH";
    request.body = std::move(body);
    request.content_type = "application/merge-patch+json";
    return request;
  }

  std::vector<std::string> answers_;  // Those of the first requests.
  Guarded<std::vector<std::string>> requests_;
  EventLoop loop_;
  RawServer server_{[this](const RawConnection& connection) { Serve(connection); }};
};

TEST_F(ClientWriteTest, SendsABodyWithItsTypeAndLength) {
  Client client(loop_, config());
  const auto document = client.Call(Patch(R"({"status":{}})"));
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->body, "ok");
  const std::string request = requests().at(0);
  EXPECT_THAT(request, StartsWith("PATCH /apis/x/status HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Type: application/merge-patch+json\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Length: 13\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAuthorization: Bearer t0ken\r\n"));
  EXPECT_THAT(request, EndsWith("\r\n\r\n{\"status\":{}}"));
}

TEST_F(ClientWriteTest, SendsEveryMethod) {
  Client client(loop_, config());
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    Request request = MakeRequest("/a");
    request.method = method;
    EXPECT_THAT(client.Call(request), IsOk());
    EXPECT_THAT(requests().back(), StartsWith(std::string(method) + " /a HTTP/1.1\r\n"));
    EXPECT_THAT(requests().back(), Not(HasSubstr("Content-Type")));
  }
  EXPECT_THAT(requests().at(1), HasSubstr("\r\nContent-Length: 0\r\n"));
}

TEST_F(ClientWriteTest, DeletesWithOptionsInTheBody) {
  Client client(loop_, config());
  Request request = MakeRequest("/a");
  request.method = "DELETE";
  request.body = R"({"propagationPolicy":"Orphan"})";
  EXPECT_THAT(client.Call(request), IsOk());
  EXPECT_THAT(requests().at(0), AllOf(StartsWith("DELETE /a "), EndsWith(request.body)));
}

TEST_F(ClientWriteTest, AsksForTheHeadOnly) {
  answers_ = {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\n"};
  Client client(loop_, config());
  Request request = MakeRequest("/a");
  request.method = "HEAD";
  const auto document = client.Call(request);
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->head.code, 200);
  EXPECT_EQ(document->body, "");
}

TEST_F(ClientWriteTest, SendsBinaryBodiesAsTheyAreWithoutAskingFirst) {
  Client client(loop_, config());
  std::string body(2 << 20, '\0');
  body.back() = '\n';
  EXPECT_THAT(client.Call(Patch(body)), IsOk());
  EXPECT_TRUE(requests().at(0).ends_with("\r\n\r\n" + body));
  EXPECT_THAT(requests().at(0).substr(0, 1000), Not(HasSubstr("Expect")));
}

TEST_F(ClientWriteTest, SendsHeadersInOrderRepeatedAndEmpty) {
  Client client(loop_, config());
  Request request = MakeRequest("/a");
  request.headers = {{"X-B", "1"}, {"X-A", ""}, {"X-B", "2"}, {"X-Space", " "}};
  EXPECT_THAT(client.Call(request), IsOk());
  EXPECT_THAT(requests().at(0), HasSubstr("\r\nX-B: 1\r\nX-A:\r\nX-B: 2\r\nX-Space:\r\n"));
}

TEST_F(ClientWriteTest, GivesAllHeadersOfTheAnswerInOrder) {
  answers_ = {
      "HTTP/1.1 200 OK\r\nWarning: 299 - \"a\"\r\nX-Y:z\r\nWarning: 299 - \"b\"\r\n"
      "Content-Length: 0\r\n\r\n"};
  Client client(loop_, config());
  const auto document = client.Call(MakeRequest("/a"));
  ASSERT_THAT(document, IsOk());
  EXPECT_THAT(document->head.headers,
              ElementsAre(Pair("Warning", "299 - \"a\""), Pair("X-Y", "z"),
                          Pair("Warning", "299 - \"b\""), Pair("Content-Length", "0")));
}

TEST_F(ClientWriteTest, SendsTheBodyAgainWithAFreshToken) {
  const TemporaryFolder folder;
  RestConfig config = this->config();
  config.token_file = folder.Write("token", "old").string();
  answers_ = {kOk, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nout"};
  Client client(loop_, config);
  ASSERT_THAT(client.Call(MakeRequest("/a")), IsOk());
  folder.Write("token", "new");
  const auto document = client.Call(Patch(R"({"a":1})"));
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->head.code, 200);
  EXPECT_THAT(requests().at(1), AllOf(HasSubstr("Bearer old"), EndsWith(R"({"a":1})")));
  EXPECT_THAT(requests().at(2), AllOf(HasSubstr("Bearer new"), EndsWith(R"({"a":1})")));
}

TEST_F(ClientWriteTest, FollowsNoRedirectOfAWrite) {
  answers_ = {"HTTP/1.1 307 Moved\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"};
  Client client(loop_, config());
  EXPECT_EQ(client.Call(Patch("{}"))->head.code, 307);
  EXPECT_EQ(requests().size(), 1u);
}

TEST_F(ClientWriteTest, NamesTheMethodInItsErrors) {
  answers_ = {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"};
  Client client(loop_, config());
  Request request = Patch("{}");
  request.idle_timeout = std::chrono::milliseconds(50);
  EXPECT_THAT(client.Call(request), FailsWith(StatusReason::kTimeout, StartsWith("PATCH http://")));
}

TEST_F(ClientWriteTest, SendsNothingOfARequestThatIsNotValid) {
  Client client(loop_, config());
  Request request = Patch("{}");
  request.headers = {{"X", "a\r\nAuthorization: Bearer other"}};
  EXPECT_THAT(client.Call(request), FailsWith(StatusReason::kBadRequest, HasSubstr("header X")));
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(ClientWriteTest, RefusesToWaitOnTheLoopsOwnThread) {
  Client client(loop_, config());
  std::promise<Status> answer;
  loop_.Post([&] { answer.set_value(client.Call(MakeRequest("/a")).status()); });
  EXPECT_THAT(answer.get_future().get(),
              FailsWith(StatusReason::kInternalError, HasSubstr("thread")));
}

}  // namespace
}  // namespace pedia::kube
