#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "kube/client.h"
#include "meta/guarded.h"
#include "meta/json_reader.h"
#include "meta/time.h"
#include "tests/kube/member_server.h"
#include "tests/kube/recording_handler.h"
#include "tests/kube/temporary_folder.h"
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

// A server that lets one Authorization header in, which the test may change.
class ClientCredentialsTest : public ::testing::Test {
 protected:
  ClientCredentialsTest() : config_(server_.config()) {}

  void Accept(const std::string& authorization) {
    accepted_.With([&](std::string& value) { value = authorization; });
  }
  void Handle(const HttpRequest& request, const WriterPtr& writer) {
    const std::string sent(request.Header("Authorization").value_or(""));
    const bool good = accepted_.With([&](const std::string& value) { return value == sent; });
    if (!good) ++refused_;
    const std::string who = request.peer ? request.peer->common_name : "";
    writer->Send(good ? 200 : 401, {{"Content-Type", "application/json"}},
                 good ? "in " + who : "out");
  }
  // A plugin that counts its runs in the file "runs" and prints `status` with $n being the count.
  void UsePlugin(const std::string& status, const std::string& prelude = "") {
    const std::string runs = (folder_.path() / "runs").string();
    config_.exec.assign(1, ExecConfig());
    config_.exec[0].api_version = "client.authentication.k8s.io/v1beta1";
    config_.exec[0].command =
        folder_
            .WriteScript(
                "plugin",
                "echo run >> " + runs + "\nn=$(wc -l < " + runs + ")\n" + prelude +
                    "\ncat <<END\n" +
                    R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":)" +
                    status + "}\nEND\n")
            .string();
  }
  int Runs() const {
    const std::string runs = folder_.Read("runs");
    return static_cast<int>(std::count(runs.begin(), runs.end(), '\n'));
  }
  int GetCode(Client& client) {
    const auto document = GetDocument(client, MakeRequest("/"));
    EXPECT_THAT(document, IsOk());
    return document.ok() ? document->head.code : 0;
  }
  static std::string Expiry(int64_t seconds_from_now) {
    return R"(,"expirationTimestamp":")" + FormatRfc3339(UnixNow() + seconds_from_now) + "\"";
  }

  const TemporaryFolder folder_;
  Guarded<std::string> accepted_;
  std::atomic<int> refused_ = 0;
  MemberServer server_{
      [this](const HttpRequest& request, const WriterPtr& writer) { Handle(request, writer); }};
  RestConfig config_;
  EventLoop loop_;
};

TEST_F(ClientCredentialsTest, SendsAToken) {
  config_.token = "t0";
  Accept("Bearer t0");
  Client client(loop_, config_);
  EXPECT_EQ(GetCode(client), 200);
}

TEST_F(ClientCredentialsTest, SendsBasicAuthentication) {
  config_.username = "Aladdin";
  config_.password = "open sesame";
  Accept("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  Client client(loop_, config_);
  EXPECT_EQ(GetCode(client), 200);
}

TEST_F(ClientCredentialsTest, GivesA401AsTheResponseItIs) {
  config_.token = "wrong";
  Accept("Bearer right");
  Client client(loop_, config_);
  const auto document = GetDocument(client, MakeRequest("/"));
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->head.code, 401);
  EXPECT_EQ(document->body, "out");
  EXPECT_EQ(refused_, 1);
}

TEST_F(ClientCredentialsTest, PrefersTheTokenFileAndFallsBackToTheToken) {
  config_.token = "fallback";
  config_.token_file = folder_.Write("token", " from-file\n").string();
  Accept("Bearer from-file");
  Client client(loop_, config_);
  EXPECT_EQ(GetCode(client), 200);
  config_.token_file = (folder_.path() / "missing").string();
  Accept("Bearer fallback");
  Client other(loop_, config_);
  EXPECT_EQ(GetCode(other), 200);
}

TEST_F(ClientCredentialsTest, ReReadsTheTokenFileOn401) {
  config_.token_file = folder_.Write("token", "old").string();
  Accept("Bearer old");
  Client client(loop_, config_);
  EXPECT_EQ(GetCode(client), 200);
  folder_.Write("token", "new");
  EXPECT_EQ(GetCode(client), 200);  // Within the minute the file is not read.
  Accept("Bearer new");
  EXPECT_EQ(GetCode(client), 200);
  EXPECT_EQ(refused_, 1);
  Accept("Bearer newer");
  EXPECT_EQ(GetCode(client), 401);  // The file has nothing else: no second attempt.
  EXPECT_EQ(refused_, 2);
}

TEST_F(ClientCredentialsTest, NamesATokenFileThatIsOfNoUse) {
  config_.token_file = (folder_.path() / "missing").string();
  Client missing(loop_, config_);
  EXPECT_THAT(GetDocument(missing, MakeRequest("/")),
              FailsWith(StatusReason::kServiceUnavailable,
                        AllOf(HasSubstr("/missing"), HasSubstr("No such file"))));
  config_.token_file = folder_.Write("token", "s3cret\nX-Injected: y").string();
  Client split(loop_, config_);
  EXPECT_THAT(GetDocument(split, MakeRequest("/")),
              FailsWith(StatusReason::kServiceUnavailable,
                        AllOf(HasSubstr("no token"), Not(HasSubstr("s3cret")))));
}

TEST_F(ClientCredentialsTest, RunsThePluginOnceForManyRequests) {
  UsePlugin(R"({"token":"t$n"})");
  Accept("Bearer t1");
  Client client(loop_, config_);
  std::vector<std::shared_ptr<Recording>> recordings;
  for (int i = 0; i < 50; ++i) recordings.push_back(StartRecorded(client, MakeRequest("/")));
  for (const auto& recording : recordings) {
    EXPECT_THAT(recording->WaitDone(), IsOk());
    EXPECT_EQ(recording->head().code, 200);
  }
  EXPECT_EQ(GetCode(client), 200);
  EXPECT_EQ(Runs(), 1);
}

TEST_F(ClientCredentialsTest, RunsThePluginAgainAfterA401ButOnlyOnce) {
  UsePlugin(R"({"token":"t$n"})");
  Accept("Bearer t2");
  Client client(loop_, config_);
  std::vector<std::shared_ptr<Recording>> recordings;
  for (int i = 0; i < 20; ++i) recordings.push_back(StartRecorded(client, MakeRequest("/")));
  for (const auto& recording : recordings) {
    EXPECT_THAT(recording->WaitDone(), IsOk());
    EXPECT_EQ(recording->head().code, 200);
    EXPECT_EQ(recording->heads(), 1);
    EXPECT_EQ(recording->body(), "in ");
  }
  EXPECT_EQ(Runs(), 2);
  Accept("Bearer nothing");
  EXPECT_EQ(GetCode(client), 401);
  EXPECT_EQ(GetCode(client), 401);
  EXPECT_EQ(Runs(), 2);  // A plugin that has just been run again is not run in a loop.
}

TEST_F(ClientCredentialsTest, RunsThePluginAgainBeforeTheExpiry) {
  UsePlugin(R"({"token":"t$n")" + Expiry(3600) + "}");
  Accept("Bearer t1");
  Client lasting(loop_, config_);
  EXPECT_EQ(GetCode(lasting), 200);
  EXPECT_EQ(GetCode(lasting), 200);
  EXPECT_EQ(Runs(), 1);
  UsePlugin(R"({"token":"t$n")" + Expiry(0) + "}");
  Client fleeting(loop_, config_);
  Accept("Bearer t2");
  EXPECT_EQ(GetCode(fleeting), 200);
  Accept("Bearer t3");
  EXPECT_EQ(GetCode(fleeting), 200);
  EXPECT_EQ(Runs(), 3);
}

TEST_F(ClientCredentialsTest, ShowsTheCertificateOfThePlugin) {
  const certs::KeyPair pair = IssueClient("exec-jane");
  UsePlugin(R"({"clientCertificateData":)" + JsonString(pair.certificate_pem) +
            R"(,"clientKeyData":)" + JsonString(pair.key_pem) + "}");
  // The script's here-document must not read the \n of the JSON as anything: plain cat leaves it.
  Accept("");
  Client client(loop_, config_);
  const auto document = GetDocument(client, MakeRequest("/"));
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(document->body, "in exec-jane");
}

TEST_F(ClientCredentialsTest, ReportsAPluginThatFailsAndDoesNotRunItForEveryRequest) {
  UsePlugin("{}", "echo 'no session' >&2; exit 4");
  Client client(loop_, config_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(GetDocument(client, MakeRequest("/")),
                FailsWith(StatusReason::kServiceUnavailable,
                          AllOf(HasSubstr("exit code 4"), HasSubstr("no session"))));
  }
  EXPECT_EQ(Runs(), 1);
}

TEST_F(ClientCredentialsTest, CountsThePluginsTimeAgainstTheRequest) {
  UsePlugin("{}", "sleep 1000");
  Client client(loop_, config_);
  EXPECT_THAT(GetDocument(client, MakeRequest("/", milliseconds(50))),
              FailsWith(StatusReason::kTimeout, HasSubstr("longer than 50 ms")));
}

TEST_F(ClientCredentialsTest, KillsThePluginWithTheClient) {
  UsePlugin("{}", "sleep 1000");
  std::shared_ptr<Recording> recording;
  {
    Client client(loop_, config_);
    recording = StartRecorded(client, MakeRequest("/"));
  }
  EXPECT_THAT(recording->WaitDone(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("cancelled")));
}

TEST_F(ClientCredentialsTest, IsDestroyedInTheCallbackOfAFailedPlugin) {
  UsePlugin("{}", "exit 4");
  auto client = std::make_unique<Client>(loop_, config_);
  auto first = std::make_shared<Recording>();
  first->on_done = [&](const Status&) { client.reset(); };
  auto second = std::make_shared<Recording>();
  client->Start(MakeRequest("/"), std::make_unique<RecordingHandler>(first));
  loop_.Post([&] {
    if (client) client->Start(MakeRequest("/"), std::make_unique<RecordingHandler>(second));
  });
  EXPECT_THAT(first->WaitDone(),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("exit code 4")));
}

}  // namespace
}  // namespace pedia::kube
