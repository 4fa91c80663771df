#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "kube/client.h"
#include "meta/guarded.h"
#include "tests/kube/member_server.h"
#include "tests/kube/raw_server.h"
#include "tests/kube/recording_handler.h"
#include "tests/kube/tunnel_handler.h"
#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using apiserver::HttpRequest;
using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using WriterPtr = std::shared_ptr<apiserver::ResponseWriter>;

// Copies both ways until either side ends.
void Relay(int a, int b) {
  std::array<pollfd, 2> fds = {pollfd{a, POLLIN, 0}, pollfd{b, POLLIN, 0}};
  char buffer[16384];
  while (poll(fds.data(), fds.size(), 60'000) > 0) {
    for (size_t i = 0; i < 2; ++i) {
      if (fds[i].revents == 0) continue;
      const ssize_t size = recv(fds[i].fd, buffer, sizeof buffer, 0);
      if (size <= 0 || send(fds[1 - i].fd, buffer, static_cast<size_t>(size), MSG_NOSIGNAL) != size)
        return;
    }
  }
}

class ClientProxyTest : public ::testing::Test {
 protected:
  // Connects to the member whatever name it is asked for, as a proxy with its own DNS would.
  void ServeConnect(const RawConnection& connection) {
    const std::string header = connection.ReadHeader();
    requests_.With([&](std::vector<std::string>& all) { all.push_back(header); });
    connection.Send("HTTP/1.1 200 Connection established\r\nX-Proxy: 1\r\n\r\n");
    const RawConnection upstream(ConnectToLoopback(server_.port()));
    Relay(connection.fd(), upstream.fd());
  }
  std::vector<std::string> requests() {
    return requests_.With([](const std::vector<std::string>& all) { return all; });
  }

  Guarded<std::vector<std::string>> requests_;
  MemberServer server_{
      [](const HttpRequest& request, const WriterPtr& writer) {
        writer->Send(200, {}, "token " + std::string(request.Header("Authorization").value_or("")));
      },
      IssueServer({"member.internal"}, {"127.0.0.1"})};
  RawServer proxy_{[this](const RawConnection& connection) { ServeConnect(connection); }};
  EventLoop loop_;
};

TEST_F(ClientProxyTest, TunnelsThroughAnHttpProxyWhichSeesNoToken) {
  RestConfig config = server_.config();
  config.server = "https://member.internal:6443";
  config.proxy_url = "http://me:pass@127.0.0.1:" + std::to_string(proxy_.port());
  config.token = "s3cret";
  Client client(loop_, config);
  const auto document = GetDocument(client, MakeRequest("/"));
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->head.code, 200);
  EXPECT_EQ(document->body, "token Bearer s3cret");
  EXPECT_THAT(requests(), ElementsAre(AllOf(HasSubstr("CONNECT member.internal:6443 HTTP/1.1\r\n"),
                                            HasSubstr("Proxy-Authorization: Basic bWU6cGFzcw=="),
                                            Not(HasSubstr("s3cret")))));
}

TEST_F(ClientProxyTest, AsksTheProxyForTheServerNotForTheTlsServerName) {
  RestConfig config = server_.config();
  config.server = "https://10.9.8.7:6443";
  config.tls_server_name = "member.internal";
  config.proxy_url = "http://127.0.0.1:" + std::to_string(proxy_.port());
  Client client(loop_, config);
  EXPECT_THAT(GetDocument(client, MakeRequest("/")), IsOk());
  EXPECT_THAT(requests(), ElementsAre(HasSubstr("CONNECT 10.9.8.7:6443 HTTP/1.1\r\n")));
}

TEST_F(ClientProxyTest, TakesTunnelsThroughToo) {
  RestConfig config = server_.config();
  config.server = "https://10.9.8.7:6443";
  config.tls_server_name = "member.internal";
  config.proxy_url = "http://127.0.0.1:" + std::to_string(proxy_.port());
  config.token = "s3cret";
  Client client(loop_, config);
  const auto seen = std::make_shared<CollectedTunnel>();
  const auto tunnel =
      client.OpenTunnel(MakeRequest("/"), "raw", std::make_unique<CollectingTunnel>(seen));
  EXPECT_TRUE(seen->WaitFor([](const std::string& bytes) {
    return bytes.starts_with("HTTP/1.1 200 OK\r\n") && bytes.ends_with("token Bearer s3cret");
  }));
  EXPECT_THAT(requests(), ElementsAre(AllOf(HasSubstr("CONNECT 10.9.8.7:6443 HTTP/1.1\r\n"),
                                            Not(HasSubstr("s3cret")))));
}

TEST_F(ClientProxyTest, ReportsAProxyThatRefusesWithoutItsPassword) {
  const RawServer refusing([](const RawConnection& connection) {
    connection.ReadHeader();
    connection.Send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  });
  RestConfig config = server_.config();
  config.proxy_url = "http://me:s3cret@127.0.0.1:" + std::to_string(refusing.port());
  Client client(loop_, config);
  EXPECT_THAT(GetDocument(client, MakeRequest("/")),
              FailsWith(StatusReason::kServiceUnavailable,
                        AllOf(HasSubstr("407"), Not(HasSubstr("s3cret")))));
}

TEST_F(ClientProxyTest, LetsASocksProxyResolveTheName) {
  std::string asked;
  std::atomic<bool> served = false;
  const RawServer socks([&](const RawConnection& connection) {
    char head[262];
    ASSERT_GE(recv(connection.fd(), head, 2, MSG_WAITALL), 2);
    ASSERT_EQ(recv(connection.fd(), head, static_cast<unsigned char>(head[1]), MSG_WAITALL) > 0,
              true);
    connection.Send(std::string_view("\x05\x00", 2));
    ASSERT_EQ(recv(connection.fd(), head, 5, MSG_WAITALL), 5);
    EXPECT_EQ(head[3], 3);  // A name, not an address.
    const auto length = static_cast<size_t>(static_cast<unsigned char>(head[4]));
    ASSERT_GT(recv(connection.fd(), head, length + 2, MSG_WAITALL), 0);
    asked.assign(head, length);
    served = true;
    connection.Send(std::string_view("\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x01", 10));
    const RawConnection upstream(ConnectToLoopback(server_.port()));
    Relay(connection.fd(), upstream.fd());
  });
  RestConfig config = server_.config();
  config.server = "https://member.internal:6443";
  config.proxy_url = "socks5://127.0.0.1:" + std::to_string(socks.port());
  Client client(loop_, config);
  EXPECT_THAT(GetDocument(client, MakeRequest("/")), IsOk());
  ASSERT_TRUE(served);
  EXPECT_EQ(asked, "member.internal");
}

TEST_F(ClientProxyTest, UsesTheEnvironmentsProxyButNotForLoopback) {
  setenv("HTTPS_PROXY", ("127.0.0.1:" + std::to_string(proxy_.port())).c_str(), 1);
  setenv("NO_PROXY", "other.internal", 1);
  RestConfig config = server_.config();
  Client loopback(loop_, config);
  config.server = "https://member.internal:6443";
  Client remote(loop_, config);
  config.server = "https://other.internal:6443";
  Client excluded(loop_, config);
  unsetenv("HTTPS_PROXY");
  unsetenv("NO_PROXY");
  EXPECT_THAT(GetDocument(loopback, MakeRequest("/")), IsOk());
  EXPECT_THAT(requests(), ElementsAre());
  EXPECT_THAT(GetDocument(remote, MakeRequest("/")), IsOk());
  EXPECT_EQ(requests().size(), 1);
  EXPECT_THAT(GetDocument(excluded, MakeRequest("/")),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("resolve host")));
}

}  // namespace
}  // namespace pedia::kube
