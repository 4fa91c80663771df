#include "apiserver/fixed_credentials.h"

#include <gmock/gmock.h>

#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::_;
using ::testing::ElementsAre;

const Credentials kBoth{"s3cret", "pedia-admin"};

HttpRequest WithHeader(const std::string& name, const std::string& value) {
  HttpRequest request;
  request.headers = {{name, value}};
  return request;
}

HttpRequest WithCertificate(const std::string& common_name, bool verified = true) {
  HttpRequest request;
  request.peer = PeerIdentity{common_name, {}, verified, {}};
  return request;
}

Result<UserInfo> Authenticate(const HttpRequest& request, const Credentials& accepted) {
  return FixedCredentials(accepted).Authenticate(request);
}

TEST(FixedCredentialsTest, TakesTheToken) {
  const auto user = Authenticate(WithHeader("Authorization", "Bearer s3cret"), kBoth);
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(user->name, "pedia");
  EXPECT_THAT(user->groups, ElementsAre("system:masters", "system:authenticated"));
  EXPECT_THAT(Authenticate(WithHeader("authorization", "bearer  s3cret"), kBoth), IsOk());
}

TEST(FixedCredentialsTest, TakesTheCertificate) {
  const auto user = Authenticate(WithCertificate("pedia-admin"), kBoth);
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(user->name, "pedia-admin");
  EXPECT_THAT(user->groups, ElementsAre("system:masters", "system:authenticated"));
}

TEST(FixedCredentialsTest, RefusesEverythingElse) {
  EXPECT_THAT(Authenticate(HttpRequest(), kBoth),
              FailsWith(StatusReason::kUnauthorized, "Unauthorized"));
  EXPECT_THAT(Authenticate(WithCertificate("somebody"), kBoth),
              FailsWith(StatusReason::kUnauthorized, _));
  for (const char* value : {"Bearer nope", "Bearer s3cre", "Bearer s3cret2", "Bearer ", "Bearer",
                            "Basic s3cret", "s3cret", ""}) {
    EXPECT_THAT(Authenticate(WithHeader("Authorization", value), kBoth),
                FailsWith(StatusReason::kUnauthorized, _))
        << value;
  }
}

TEST(FixedCredentialsTest, RefusesACertificateThatNobodyVerified) {
  EXPECT_THAT(Authenticate(WithCertificate("pedia-admin", false), kBoth),
              FailsWith(StatusReason::kUnauthorized, _));
}

TEST(FixedCredentialsTest, NeverTakesAnEmptySecret) {
  EXPECT_THAT(Authenticate(WithHeader("Authorization", "Bearer "), {"", "pedia-admin"}),
              FailsWith(StatusReason::kUnauthorized, _));
  EXPECT_THAT(Authenticate(WithCertificate(""), {"s3cret", ""}),
              FailsWith(StatusReason::kUnauthorized, _));
}

TEST(FixedCredentialsTest, LetsEverybodyInWithoutCredentialsOfItsOwn) {
  const auto user = Authenticate(HttpRequest(), {});
  ASSERT_THAT(user, IsOk());
  EXPECT_TRUE(user->IsMember("system:masters"));
}

TEST(MastersAuthorizerTest, AllowsMastersEverythingAndOthersNothing) {
  MastersAuthorizer authorizer;
  AccessAttributes attributes;
  attributes.verb = "delete";
  attributes.resource = "nodes";
  EXPECT_TRUE(
      authorizer.Authorize({"jane", "", {"dev", "system:masters"}, {}}, attributes)->allowed);
  EXPECT_FALSE(authorizer.Authorize({"system:masters", "", {"dev"}, {}}, attributes)->allowed);
}

}  // namespace
}  // namespace pedia::apiserver
