#include "apiserver/delegated_authenticator.h"

#include <gmock/gmock.h>

#include <thread>

#include "tests/apiserver/fake_host.h"
#include "tests/certs/certificate_builder.h"
#include "tests/kube/temporary_folder.h"
#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

using certs::KeyPair;
using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using std::chrono::milliseconds;
using ::testing::_;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

KeyPair Authority(const std::string& name) { return *certs::MakeCertificateAuthority(name, 86400); }

KeyPair Issue(const KeyPair& ca, const std::string& name, std::vector<std::string> groups = {},
              certs::Usage usage = certs::Usage::kClient, int64_t lifetime = 3600) {
  return *certs::IssueCertificate(ca, {.common_name = name,
                                       .organizations = std::move(groups),
                                       .dns_names = {},
                                       .ip_addresses = {},
                                       .usage = usage,
                                       .lifetime_seconds = lifetime});
}

// Certificates take time, so all tests share them.
struct World {
  KeyPair proxy_ca = Authority("proxy-ca"), client_ca = Authority("client-ca"),
          foreign_ca = Authority("proxy-ca");
  KeyPair proxy = Issue(proxy_ca, "front-proxy-client");
  KeyPair jane = Issue(client_ca, "jane", {"dev", "ops"});
  static const World& Get() {
    static const World world;
    return world;
  }
};

const HeaderFields kRemoteUser = {{"X-Remote-User", "alice"}, {"X-Remote-Group", "dev"}};

HttpRequest Request(const KeyPair* certificate, HeaderFields headers = {}) {
  HttpRequest request;
  request.headers = std::move(headers);
  if (certificate != nullptr) {
    request.peer = PeerIdentity();
    request.peer->common_name = certs::ReadCertificate(certificate->certificate_pem)->common_name;
    request.peer->chain_der = certs::ToDer({certificate->certificate_pem});
  }
  return request;
}

HttpRequest WithToken(const std::string& token, HeaderFields headers = {}) {
  headers.emplace_back("Authorization", "Bearer " + token);
  return Request(nullptr, std::move(headers));
}

std::map<std::string, std::string> ConfigMapOf(const std::string& client_ca,
                                               const std::string& proxy_ca) {
  return {{"client-ca-file", client_ca},
          {"requestheader-client-ca-file", proxy_ca},
          {"requestheader-allowed-names", R"(["front-proxy-client"])"},
          {"requestheader-username-headers", R"(["X-Remote-User"])"},
          {"requestheader-uid-headers", R"(["X-Remote-Uid"])"},
          {"requestheader-group-headers", R"(["X-Remote-Group"])"},
          {"requestheader-extra-headers-prefix", R"(["X-Remote-Extra-"])"}};
}

auto IsUnauthorized() { return FailsWith(StatusReason::kUnauthorized, "Unauthorized"); }

class DelegatedAuthenticatorTest : public ::testing::Test {
 protected:
  DelegatedAuthenticatorTest() {
    host_.SetConfigMap(
        ConfigMapOf(world_.client_ca.certificate_pem, world_.proxy_ca.certificate_pem));
    host_.SetToken("good", R"({"authenticated":true,"user":{"username":"bob","uid":"9",)"
                           R"("groups":["dev"],"extra":{"pod":["a","b"]}},"audiences":["host"]})");
    options_.review.first_pause = milliseconds(1);
    options_.clock = [this] { return now_; };
  }

  DelegatedAuthenticator& authenticator() {
    if (!authenticator_) {
      auto started = DelegatedAuthenticator::Start(options_, &host_.client());
      EXPECT_THAT(started, IsOk());
      authenticator_ = *std::move(started);
    }
    return *authenticator_;
  }
  Result<UserInfo> Authenticate(const HttpRequest& request) {
    return authenticator().Authenticate(request);
  }
  std::string NameOf(const HttpRequest& request) {
    const auto user = Authenticate(request);
    return user.ok() ? user->name : user.status().ToString();
  }
  bool Eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
  }

  const World& world_ = World::Get();
  FakeHost host_;
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
  AuthenticationOptions options_;
  std::unique_ptr<DelegatedAuthenticator> authenticator_;
};

// The front proxy.

TEST_F(DelegatedAuthenticatorTest, BelievesTheFrontProxy) {
  const auto user = Authenticate(Request(&world_.proxy, {{"x-remote-user", "alice"},
                                                         {"X-REMOTE-GROUP", "dev"},
                                                         {"X-Remote-Group", "ops"},
                                                         {"X-Remote-Group", ""},
                                                         {"X-Remote-Uid", "42"},
                                                         {"X-Remote-Extra-Scopes%2fA", "x"},
                                                         {"x-remote-extra-scopes%2Fa", "y"}}));
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(user->name, "alice");
  EXPECT_EQ(user->uid, "42");
  EXPECT_THAT(user->groups, ElementsAre("dev", "ops", "system:authenticated"));
  EXPECT_THAT(user->extra, ElementsAre(Pair("scopes/a", "x"), Pair("scopes/a", "y")));
}

TEST_F(DelegatedAuthenticatorTest, TheAuthenticatedGroupComesOnce) {
  const auto user = Authenticate(Request(
      &world_.proxy, {{"X-Remote-User", "alice"}, {"X-Remote-Group", "system:authenticated"}}));
  ASSERT_THAT(user, IsOk());
  EXPECT_THAT(user->groups, ElementsAre("system:authenticated"));
}

TEST_F(DelegatedAuthenticatorTest, AnonymousBehindTheProxyStaysAnonymous) {
  const auto user =
      Authenticate(Request(&world_.proxy, {{"X-Remote-User", "system:anonymous"},
                                           {"X-Remote-Group", "system:unauthenticated"}}));
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(*user, AnonymousUser());
}

TEST_F(DelegatedAuthenticatorTest, HeadersWithoutACertificateMeanNothing) {
  const auto user = Authenticate(Request(nullptr, kRemoteUser));
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(*user, AnonymousUser());
  EXPECT_EQ(NameOf(WithToken("good", kRemoteUser)), "bob");
  options_.anonymous = false;
  authenticator_.reset();
  EXPECT_THAT(Authenticate(Request(nullptr, kRemoteUser)), IsUnauthorized());
}

TEST_F(DelegatedAuthenticatorTest, HeadersOfOthersMeanNothing) {
  EXPECT_EQ(NameOf(Request(&world_.jane, kRemoteUser)), "jane");
  const KeyPair other = Issue(world_.proxy_ca, "somebody");
  EXPECT_THAT(Authenticate(Request(&other, kRemoteUser)), IsUnauthorized());
  const KeyPair similar = Issue(world_.proxy_ca, "front-proxy-client2");
  EXPECT_THAT(Authenticate(Request(&similar, kRemoteUser)), IsUnauthorized());
  const KeyPair nameless =
      certs::BuildCertificate({.subject = {{"O", "front-proxy-client"}}}, world_.proxy_ca);
  EXPECT_THAT(Authenticate(Request(&nameless, kRemoteUser)), IsUnauthorized());
}

TEST_F(DelegatedAuthenticatorTest, AForeignAuthorityMakesNoProxy) {
  const KeyPair forged = Issue(world_.foreign_ca, "front-proxy-client");
  EXPECT_THAT(Authenticate(Request(&forged, kRemoteUser)), IsUnauthorized());
  HttpRequest request = Request(&forged, kRemoteUser);
  request.peer->chain_der.push_back(certs::ToDer({world_.proxy_ca.certificate_pem}).front());
  EXPECT_THAT(Authenticate(request), IsUnauthorized());
  const KeyPair by_client_ca = Issue(world_.client_ca, "front-proxy-client");
  EXPECT_EQ(NameOf(Request(&by_client_ca, kRemoteUser)), "front-proxy-client");
}

TEST_F(DelegatedAuthenticatorTest, ACertificateWithoutItsTimeOrPurposeMakesNoProxy) {
  const KeyPair expired =
      Issue(world_.proxy_ca, "front-proxy-client", {}, certs::Usage::kClient, -1);
  EXPECT_THAT(Authenticate(Request(&expired, kRemoteUser)), IsUnauthorized());
  const KeyPair server = Issue(world_.proxy_ca, "front-proxy-client", {}, certs::Usage::kServer);
  EXPECT_THAT(Authenticate(Request(&server, kRemoteUser)), IsUnauthorized());
}

TEST_F(DelegatedAuthenticatorTest, TheNameInTheHandshakeIsNotBelieved) {
  HttpRequest request = Request(&world_.jane, kRemoteUser);
  request.peer->common_name = "front-proxy-client";
  request.peer->organizations = {"system:masters"};
  const auto user = Authenticate(request);
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(user->name, "jane");
  EXPECT_THAT(user->groups, ElementsAre("dev", "ops", "system:authenticated"));
  const KeyPair other = Issue(world_.proxy_ca, "somebody");
  request = Request(&other, kRemoteUser);
  request.peer->common_name = "front-proxy-client";
  EXPECT_THAT(Authenticate(request), IsUnauthorized());
}

TEST_F(DelegatedAuthenticatorTest, AnUnknownCertificateIsNotAnonymousWhereOnlyTheProxyHasOne) {
  host_.SetConfigMap(ConfigMapOf("", world_.proxy_ca.certificate_pem));
  EXPECT_THAT(Authenticate(Request(&world_.jane, kRemoteUser)), IsUnauthorized());
  EXPECT_EQ(NameOf(Request(&world_.proxy, kRemoteUser)), "alice");
}

TEST_F(DelegatedAuthenticatorTest, WithoutAUserTheProxyIsNobody) {
  for (const HeaderFields& headers :
       {HeaderFields{}, HeaderFields{{"X-Remote-User", ""}},
        HeaderFields{{"X-Remote-Group", "system:masters"}, {"X-Remote-Uid", "1"}},
        HeaderFields{{"X_Remote_User", "alice"}}, HeaderFields{{"X-Remote-User ", "alice"}}}) {
    // Its own certificate is not one of the client authorities.
    EXPECT_THAT(Authenticate(Request(&world_.proxy, headers)), IsUnauthorized());
  }
}

TEST_F(DelegatedAuthenticatorTest, RefusesHeadersThatAreNotUtf8) {
  for (const HeaderFields& more :
       {HeaderFields{{"X-Remote-User", "al\xFFice"}}, HeaderFields{{"X-Remote-User", "\xC0\xAF"}},
        HeaderFields{{"X-Remote-User", "a"}, {"X-Remote-Group", "\xED\xA0\x80"}},
        HeaderFields{{"X-Remote-User", "a"}, {"X-Remote-Extra-%ff", "x"}},
        HeaderFields{{"X-Remote-User", "a"}, {"X-Remote-Extra-a", "\x80"}}})
    EXPECT_THAT(Authenticate(Request(&world_.proxy, more)), IsUnauthorized());
}

TEST_F(DelegatedAuthenticatorTest, TakesHugeHeaders) {
  HeaderFields headers = {{"X-Remote-User", std::string(60'000, 'a')}};
  for (int i = 0; i < 2'000; ++i) headers.emplace_back("X-Remote-Group", "g" + std::to_string(i));
  const auto user = Authenticate(Request(&world_.proxy, headers));
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(user->name.size(), 60'000u);
  EXPECT_EQ(user->groups.size(), 2'001u);
}

TEST_F(DelegatedAuthenticatorTest, AnEmptyListOfNamesAllowsEachOfTheAuthority) {
  auto config = ConfigMapOf(world_.client_ca.certificate_pem, world_.proxy_ca.certificate_pem);
  config["requestheader-allowed-names"] = "[]";
  host_.SetConfigMap(config);
  const KeyPair other = Issue(world_.proxy_ca, "somebody");
  EXPECT_EQ(NameOf(Request(&other, kRemoteUser)), "alice");
}

// Client certificates.

TEST_F(DelegatedAuthenticatorTest, ACertificateNamesUserAndGroups) {
  const auto user = Authenticate(Request(&world_.jane));
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(user->name, "jane");
  EXPECT_EQ(user->uid, "");
  EXPECT_THAT(user->groups, ElementsAre("dev", "ops", "system:authenticated"));
}

TEST_F(DelegatedAuthenticatorTest, ABadCertificateIsNotAnonymous) {
  const KeyPair foreign = Issue(world_.foreign_ca, "jane");
  EXPECT_THAT(Authenticate(Request(&foreign)), IsUnauthorized());
  HttpRequest request = Request(nullptr);
  request.peer = PeerIdentity{"jane", {}, false, {"rubbish"}};
  EXPECT_THAT(Authenticate(request), IsUnauthorized());
}

TEST_F(DelegatedAuthenticatorTest, GoodCredentialsMakeUpForABadCertificate) {
  const KeyPair foreign = Issue(world_.foreign_ca, "jane");
  EXPECT_EQ(NameOf(Request(&foreign, {{"Authorization", "Bearer good"}})), "bob");
  EXPECT_THAT(Authenticate(Request(&foreign, {{"Authorization", "Bearer bad"}})), IsUnauthorized());
}

TEST_F(DelegatedAuthenticatorTest, ACertificateIsStrongerThanAToken) {
  EXPECT_EQ(NameOf(Request(&world_.jane, {{"Authorization", "Bearer good"}})), "jane");
  EXPECT_EQ(host_.token_reviews(), 0);
}

// Tokens.

TEST_F(DelegatedAuthenticatorTest, ATokenIsWhoseTheHostSays) {
  const auto user = Authenticate(WithToken("good"));
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(user->name, "bob");
  EXPECT_EQ(user->uid, "9");
  EXPECT_THAT(user->groups, ElementsAre("dev", "system:authenticated"));
  EXPECT_THAT(user->extra, ElementsAre(Pair("pod", "a"), Pair("pod", "b")));
  EXPECT_EQ(
      host_.last_review(),
      R"({"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","spec":{"token":"good"}})");
}

TEST_F(DelegatedAuthenticatorTest, ABadTokenIsNotAnonymous) {
  EXPECT_THAT(Authenticate(WithToken("bad")), IsUnauthorized());
  EXPECT_THAT(Authenticate(WithToken(std::string(50'000, 'x'))), IsUnauthorized());
  const int reviews = host_.token_reviews();
  EXPECT_THAT(Authenticate(WithToken("good\xFF")), IsUnauthorized());
  EXPECT_EQ(host_.token_reviews(), reviews);
  EXPECT_THAT(Authenticate(WithToken("good good")), IsUnauthorized());
  host_.SetToken("nameless", R"({"authenticated":true,"user":{"groups":["system:masters"]}})");
  EXPECT_THAT(Authenticate(WithToken("nameless")), IsUnauthorized());
  host_.SetToken("refused", R"({"authenticated":false,"user":{"username":"bob"}})");
  EXPECT_THAT(Authenticate(WithToken("refused")), IsUnauthorized());
}

TEST_F(DelegatedAuthenticatorTest, WhatIsNoBearerTokenIsNoCredential) {
  for (const char* value : {"", "Bearer", "Bearer ", "Basic Z29vZA==", "good"}) {
    EXPECT_EQ(NameOf(Request(nullptr, {{"Authorization", value}})), "system:anonymous") << value;
  }
  EXPECT_EQ(host_.token_reviews(), 0);
}

TEST_F(DelegatedAuthenticatorTest, ATokenMustBeForOneOfTheAudiences) {
  options_.audiences = {"pedia", "other"};
  host_.SetToken("ours",
                 R"({"authenticated":true,"user":{"username":"bob"},"audiences":["other"]})");
  host_.SetToken("silent", R"({"authenticated":true,"user":{"username":"bob"}})");
  EXPECT_EQ(NameOf(WithToken("ours")), "bob");
  EXPECT_THAT(host_.last_review(), HasSubstr(R"("audiences":["pedia","other"])"));
  EXPECT_THAT(Authenticate(WithToken("good")), IsUnauthorized());  // For "host".
  EXPECT_THAT(Authenticate(WithToken("silent")), IsUnauthorized());
}

TEST_F(DelegatedAuthenticatorTest, ARevokedTokenIsGoneWithinItsTime) {
  EXPECT_EQ(NameOf(WithToken("good")), "bob");
  host_.SetToken("good", R"({"authenticated":false})");
  now_ += milliseconds(9'999);
  EXPECT_EQ(NameOf(WithToken("good")), "bob");
  EXPECT_EQ(host_.token_reviews(), 1);
  now_ += milliseconds(1);
  EXPECT_THAT(Authenticate(WithToken("good")), IsUnauthorized());
  host_.SetToken("good", R"({"authenticated":true,"user":{"username":"bob"}})");
  EXPECT_THAT(Authenticate(WithToken("good")), IsUnauthorized());
  EXPECT_EQ(host_.token_reviews(), 2);
  now_ += milliseconds(10'000);
  EXPECT_EQ(NameOf(WithToken("good")), "bob");
}

TEST_F(DelegatedAuthenticatorTest, AHostThatIsAwayIs503AndNothingElse) {
  EXPECT_EQ(NameOf(WithToken("good")), "bob");
  for (const auto mode : {FakeHost::Mode::kForbids, FakeHost::Mode::kFails,
                          FakeHost::Mode::kHangsUp, FakeHost::Mode::kSaysWrong}) {
    host_.SetMode(mode);
    EXPECT_EQ(NameOf(WithToken("good")), "bob");
    EXPECT_THAT(Authenticate(WithToken("other")),
                FailsWith(StatusReason::kServiceUnavailable,
                          AllOf(HasSubstr("management cluster"), Not(HasSubstr("other")),
                                Not(HasSubstr("127.0.0.1")))));
  }
  now_ += std::chrono::minutes(1);
  EXPECT_THAT(Authenticate(WithToken("good")), FailsWith(StatusReason::kServiceUnavailable, _));
  EXPECT_EQ(NameOf(Request(&world_.jane)), "jane");
  EXPECT_EQ(NameOf(Request(&world_.proxy, kRemoteUser)), "alice");
  EXPECT_EQ(NameOf(Request(nullptr)), "system:anonymous");
}

// Who is served next.

TEST_F(DelegatedAuthenticatorTest, KnowsTheClientWithoutAsking) {
  DelegatedAuthenticator& users = authenticator();
  EXPECT_EQ(users.ClientOf(Request(&world_.proxy, kRemoteUser)), "alice");
  EXPECT_EQ(users.ClientOf(Request(&world_.jane, kRemoteUser)), "jane");
  EXPECT_EQ(users.ClientOf(WithToken("good", kRemoteUser)), "");
  EXPECT_EQ(host_.token_reviews(), 0);
  EXPECT_EQ(NameOf(WithToken("good")), "bob");
  EXPECT_EQ(users.ClientOf(WithToken("good")), "bob");
  EXPECT_EQ(users.ClientOf(Request(nullptr, kRemoteUser)), "");
  const KeyPair foreign = Issue(world_.foreign_ca, "jane");
  EXPECT_EQ(users.ClientOf(Request(&foreign, kRemoteUser)), "");
}

// Where trust comes from.

TEST_F(DelegatedAuthenticatorTest, FollowsTheConfigMap) {
  EXPECT_EQ(NameOf(Request(&world_.proxy, kRemoteUser)), "alice");
  const KeyPair new_ca = Authority("proxy-ca");
  const KeyPair new_proxy = Issue(new_ca, "front-proxy-client");
  EXPECT_THAT(Authenticate(Request(&new_proxy, kRemoteUser)), IsUnauthorized());
  host_.SetConfigMap(ConfigMapOf(world_.client_ca.certificate_pem,
                                 world_.proxy_ca.certificate_pem + new_ca.certificate_pem));
  EXPECT_TRUE(Eventually([&] { return NameOf(Request(&new_proxy, kRemoteUser)) == "alice"; }));
  EXPECT_EQ(NameOf(Request(&world_.proxy, kRemoteUser)), "alice");
  host_.SetConfigMap(ConfigMapOf(world_.client_ca.certificate_pem, new_ca.certificate_pem));
  EXPECT_TRUE(Eventually([&] { return !Authenticate(Request(&world_.proxy, kRemoteUser)).ok(); }));
  EXPECT_EQ(NameOf(Request(&new_proxy, kRemoteUser)), "alice");
}

TEST_F(DelegatedAuthenticatorTest, KeepsWhatWasGoodWhenAnUpdateIsBroken) {
  EXPECT_EQ(NameOf(Request(&world_.jane)), "jane");
  auto config = ConfigMapOf("rubbish", world_.proxy_ca.certificate_pem);
  config["requestheader-username-headers"] = R"(["X-Other-User"])";
  host_.SetConfigMap(config);
  const HttpRequest other = Request(&world_.proxy, {{"X-Other-User", "alice"}});
  EXPECT_TRUE(Eventually([&] { return NameOf(other) == "alice"; }));
  EXPECT_EQ(NameOf(Request(&world_.jane)), "jane");
  config = ConfigMapOf(world_.client_ca.certificate_pem, "");
  config["requestheader-allowed-names"] = R"({"not":"a list"})";
  host_.SetConfigMap(config);
  config = ConfigMapOf(world_.client_ca.certificate_pem + world_.foreign_ca.certificate_pem, "");
  host_.SetConfigMap(config);
  const KeyPair foreign = Issue(world_.foreign_ca, "eve");
  EXPECT_TRUE(Eventually([&] { return NameOf(Request(&foreign)) == "eve"; }));
  EXPECT_EQ(NameOf(other), "alice");
}

TEST_F(DelegatedAuthenticatorTest, FlagsWinOverTheConfigMap) {
  const kube::TemporaryFolder folder;
  options_.client_ca_file = folder.Write("clients.pem", world_.foreign_ca.certificate_pem).string();
  const KeyPair eve = Issue(world_.foreign_ca, "eve");
  EXPECT_EQ(NameOf(Request(&eve)), "eve");
  EXPECT_THAT(Authenticate(Request(&world_.jane)), IsUnauthorized());
  EXPECT_EQ(NameOf(Request(&world_.proxy, kRemoteUser)), "alice");  // Looked up.
}

TEST_F(DelegatedAuthenticatorTest, ReadsFilesAgainWhenTheyChange) {
  const kube::TemporaryFolder folder;
  options_.client_ca_file = folder.Write("clients.pem", world_.client_ca.certificate_pem).string();
  options_.requestheader_client_ca_file =
      folder.Write("proxy.pem", world_.proxy_ca.certificate_pem).string();
  options_.requestheader_allowed_names = {"front-proxy-client"};
  options_.file_interval = milliseconds(5);
  host_.SetMode(FakeHost::Mode::kForbids);  // Nothing is looked up.
  EXPECT_EQ(NameOf(Request(&world_.jane)), "jane");
  EXPECT_EQ(NameOf(Request(&world_.proxy, kRemoteUser)), "alice");
  const KeyPair eve = Issue(world_.foreign_ca, "eve");
  folder.Write("proxy.pem", "rubbish");
  folder.Write("clients.pem", world_.foreign_ca.certificate_pem);
  EXPECT_TRUE(Eventually([&] { return NameOf(Request(&eve)) == "eve"; }));
  EXPECT_THAT(Authenticate(Request(&world_.jane)), IsUnauthorized());
  EXPECT_EQ(NameOf(Request(&world_.proxy, kRemoteUser)), "alice");
}

TEST_F(DelegatedAuthenticatorTest, StartsOnlyWithWhatItNeeds) {
  const auto start = [this] { return DelegatedAuthenticator::Start(options_, &host_.client()); };
  options_.client_ca_file = "/nonexistent/ca.pem";
  EXPECT_THAT(start(), FailsWith(StatusReason::kBadRequest, HasSubstr("/nonexistent/ca.pem")));
  options_.client_ca_file.clear();
  options_.lookup_timeout = milliseconds(300);
  host_.SetMode(FakeHost::Mode::kForbids);
  EXPECT_THAT(start(), FailsWith(StatusReason::kServiceUnavailable,
                                 HasSubstr("kube-system/extension-apiserver-authentication")));
  options_.tolerate_lookup_failure = true;
  EXPECT_THAT(start(), IsOk());
  options_.tolerate_lookup_failure = false;
  options_.skip_lookup = true;
  EXPECT_THAT(start(), IsOk());
}

TEST_F(DelegatedAuthenticatorTest, WithoutAFrontProxyInTheConfigMapItDoesNotStart) {
  host_.SetConfigMap({{"client-ca-file", world_.client_ca.certificate_pem}});
  EXPECT_THAT(
      DelegatedAuthenticator::Start(options_, &host_.client()),
      FailsWith(StatusReason::kServiceUnavailable, HasSubstr("requestheader-client-ca-file")));
  options_.tolerate_lookup_failure = true;
  EXPECT_EQ(NameOf(Request(&world_.jane, kRemoteUser)), "jane");
  EXPECT_THAT(Authenticate(Request(&world_.proxy, kRemoteUser)), IsUnauthorized());
}

TEST_F(DelegatedAuthenticatorTest, WithoutALookupCertificatesAndHeadersMeanNothing) {
  options_.skip_lookup = true;
  EXPECT_EQ(NameOf(Request(&world_.jane, kRemoteUser)), "system:anonymous");
  EXPECT_EQ(NameOf(Request(&world_.proxy, kRemoteUser)), "system:anonymous");
  EXPECT_EQ(NameOf(WithToken("good")), "bob");
}

}  // namespace
}  // namespace pedia::apiserver
