#include "kube/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "meta/base64.h"
#include "tests/kube/temporary_folder.h"
#include "tests/kube/test_certificates.h"
#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

namespace fs = std::filesystem;
using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

// A kubeconfig of one context; `cluster` and `user` are members in flow style: "server: https://h".
std::string OneContext(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: k, cluster: {" +
         cluster + "}}]\nusers: [{name: u, user: {" + user +
         "}}]\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n";
}

class KubeconfigTest : public ::testing::Test {
 protected:
  Result<Kubeconfig> Load(const std::string& yaml) {
    return LoadKubeconfig({folder_.Write("config", yaml)});
  }
  Result<RestConfig> LoadOne(const std::string& cluster, const std::string& user) {
    auto loaded = Load(OneContext(cluster, user));
    if (!loaded.ok()) return loaded.status();
    return loaded->contexts.at(0).config;
  }

  const TemporaryFolder folder_;
  const certs::KeyPair client_ = IssueClient("admin");
  const std::string ca_data_ = EncodeBase64(TestCa().certificate_pem);
  const std::string certificate_data_ = EncodeBase64(client_.certificate_pem);
  const std::string key_data_ = EncodeBase64(client_.key_pem);
};

TEST_F(KubeconfigTest, ReadsEveryFieldOfAClusterAndUserWithInlineData) {
  const auto config = LoadOne(
      "server: 'https://10.0.0.1:6443/k8s/c1', tls-server-name: api.example, proxy-url: "
      "'socks5://p:1080', certificate-authority-data: " +
          ca_data_,
      "client-certificate-data: " + certificate_data_ + ", client-key-data: " + key_data_ +
          ", token: t0, as: jane, as-uid: '7', as-groups: [dev, ops], as-user-extra: {scopes: "
          "[view, edit]}");
  ASSERT_THAT(config, IsOk());
  RestConfig expected;
  expected.server = "https://10.0.0.1:6443/k8s/c1";
  expected.tls_server_name = "api.example";
  expected.proxy_url = "socks5://p:1080";
  expected.ca_pem = TestCa().certificate_pem;
  expected.client_cert_pem = client_.certificate_pem;
  expected.client_key_pem = client_.key_pem;
  expected.token = "t0";
  expected.impersonate_user = "jane";
  expected.impersonate_uid = "7";
  expected.impersonate_groups = {"dev", "ops"};
  expected.impersonate_extra = {{"scopes", "view"}, {"scopes", "edit"}};
  EXPECT_EQ(*config, expected);
}

TEST_F(KubeconfigTest, ReadsFilesRelativeToTheKubeconfigAndListsThem) {
  folder_.Write("pki/ca.crt", TestCa().certificate_pem);
  folder_.Write("pki/me.crt", client_.certificate_pem);
  folder_.Write("me.key", client_.key_pem);
  folder_.Write("token", "t1\n");
  const auto loaded =
      Load(OneContext("server: 'https://h', certificate-authority: pki/ca.crt",
                      "client-certificate: ./pki/me.crt, client-key: " +
                          (folder_.path() / "me.key").string() + ", tokenFile: token"));
  ASSERT_THAT(loaded, IsOk());
  ASSERT_THAT(loaded->contexts[0].config, IsOk());
  const RestConfig& config = *loaded->contexts[0].config;
  EXPECT_EQ(config.ca_pem, TestCa().certificate_pem);
  EXPECT_EQ(config.client_cert_pem, client_.certificate_pem);
  EXPECT_EQ(config.client_key_pem, client_.key_pem);
  EXPECT_EQ(config.token_file, (folder_.path() / "token").string());
  EXPECT_THAT(loaded->files, ElementsAre(folder_.path() / "config", folder_.path() / "pki/ca.crt",
                                         folder_.path() / "pki/me.crt", folder_.path() / "me.key",
                                         folder_.path() / "token"));
}

TEST_F(KubeconfigTest, ReadsBasicAuthenticationAndInsecure) {
  const auto config =
      LoadOne("server: 'https://h', insecure-skip-tls-verify: true", "username: u, password: p");
  ASSERT_THAT(config, IsOk());
  EXPECT_TRUE(config->insecure_skip_tls_verify);
  EXPECT_EQ(config->username, "u");
  EXPECT_EQ(config->password, "p");
}

TEST_F(KubeconfigTest, ReadsExecPlugins) {
  const auto config = LoadOne(
      "server: 'https://h', extensions: [{name: client.authentication.k8s.io/exec, extension: "
      "{audience: a, n: 3}}]",
      "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/../login, args: "
      "[get-token, --id, '7'], "
      "env: [{name: A, value: b}, {name: E}], installHint: install it, provideClusterInfo: true, "
      "interactiveMode: IfAvailable}");
  ASSERT_THAT(config, IsOk());
  ASSERT_EQ(config->exec.size(), 1);
  const ExecConfig& exec = config->exec[0];
  EXPECT_EQ(exec.api_version, "client.authentication.k8s.io/v1");
  EXPECT_EQ(exec.command, (folder_.path() / "login").string());
  EXPECT_THAT(exec.args, ElementsAre("get-token", "--id", "7"));
  EXPECT_THAT(exec.env, ElementsAre(Pair("A", "b"), Pair("E", "")));
  EXPECT_EQ(exec.install_hint, "install it");
  EXPECT_TRUE(exec.provide_cluster_info);
  EXPECT_EQ(exec.cluster_config_json, R"({"audience":"a","n":3})");
}

TEST_F(KubeconfigTest, LeavesAPluginWithoutASlashToThePath) {
  const auto config =
      LoadOne("server: 'https://h'",
              "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: aws}");
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->exec[0].command, "aws");
}

TEST_F(KubeconfigTest, GivesAServerWithoutASchemeTheOneThatKubectlGivesIt) {
  EXPECT_EQ(LoadOne("server: 'h:8080'", "")->server, "http://h:8080");
  EXPECT_EQ(LoadOne("server: 'h:8443', certificate-authority-data: " + ca_data_, "")->server,
            "https://h:8443");
}

TEST_F(KubeconfigTest, LetsDataWinOverFiles) {
  const auto config = LoadOne(
      "server: 'https://h', certificate-authority: missing.crt, certificate-authority-data: " +
          ca_data_,
      "token: t");
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->ca_pem, TestCa().certificate_pem);
}

TEST_F(KubeconfigTest, AllowsAContextWithoutAUser) {
  const auto loaded = Load(
      "clusters: [{name: k, cluster: {server: 'http://h'}}]\ncontexts: [{name: c, context: "
      "{cluster: k}}]\n");
  ASSERT_THAT(loaded, IsOk());
  EXPECT_THAT(loaded->contexts[0].config, IsOk());
}

TEST_F(KubeconfigTest, KeepsATokenWhoseTokenFileIsMissing) {
  const auto config = LoadOne("server: 'https://h'", "token: t, tokenFile: missing");
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->token, "t");
}

TEST_F(KubeconfigTest, GoesOnWithTheGoodContextsWhenOthersAreBroken) {
  const auto loaded = Load(R"(
current-context: good2
clusters:
- {name: k, cluster: {server: "https://h"}}
- {name: empty, cluster: null}
- {name: odd, cluster: [1]}
users:
- {name: u, user: {token: t}}
- {name: old, user: {auth-provider: {name: gcp}}}
contexts:
- {name: good1, context: {cluster: k, user: u}}
- {name: bad1, context: {cluster: nowhere, user: u}}
- {name: bad2, context: {cluster: k, user: nobody}}
- {name: bad3, context: {cluster: k, user: old}}
- {name: bad4, context: {user: u}}
- {name: bad5, context: {cluster: empty, user: u}}
- {name: bad6, context: {cluster: odd, user: u}}
- {name: bad7}
- {name: good2, context: {cluster: k, user: u}}
)");
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->current_context, "good2");
  ASSERT_EQ(loaded->contexts.size(), 9);
  EXPECT_THAT(loaded->contexts[0].config, IsOk());
  EXPECT_THAT(
      loaded->contexts[1].config,
      FailsWith(StatusReason::kBadRequest, R"(context "bad1": cluster "nowhere" is not defined)"));
  EXPECT_THAT(
      loaded->contexts[2].config,
      FailsWith(StatusReason::kBadRequest, R"(context "bad2": user "nobody" is not defined)"));
  EXPECT_THAT(loaded->contexts[3].config,
              FailsWith(StatusReason::kBadRequest,
                        HasSubstr(R"(user "old": auth-provider "gcp" is not supported)")));
  EXPECT_THAT(loaded->contexts[4].config,
              FailsWith(StatusReason::kBadRequest, R"(context "bad4": it names no cluster)"));
  EXPECT_THAT(loaded->contexts[5].config,
              FailsWith(StatusReason::kBadRequest, R"(cluster "empty": it has no server)"));
  EXPECT_THAT(loaded->contexts[6].config,
              FailsWith(StatusReason::kBadRequest, R"(cluster "odd": it has no server)"));
  EXPECT_THAT(loaded->contexts[7].config,
              FailsWith(StatusReason::kBadRequest, R"(context "bad7": it names no cluster)"));
  EXPECT_THAT(loaded->contexts[8].config, IsOk());
}

struct BadContext {
  const char* name;
  std::string cluster, user;
  const char* message;
};
class KubeconfigBadContextTest : public KubeconfigTest,
                                 public ::testing::WithParamInterface<BadContext> {};

TEST_P(KubeconfigBadContextTest, NamesTheBadPart) {
  const auto loaded = Load(OneContext(GetParam().cluster, GetParam().user));
  ASSERT_THAT(loaded, IsOk());
  EXPECT_THAT(loaded->contexts[0].config,
              FailsWith(StatusReason::kBadRequest,
                        AllOf(HasSubstr(GetParam().message), Not(HasSubstr("s3cret")))));
}

const std::string kServer = "server: 'https://h'";
const std::string kExec = "apiVersion: client.authentication.k8s.io/v1, command: x";
INSTANTIATE_TEST_SUITE_P(
    Table, KubeconfigBadContextTest,
    ::testing::Values(
        BadContext{"ServerScheme", "server: 'ftp://h'", "",
                   "cluster \"k\": server is neither https nor http"},
        BadContext{"ServerPassword", "server: 'https://me:s3cret@h'", "",
                   "server has a user or password"},
        BadContext{"ServerList", "server: [a]", "", "server is not a text"},
        BadContext{"CaMissing", kServer + ", certificate-authority: nope.crt", "",
                   "certificate-authority \"/"},
        BadContext{"CaFolder", kServer + ", certificate-authority: /tmp", "", "Is a directory"},
        BadContext{"CaBase64", kServer + ", certificate-authority-data: 's3cret!'", "",
                   "certificate-authority-data is not base64"},
        BadContext{"CaPem", kServer + ", certificate-authority-data: czNjcmV0", "",
                   "certificate-authority is not PEM"},
        BadContext{"CaAndInsecure",
                   kServer + ", insecure-skip-tls-verify: true, certificate-authority-data: " +
                       EncodeBase64(TestCa().certificate_pem),
                   "", "exclude each other"},
        BadContext{"InsecureText", kServer + ", insecure-skip-tls-verify: perhaps", "",
                   "insecure-skip-tls-verify is neither true nor false"},
        BadContext{"ServerName", kServer + ", tls-server-name: 'a b'", "",
                   "tls-server-name is not a host name"},
        BadContext{"Proxy", kServer + ", proxy-url: 'ftp://me:s3cret@p'", "",
                   "proxy-url is not an http, https or socks5 URL"},
        BadContext{"CertificateWithoutKey", kServer,
                   "client-certificate-data: " + EncodeBase64(TestCa().certificate_pem),
                   "but no client-key"},
        BadContext{"KeyWithoutCertificate", kServer,
                   "client-key-data: " + EncodeBase64(TestCa().key_pem),
                   "but no client-certificate"},
        BadContext{
            "KeyMissing", kServer,
            "client-key: k.pem, client-certificate-data: " + EncodeBase64(TestCa().certificate_pem),
            "No such file"},
        BadContext{"KeyIsCertificate", kServer,
                   "client-certificate-data: " + EncodeBase64(TestCa().certificate_pem) +
                       ", client-key-data: " + EncodeBase64(TestCa().certificate_pem),
                   "client-key is not PEM: no private key"},
        BadContext{"KeyOfAnother", kServer,
                   "client-certificate-data: " + EncodeBase64(TestCa().certificate_pem) +
                       ", client-key-data: " + EncodeBase64(IssueClient("x").key_pem),
                   "do not belong together"},
        BadContext{"KeyEncrypted", kServer,
                   "client-certificate-data: " + EncodeBase64(TestCa().certificate_pem) +
                       ", client-key-data: " +
                       EncodeBase64("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END "
                                    "ENCRYPTED PRIVATE KEY-----\n"),
                   "encrypted key"},
        BadContext{"TokenFileMissing", kServer, "tokenFile: t.txt", "tokenFile \"/"},
        BadContext{"TokenControl", kServer, R"(token: "s3cret\r\nX: y")", "token has characters"},
        BadContext{"TokenMap", kServer, "token: {a: s3cret}", "token is not a text"},
        BadContext{"TokenAndBasic", kServer, "token: s3cret, username: u",
                   "both a token and a username"},
        BadContext{"GroupsWithoutUser", kServer, "as-groups: [g]", "need as"},
        BadContext{"GroupsText", kServer, "as: a, as-groups: g", "as-groups is not a list"},
        BadContext{"AsControl", kServer, R"(as: "a\nb")", "as has characters"},
        BadContext{"ExecText", kServer, "exec: s3cret", "user \"u\": exec: it is not a map"},
        BadContext{"ExecNoVersion", kServer, "exec: {command: x}", "exec: it has no apiVersion"},
        BadContext{"ExecVersion", kServer,
                   "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}",
                   "v1alpha1\" is not supported"},
        BadContext{"ExecNoCommand", kServer, "exec: {apiVersion: client.authentication.k8s.io/v1}",
                   "exec: it has no command"},
        BadContext{"ExecAlways", kServer, "exec: {" + kExec + ", interactiveMode: Always}",
                   "there is no terminal"},
        BadContext{"ExecMode", kServer, "exec: {" + kExec + ", interactiveMode: Often}",
                   "interactiveMode is not known"},
        BadContext{"ExecArgs", kServer, "exec: {" + kExec + ", args: [[s3cret]]}",
                   "args has an element"},
        BadContext{"ExecEnv", kServer, "exec: {" + kExec + ", env: [{value: s3cret}]}",
                   "env has an element"}),
    [](const auto& row) { return row.param.name; });

TEST_F(KubeconfigTest, MergesFilesSoThatTheFirstWinsWholly) {
  folder_.Write("a/token", "t");
  const fs::path first = folder_.Write("a/config", R"(
clusters: [{name: red, cluster: {server: "https://first"}}]
users: [{name: u, user: {tokenFile: token}}]
contexts: [{name: x, context: {cluster: red, user: u}}]
)");
  const fs::path second = folder_.Write("b/config", R"(
current-context: y
clusters: [{name: red, cluster: {server: "https://second", tls-server-name: s}}, {name: blue, cluster: {server: "https://blue"}}]
users: [{name: u, user: {username: me}}]
contexts: [{name: x, context: {cluster: blue}}, {name: y, context: {cluster: blue, user: u}}]
)");
  const fs::path third = folder_.Write("c/config", "current-context: x\n");
  const auto loaded = LoadKubeconfig({folder_.path() / "missing", first, second, third});
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->current_context, "y");
  ASSERT_EQ(loaded->contexts.size(), 2);
  EXPECT_EQ(loaded->contexts[0].name, "x");
  ASSERT_THAT(loaded->contexts[0].config, IsOk());
  EXPECT_EQ(loaded->contexts[0].config->server, "https://first");
  EXPECT_EQ(loaded->contexts[0].config->tls_server_name, "");
  EXPECT_EQ(loaded->contexts[0].config->token_file, (folder_.path() / "a/token").string());
  EXPECT_EQ(loaded->contexts[1].name, "y");
  EXPECT_EQ(loaded->contexts[1].config->server, "https://blue");
  EXPECT_EQ(loaded->contexts[1].config->username, "");
  EXPECT_THAT(loaded->files, Contains(folder_.path() / "missing"));
}

TEST_F(KubeconfigTest, LetsTheFirstOfADuplicateNameWin) {
  const auto loaded = Load(
      "clusters: [{name: k, cluster: {server: 'http://1'}}, {name: k, cluster: {server: "
      "'http://2'}}]\n"
      "contexts: [{name: c, context: {cluster: k}}, {name: c, context: {cluster: nope}}]\n");
  ASSERT_THAT(loaded, IsOk());
  ASSERT_EQ(loaded->contexts.size(), 1);
  EXPECT_EQ(loaded->contexts[0].config->server, "http://1");
}

TEST_F(KubeconfigTest, TakesAnEmptyFileForAKubeconfigWithoutContexts) {
  const auto loaded = Load("");
  ASSERT_THAT(loaded, IsOk());
  EXPECT_TRUE(loaded->contexts.empty());
}

TEST_F(KubeconfigTest, FailsWhenAllFilesAreMissing) {
  EXPECT_THAT(LoadKubeconfig({folder_.path() / "a", folder_.path() / "b"}),
              FailsWith(StatusReason::kBadRequest, AllOf(HasSubstr("/a\""), HasSubstr("/b\""))));
  EXPECT_THAT(LoadKubeconfig({}), FailsWith(StatusReason::kBadRequest, HasSubstr("no kubeconfig")));
}

struct BadFile {
  const char* name;
  std::string yaml;
  const char* message;
};
class KubeconfigBadFileTest : public KubeconfigTest,
                              public ::testing::WithParamInterface<BadFile> {};
TEST_P(KubeconfigBadFileTest, NamesFileAndLine) {
  EXPECT_THAT(Load(GetParam().yaml),
              FailsWith(StatusReason::kBadRequest,
                        AllOf(HasSubstr("/config\": "), HasSubstr(GetParam().message))));
}
INSTANTIATE_TEST_SUITE_P(
    Table, KubeconfigBadFileTest,
    ::testing::Values(
        BadFile{"Syntax", "clusters:\n- {name: a\nusers: [", "line "},
        BadFile{"List", "\n- a\n", "line 2: it is not a kubeconfig"},
        BadFile{"Text", "hello", "line 1: it is not a kubeconfig"},
        BadFile{"Kind", "kind: Pod\n", "line 1: it is not of kind Config"},
        BadFile{"ClustersMap", "a: 1\nclusters: {a: b}\n", "line 2: clusters is not a list"},
        BadFile{"NoName", "users:\n- user: {}\n", "line 2: an element of users has no name"},
        BadFile{"Large", std::string(5 << 20, '#'), "larger than"},
        BadFile{"Deep", std::string(1000, '['), "nested too deeply"}),
    [](const auto& row) { return row.param.name; });

TEST_F(KubeconfigTest, RefusesAFolder) {
  EXPECT_THAT(LoadKubeconfig({folder_.path()}),
              FailsWith(StatusReason::kBadRequest, HasSubstr("Is a directory")));
}

TEST(KubeconfigFilesTest, FollowsKubectl) {
  EXPECT_THAT(KubeconfigFiles("/x/y"), ElementsAre("/x/y"));
  setenv("HOME", "/home/me", 1);
  setenv("KUBECONFIG", "/a::/b:/a:rel", 1);
  EXPECT_THAT(KubeconfigFiles(""), ElementsAre("/a", "/b", "rel"));
  setenv("KUBECONFIG", "", 1);
  EXPECT_THAT(KubeconfigFiles(""), ElementsAre("/home/me/.kube/config"));
  unsetenv("KUBECONFIG");
  EXPECT_THAT(KubeconfigFiles(""), ElementsAre("/home/me/.kube/config"));
}

TEST(ParseInlineKubeconfigTest, UsesTheCurrentOrTheOnlyContext) {
  const auto config = ParseInlineKubeconfig(OneContext("server: 'https://h'", "token: t"));
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->token, "t");
  EXPECT_THAT(ParseInlineKubeconfig("clusters: [{name: k, cluster: {server: "
                                    "'http://h'}}]\ncontexts: [{name: c, context: {cluster: k}}]"),
              IsOk());
}

struct BadInline {
  const char* name;
  std::string yaml;
  const char* message;
};
class ParseInlineKubeconfigRejectsTest : public ::testing::TestWithParam<BadInline> {};
TEST_P(ParseInlineKubeconfigRejectsTest, WithTheReason) {
  EXPECT_THAT(ParseInlineKubeconfig(GetParam().yaml),
              FailsWith(StatusReason::kBadRequest, HasSubstr(GetParam().message)));
}
INSTANTIATE_TEST_SUITE_P(
    Table, ParseInlineKubeconfigRejectsTest,
    ::testing::Values(
        BadInline{"Empty", "", "no contexts"},
        BadInline{"Several", "contexts: [{name: a}, {name: b}]", "several contexts"},
        BadInline{"Current", "current-context: z\ncontexts: [{name: a}]",
                  "context \"z\" is not defined"},
        BadInline{"CaFile",
                  OneContext("server: 'https://h', certificate-authority: /etc/passwd", ""),
                  "names a file"},
        BadInline{"KeyFile", OneContext("server: 'https://h'", "client-key: /etc/passwd"),
                  "names a file"},
        BadInline{"TokenFile", OneContext("server: 'https://h'", "tokenFile: /etc/passwd"),
                  "names a file"},
        BadInline{"TokenFileBesideToken",
                  OneContext("server: 'https://h'", "token: t, tokenFile: /etc/passwd"),
                  "names a file"},
        BadInline{"Exec", OneContext("server: 'https://h'", "exec: {" + kExec + "}"),
                  "programs cannot be run"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace pedia::kube
