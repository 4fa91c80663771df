#include "kube/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <set>

#include "meta/guarded.h"
#include "tests/kube/member_server.h"
#include "tests/kube/raw_server.h"
#include "tests/kube/recording_handler.h"
#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using apiserver::HttpRequest;
using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using WriterPtr = std::shared_ptr<apiserver::ResponseWriter>;

constexpr size_t kLarge = 4 << 20;

// Watches that stay open until the test ends them.
class OpenWatches {
 public:
  void Add(const WriterPtr& writer) {
    writer->WriteHead(200, {{"Content-Type", "application/json"}}, std::nullopt);
    writer->Write("hello\n");
    {
      std::scoped_lock lock(mutex_);
      writers_.push_back(writer);
    }
    changed_.notify_all();
  }
  bool WaitForCount(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1),
                             [&] { return writers_.size() >= count; });
  }
  std::vector<WriterPtr> Take() {
    std::scoped_lock lock(mutex_);
    return std::exchange(writers_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<WriterPtr> writers_;
};

class ClientTest : public ::testing::Test {
 protected:
  void Handle(const HttpRequest& request, const WriterPtr& writer) {
    if (request.target.starts_with("/watch")) return watches_.Add(writer);
    if (request.target.starts_with("/large"))
      return writer->Send(200, {}, std::string(kLarge, 'x'));
    if (request.target.starts_with("/busy")) return writer->Send(429, {{"Retry-After", "7"}}, "{}");
    if (request.target.starts_with("/moved")) return writer->Send(302, {{"Location", "/"}}, "");
    if (request.target.starts_with("/silent"))
      return silent_.With([&](auto& all) { all.push_back(writer); });
    std::string echo = request.method + " " + request.target + "\n";
    for (const auto& [name, value] : request.headers) echo += name + ": " + value + "\n";
    if (request.peer) echo += "CN=" + request.peer->common_name + "\n";
    writer->Send(200, {{"Content-Type", "text/plain"}, {"ETag", "\"e\""}}, echo);
  }
  std::string GetBody(Client& client, const std::string& path) {
    const auto document = GetDocument(client, MakeRequest(path));
    EXPECT_THAT(document, IsOk());
    return document.ok() ? document->body : "";
  }

  OpenWatches watches_;
  Guarded<std::vector<WriterPtr>> silent_;  // Requests that get no answer.
  MemberServer server_{
      [this](const HttpRequest& request, const WriterPtr& writer) { Handle(request, writer); }};
  EventLoop loop_;
};

TEST_F(ClientTest, GetsADocumentOverTls) {
  Client client(loop_, server_.config());
  const auto document = GetDocument(client, MakeRequest("/api/v1/pods?limit=5&continue=a%2Fb"));
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->head.code, 200);
  EXPECT_EQ(document->head.content_type, "text/plain");
  EXPECT_EQ(document->head.etag, "\"e\"");
  EXPECT_THAT(document->body,
              AllOf(HasSubstr("GET /api/v1/pods?limit=5&continue=a%2Fb\n"),
                    HasSubstr("Accept: application/json\n"), Not(HasSubstr("Accept-Encoding")),
                    Not(HasSubstr("Authorization"))));
}

TEST_F(ClientTest, PutsTheServersPathBeforeTheRequests) {
  RestConfig config = server_.config();
  config.server += "/k8s/c1/";
  Client client(loop_, config);
  EXPECT_THAT(GetBody(client, "/version"), HasSubstr("GET /k8s/c1/version\n"));
}

TEST_F(ClientTest, ShowsItsClientCertificate) {
  const certs::KeyPair pair = IssueClient("jane");
  RestConfig config = server_.config();
  config.client_cert_pem = pair.certificate_pem;
  config.client_key_pem = pair.key_pem;
  Client client(loop_, config);
  EXPECT_THAT(GetBody(client, "/"), HasSubstr("CN=jane\n"));
  Client anonymous(loop_, server_.config());
  EXPECT_THAT(GetBody(anonymous, "/"), Not(HasSubstr("CN=")));
}

TEST_F(ClientTest, SendsTheImpersonatedUser) {
  RestConfig config = server_.config();
  config.impersonate_user = "jane";
  config.impersonate_groups = {"a", "b"};
  config.impersonate_extra = {{"acme.com/x", "1"}};
  Client client(loop_, config);
  EXPECT_THAT(
      GetBody(client, "/"),
      AllOf(HasSubstr("Impersonate-User: jane\n"), HasSubstr("Impersonate-Group: a\n"),
            HasSubstr("Impersonate-Group: b\n"), HasSubstr("Impersonate-Extra-acme.com%2Fx: 1\n")));
}

TEST_F(ClientTest, RefusesACertificateOfAnotherName) {
  const MemberServer other(
      [](const HttpRequest&, const WriterPtr& writer) { writer->Send(200, {}, "ok"); },
      IssueServer({"api.example"}, {}));
  Client client(loop_, other.config());
  EXPECT_THAT(GetDocument(client, MakeRequest("/")),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("SSL")));
}

TEST_F(ClientTest, ChecksTheCertificateAgainstTheTlsServerName) {
  const MemberServer other(
      [this](const HttpRequest& request, const WriterPtr& writer) { Handle(request, writer); },
      IssueServer({"api.example"}, {}));
  RestConfig config = other.config();
  config.tls_server_name = "api.example";
  Client client(loop_, config);
  EXPECT_THAT(
      GetBody(client, "/x"),
      AllOf(HasSubstr("GET /x\n"), HasSubstr("Host: 127.0.0.1:" + std::to_string(other.port()))));
  config.tls_server_name = "other.example";
  Client wrong(loop_, config);
  EXPECT_THAT(GetDocument(wrong, MakeRequest("/")),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("SSL")));
}

TEST_F(ClientTest, RefusesAnUnknownAuthorityUnlessInsecure) {
  RestConfig config = server_.config();
  config.ca_pem = MustBe(certs::MakeCertificateAuthority("other", 86400)).certificate_pem;
  Client strict(loop_, config);
  EXPECT_THAT(GetDocument(strict, MakeRequest("/")),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("certificate")));
  config.ca_pem.clear();
  config.insecure_skip_tls_verify = true;
  Client insecure(loop_, config);
  EXPECT_THAT(GetBody(insecure, "/"), HasSubstr("GET /"));
}

TEST_F(ClientTest, GivesTheRetryAfterOf429) {
  Client client(loop_, server_.config());
  const auto document = GetDocument(client, MakeRequest("/busy"));
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->head.code, 429);
  EXPECT_EQ(document->head.retry_after_seconds, 7);
}

TEST_F(ClientTest, FollowsNoRedirects) {
  Client client(loop_, server_.config());
  EXPECT_EQ(GetDocument(client, MakeRequest("/moved"))->head.code, 302);
}

TEST_F(ClientTest, RefusesADocumentLargerThanTheLimit) {
  Client client(loop_, server_.config());
  EXPECT_THAT(GetDocument(client, MakeRequest("/large"), 1 << 20),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("larger than 1048576")));
}

TEST_F(ClientTest, RefusesRequestsThatWouldSplitTheHeader) {
  Client client(loop_, server_.config());
  for (const char* path : {"", "api", "/a b", "/a\r\nX: y", "/a#b"}) {
    EXPECT_THAT(GetDocument(client, MakeRequest(path)),
                FailsWith(StatusReason::kBadRequest, HasSubstr("not valid")))
        << path;
  }
}

TEST_F(ClientTest, FailsEveryRequestOfAnUnusableConfig) {
  RestConfig config;
  config.server = "https://me:s3cret@h";
  Client client(loop_, config);
  EXPECT_THAT(GetDocument(client, MakeRequest("/")),
              FailsWith(StatusReason::kServiceUnavailable,
                        AllOf(HasSubstr("URL"), Not(HasSubstr("s3cret")))));
}

TEST_F(ClientTest, GivesThePausedBytesAgainAfterResume) {
  Client client(loop_, server_.config());
  auto recording = std::make_shared<Recording>();
  Client::RequestId id = 0;
  int calls = 0;
  recording->flow = [&](std::string_view) {
    if (++calls % 3 != 0) return Flow::kContinue;
    client.Resume(id);  // Before kPause has been returned: must not be lost.
    return Flow::kPause;
  };
  std::promise<void> set;
  loop_.Post([&] {  // So that `id` is known before the first byte.
    id = client.Start(MakeRequest("/large"), std::make_unique<RecordingHandler>(recording));
  });
  EXPECT_THAT(recording->WaitDone(), IsOk());
  EXPECT_EQ(recording->body(), std::string(kLarge, 'x'));
  EXPECT_GT(calls, 10);
}

TEST_F(ClientTest, KeepsAPausedResponseWaitingWhileOthersGoOn) {
  Client client(loop_, server_.config());
  auto paused = std::make_shared<Recording>();
  std::atomic<bool> open = false;
  paused->flow = [&](std::string_view) { return open ? Flow::kContinue : Flow::kPause; };
  const auto id = client.Start(MakeRequest("/large"), std::make_unique<RecordingHandler>(paused));
  ASSERT_TRUE(paused->WaitForPause());
  for (int i = 0; i < 10; ++i) EXPECT_THAT(GetBody(client, "/"), HasSubstr("GET /"));
  EXPECT_EQ(paused->body(), "");
  open = true;
  client.Resume(id);
  EXPECT_THAT(paused->WaitDone(), IsOk());
  EXPECT_EQ(paused->body().size(), kLarge);
}

TEST_F(ClientTest, DoesNotCountAPauseAsIdle) {
  Client client(loop_, server_.config());
  auto paused = std::make_shared<Recording>();
  std::atomic<bool> open = false;
  paused->flow = [&](std::string_view) { return open ? Flow::kContinue : Flow::kPause; };
  Request request = MakeRequest("/large");
  request.idle_timeout = milliseconds(50);
  const auto id = client.Start(request, std::make_unique<RecordingHandler>(paused));
  ASSERT_TRUE(paused->WaitForPause());
  loop_.PostAfter(milliseconds(300), [&] {
    open = true;
    client.Resume(id);
  });
  EXPECT_THAT(paused->WaitDone(), IsOk());
}

TEST_F(ClientTest, EndsWhenTheHandlerAborts) {
  Client client(loop_, server_.config());
  auto recording = std::make_shared<Recording>();
  recording->flow = [](std::string_view) { return Flow::kAbort; };
  client.Start(MakeRequest("/large"), std::make_unique<RecordingHandler>(recording));
  EXPECT_THAT(recording->WaitDone(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("not wanted")));
}

TEST_F(ClientTest, CancelsAWatchFromAnotherThread) {
  Client client(loop_, server_.config());
  Client::RequestId id = 0;
  const auto watch = StartRecorded(client, MakeRequest("/watch", milliseconds(0)), &id);
  ASSERT_TRUE(watch->WaitForBytes(6));
  client.Cancel(id);
  EXPECT_THAT(watch->WaitDone(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("cancelled")));
  client.Cancel(id);
  client.Resume(id);
  EXPECT_THAT(GetBody(client, "/"), HasSubstr("GET /"));
  EXPECT_EQ(watch->dones(), 1);
}

TEST_F(ClientTest, GivesNoDataAfterACancelInOnData) {
  Client client(loop_, server_.config());
  auto recording = std::make_shared<Recording>();
  Client::RequestId id = 0;
  std::atomic<int> calls = 0;
  recording->flow = [&](std::string_view) {
    ++calls;
    client.Cancel(id);
    return Flow::kContinue;
  };
  loop_.Post([&] {
    id = client.Start(MakeRequest("/large"), std::make_unique<RecordingHandler>(recording));
  });
  EXPECT_THAT(recording->WaitDone(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("cancelled")));
  EXPECT_EQ(calls, 1);
}

TEST_F(ClientTest, EndsAnIdleWatchWithTimeout) {
  Client client(loop_, server_.config());
  Request request = MakeRequest("/watch", milliseconds(0));
  request.idle_timeout = milliseconds(100);
  const auto watch = StartRecorded(client, request);
  EXPECT_THAT(
      watch->WaitDone(),
      FailsWith(StatusReason::kTimeout, AllOf(HasSubstr("/watch: "), HasSubstr("no byte came"))));
  EXPECT_EQ(watch->body(), "hello\n");
}

TEST_F(ClientTest, EndsALateRequestWithTimeout) {
  Client client(loop_, server_.config());
  const auto watch = StartRecorded(client, MakeRequest("/watch?timeout=1", milliseconds(100)));
  EXPECT_THAT(watch->WaitDone(),
              FailsWith(StatusReason::kTimeout,
                        AllOf(HasSubstr("/watch: "), HasSubstr("longer than 100 ms"))));
}

TEST_F(ClientTest, KeepsFiveHundredWatchesOnOneLoopAndStillLists) {
  Client client(loop_, server_.config());
  std::vector<std::shared_ptr<Recording>> recordings;
  for (int i = 0; i < 500; ++i)
    recordings.push_back(
        StartRecorded(client, MakeRequest("/watch?" + std::to_string(i), milliseconds(0))));
  ASSERT_TRUE(watches_.WaitForCount(500));
  EXPECT_THAT(GetBody(client, "/list"), HasSubstr("GET /list"));
  for (const WriterPtr& writer : watches_.Take()) {
    writer->Write("bye\n");
    writer->Finish();
  }
  for (const auto& recording : recordings) {
    EXPECT_THAT(recording->WaitDone(), IsOk());
    EXPECT_EQ(recording->body(), "hello\nbye\n");
  }
}

TEST_F(ClientTest, DoesNotWaitForTheAnswersOfOtherRequests) {
  Client client(loop_, server_.config());
  std::vector<std::shared_ptr<Recording>> recordings;
  for (int i = 0; i < 40; ++i)
    recordings.push_back(StartRecorded(client, MakeRequest("/silent", milliseconds(0))));
  EXPECT_THAT(GetBody(client, "/list"), HasSubstr("GET /list"));
}

TEST_F(ClientTest, ReusesItsConnection) {
  std::atomic<int> requests = 0;
  RawServer raw([&](const RawConnection& connection) {
    while (!connection.ReadHeader().empty()) {
      ++requests;
      connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    }
  });
  RestConfig config;
  config.server = raw.url();
  Client client(loop_, config);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(GetBody(client, "/"), "{}");
  EXPECT_EQ(requests, 5);
  EXPECT_EQ(raw.connections(), 1);
}

TEST_F(ClientTest, EndsItsRequestsWhenItIsDestroyedOnAnotherThread) {
  auto client = std::make_unique<Client>(loop_, server_.config());
  std::vector<std::shared_ptr<Recording>> recordings;
  for (int i = 0; i < 20; ++i)
    recordings.push_back(StartRecorded(*client, MakeRequest("/watch", milliseconds(0))));
  ASSERT_TRUE(recordings[0]->WaitForBytes(1));
  client.reset();
  for (const auto& recording : recordings) {
    EXPECT_THAT(recording->WaitDone(),
                FailsWith(StatusReason::kServiceUnavailable, HasSubstr("cancelled")));
    EXPECT_EQ(recording->dones(), 1);
  }
}

// Where on the loop's thread the client is destroyed: in a callback of its own.
enum class Place { kOnData, kOnDone, kTask };
class ClientDestructionTest : public ClientTest, public ::testing::WithParamInterface<Place> {};

TEST_P(ClientDestructionTest, CallsNothingBackAfterwards) {
  auto client = std::make_unique<Client>(loop_, server_.config());
  auto first = std::make_shared<Recording>();
  auto second = std::make_shared<Recording>();
  std::atomic<int> dones_at_return = -1;
  const auto destroy = [&] {
    if (client == nullptr) return;
    client.reset();
    dones_at_return = second->dones();
  };
  if (GetParam() == Place::kOnData) {
    first->flow = [&](std::string_view) {
      destroy();
      return Flow::kContinue;
    };
  } else if (GetParam() == Place::kOnDone) {
    first->on_done = [&](const Status&) { destroy(); };
  }
  client->Start(MakeRequest("/watch", milliseconds(0)), std::make_unique<RecordingHandler>(second));
  ASSERT_TRUE(second->WaitForBytes(6));
  loop_.Post([&] {
    client->Start(MakeRequest("/large"), std::make_unique<RecordingHandler>(first));
    if (GetParam() == Place::kTask) destroy();
  });
  EXPECT_EQ(first->WaitDone().ok(), GetParam() == Place::kOnDone);
  EXPECT_FALSE(second->WaitDone().ok());
  std::promise<void> settled;
  loop_.Post([&] { loop_.Post([&] { settled.set_value(); }); });
  settled.get_future().get();
  EXPECT_EQ(dones_at_return, 1);
  EXPECT_EQ(first->after_done() + second->after_done(), 0);
}
std::string PlaceName(const ::testing::TestParamInfo<Place>& row) {
  return row.param == Place::kOnData ? "OnData" : row.param == Place::kOnDone ? "OnDone" : "Task";
}
INSTANTIATE_TEST_SUITE_P(Places, ClientDestructionTest,
                         ::testing::Values(Place::kOnData, Place::kOnDone, Place::kTask),
                         PlaceName);

TEST_F(ClientTest, EndsItsRequestsWhenTheLoopEnds) {
  auto loop = std::make_unique<EventLoop>();
  auto client = std::make_unique<Client>(*loop, server_.config());
  const auto running = StartRecorded(*client, MakeRequest("/watch", milliseconds(0)));
  ASSERT_TRUE(running->WaitForBytes(6));
  const auto fresh = StartRecorded(*client, MakeRequest("/watch", milliseconds(0)));
  loop.reset();
  EXPECT_EQ(running->dones(), 1);
  EXPECT_EQ(fresh->dones(), 1);
  const auto late = StartRecorded(*client, MakeRequest("/"));
  EXPECT_EQ(late->dones(), 1);
  client.reset();
}

TEST_F(ClientTest, SurvivesClientsThatComeAndGoAtAnyMoment) {
  for (int round = 0; round < 60; ++round) {
    auto client = std::make_unique<Client>(loop_, server_.config());
    const auto recording =
        StartRecorded(*client, MakeRequest(round % 2 == 0 ? "/large" : "/watch", milliseconds(0)));
    if (round % 3 == 0) recording->WaitForHead();
    if (round % 3 == 1) std::this_thread::sleep_for(std::chrono::microseconds(round * 100));
    client.reset();
    EXPECT_FALSE(recording->WaitDone().ok() && round % 2 != 0);
  }
}

}  // namespace
}  // namespace pedia::kube
