#include "kube/exec_plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "kube/child_process.h"
#include "meta/json_reader.h"
#include "tests/kube/temporary_folder.h"
#include "tests/kube/test_certificates.h"
#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kV1 = "client.authentication.k8s.io/v1";

std::string Credential(const std::string& status) {
  return std::string(R"({"kind":"ExecCredential","apiVersion":")") + kV1 + R"(","status":)" +
         status + "}";
}

TEST(ParseExecCredentialTest, ReadsTokenCertificateAndExpiry) {
  const certs::KeyPair client = IssueClient("a");
  const auto credential = ParseExecCredential(
      Credential(R"({"token":"t","clientCertificateData":)" + JsonString(client.certificate_pem) +
                 R"(,"clientKeyData":)" + JsonString(client.key_pem) +
                 R"(,"expirationTimestamp":"1970-01-01T00:01:00Z"})"),
      kV1);
  ASSERT_THAT(credential, IsOk());
  EXPECT_EQ(credential->token, "t");
  EXPECT_EQ(credential->client_cert_pem, client.certificate_pem);
  EXPECT_EQ(credential->client_key_pem, client.key_pem);
  EXPECT_EQ(credential->expires, 60);
}

TEST(ParseExecCredentialTest, TakesACredentialWithoutExpiry) {
  const auto credential = ParseExecCredential(Credential(R"({"token":"t"})"), kV1);
  ASSERT_THAT(credential, IsOk());
  EXPECT_EQ(credential->expires, std::nullopt);
}

struct BadCredential {
  const char* name;
  std::string json;
  const char* message;
};
class ParseExecCredentialRejectsTest : public ::testing::TestWithParam<BadCredential> {};
TEST_P(ParseExecCredentialRejectsTest, WithoutQuotingIt) {
  EXPECT_THAT(ParseExecCredential(GetParam().json, kV1),
              FailsWith(StatusReason::kBadRequest,
                        AllOf(HasSubstr(GetParam().message), Not(HasSubstr("s3cret")))));
}
INSTANTIATE_TEST_SUITE_P(
    Table, ParseExecCredentialRejectsTest,
    ::testing::Values(
        BadCredential{"Nothing", "", "no well-formed JSON"},
        BadCredential{"Text", "s3cret", "no well-formed JSON"},
        BadCredential{"Array", "[]", "no ExecCredential"},
        BadCredential{"Kind", R"({"kind":"Pod","status":{"token":"s3cret"}})", "no ExecCredential"},
        BadCredential{
            "Version",
            R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"s3cret"}})",
            "another apiVersion"},
        BadCredential{"NoStatus",
                      std::string(R"({"kind":"ExecCredential","apiVersion":")") + kV1 + "\"}",
                      "neither a token"},
        BadCredential{"NullStatus", Credential("null"), "without status"},
        BadCredential{"EmptyStatus", Credential("{}"), "neither a token"},
        BadCredential{"HalfCertificate", Credential(R"({"token":"s3cret","clientKeyData":"x"})"),
                      "only one of"},
        BadCredential{"BadCertificate",
                      Credential(R"({"clientCertificateData":"s3cret","clientKeyData":"x"})"),
                      "clientCertificateData is not PEM"},
        BadCredential{"Expiry", Credential(R"({"token":"s3cret","expirationTimestamp":"soon"})"),
                      "not a time"}),
    [](const auto& row) { return row.param.name; });

TEST(FormatExecInfoTest, TellsTheClusterOnlyWhereAsked) {
  RestConfig config;
  config.server = "https://h:1";
  config.ca_pem = "PEM";
  config.tls_server_name = "n";
  config.exec.emplace_back();
  config.exec[0].api_version = kV1;
  EXPECT_EQ(
      FormatExecInfo(config.exec[0], config),
      R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}})");
  config.exec[0].provide_cluster_info = true;
  config.exec[0].cluster_config_json = R"({"a":1})";
  EXPECT_EQ(
      FormatExecInfo(config.exec[0], config),
      R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"cluster":{"server":"https://h:1",)"
      R"("tls-server-name":"n","certificate-authority-data":"UEVN","config":{"a":1}},"interactive":false}})");
}

class RunExecPluginTest : public ::testing::Test {
 protected:
  RunExecPluginTest() {
    config_.server = "https://h";
    config_.exec.emplace_back();
    config_.exec[0].api_version = kV1;
    config_.exec[0].install_hint = "get it at example.com";
  }
  Result<ExecCredential> Run(const std::string& script,
                             std::chrono::milliseconds timeout = seconds(60)) {
    config_.exec[0].command = folder_.WriteScript("plugin", script).string();
    return RunExecPlugin(config_, timeout, stop_.get_token());
  }
  const TemporaryFolder folder_;
  RestConfig config_;
  std::stop_source stop_;
};

TEST_F(RunExecPluginTest, PassesArgumentsAndEnvironment) {
  config_.exec[0].args = {"one two", "$x"};
  config_.exec[0].env = {{"PEDIA_A", "b"}};
  const auto credential =
      Run("echo \"$KUBERNETES_EXEC_INFO\" > " + (folder_.path() / "info").string() +
          "\nprintf "
          "'{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/"
          "v1\",\"status\":{\"token\":\"%s|%s|%s\"}}' \"$1\" \"$2\" \"$PEDIA_A\"\n");
  ASSERT_THAT(credential, IsOk());
  EXPECT_EQ(credential->token, "one two|$x|b");
  EXPECT_EQ(folder_.Read("info"), FormatExecInfo(config_.exec[0], config_) + "\n");
}

TEST_F(RunExecPluginTest, GivesItAnEmptyStandardInput) {
  EXPECT_THAT(Run("read line && exit 3\necho '" + Credential(R"({"token":"t"})") + "'"), IsOk());
}

TEST_F(RunExecPluginTest, ReportsItsExitCodeTheEndOfItsErrorsAndTheHintButNotItsOutput) {
  EXPECT_THAT(Run("echo s3cret\nfor i in 1 2 3 4 5 6 7 8; do printf '%0200d' 0 >&2; done\necho "
                  "please log in >&2\nexit 7"),
              FailsWith(StatusReason::kServiceUnavailable,
                        AllOf(HasSubstr("exit code 7"), HasSubstr("please log in"),
                              HasSubstr("get it at example.com"), Not(HasSubstr("s3cret")))));
}

TEST_F(RunExecPluginTest, ReportsAMissingCommandWithTheHint) {
  for (const char* command : {"/nowhere/plugin", "pedia-no-such-plugin"}) {
    config_.exec[0].command = command;
    EXPECT_THAT(
        RunExecPlugin(config_, seconds(60), stop_.get_token()),
        FailsWith(StatusReason::kServiceUnavailable,
                  AllOf(HasSubstr("it was not found"), HasSubstr("get it at example.com"))));
  }
}

TEST_F(RunExecPluginTest, ReportsAFileThatCannotBeRun) {
  config_.exec[0].command = folder_.Write("data", "x").string();
  EXPECT_THAT(RunExecPlugin(config_, seconds(60), stop_.get_token()),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("cannot be started")));
}

TEST_F(RunExecPluginTest, KillsItAndItsChildrenAfterTheTimeout) {
  EXPECT_THAT(Run("sleep 1000 & sleep 1000", std::chrono::milliseconds(100)),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("did not end within")));
}

TEST_F(RunExecPluginTest, KillsItWhenStopped) {
  std::jthread stopper([&] { stop_.request_stop(); });
  EXPECT_THAT(Run("sleep 1000"),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("it was stopped")));
}

TEST_F(RunExecPluginTest, EndsWithThePluginAlthoughItsDaemonKeepsThePipesOpen) {
  EXPECT_THAT(Run("sleep 5 &\necho '" + Credential(R"({"token":"t"})") + "'"), IsOk());
}

TEST_F(RunExecPluginTest, RejectsEndlessOutput) {
  EXPECT_THAT(Run("exec yes"),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("printed more than")));
}

TEST_F(RunExecPluginTest, ReportsASignal) {
  EXPECT_THAT(Run("kill -9 $$"),
              FailsWith(StatusReason::kServiceUnavailable, HasSubstr("exit code 137")));
}

TEST_F(RunExecPluginTest, RunsManyAtOnce) {
  const std::string command =
      folder_.WriteScript("plugin", "echo '" + Credential(R"({"token":"t"})") + "'").string();
  config_.exec[0].command = command;
  std::vector<std::jthread> threads;
  std::atomic<int> succeeded = 0;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back(
        [&] { succeeded += RunExecPlugin(config_, seconds(60), stop_.get_token()).ok() ? 1 : 0; });
  }
  threads.clear();
  EXPECT_EQ(succeeded, 20);
}

}  // namespace
}  // namespace pedia::kube
