#include "apiserver/authentication.h"

#include <gtest/gtest.h>

#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::_;

const Credentials kBoth{"s3cret", "pedia-admin"};

HttpRequest WithHeader(const std::string& name, const std::string& value) {
  HttpRequest request;
  request.headers = {{name, value}};
  return request;
}

HttpRequest WithCertificate(const std::string& common_name) {
  HttpRequest request;
  request.peer = PeerIdentity{common_name, {}};
  return request;
}

TEST(AuthenticateTest, TakesTheToken) {
  EXPECT_THAT(Authenticate(WithHeader("Authorization", "Bearer s3cret"), kBoth), IsOk());
  EXPECT_THAT(Authenticate(WithHeader("authorization", "bearer  s3cret"), kBoth), IsOk());
}

TEST(AuthenticateTest, TakesTheCertificate) {
  EXPECT_THAT(Authenticate(WithCertificate("pedia-admin"), kBoth), IsOk());
}

TEST(AuthenticateTest, RefusesEverythingElse) {
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

TEST(AuthenticateTest, NeverTakesAnEmptySecret) {
  EXPECT_THAT(Authenticate(WithHeader("Authorization", "Bearer "), {"", "pedia-admin"}),
              FailsWith(StatusReason::kUnauthorized, _));
  EXPECT_THAT(Authenticate(WithCertificate(""), {"s3cret", ""}),
              FailsWith(StatusReason::kUnauthorized, _));
}

TEST(AuthenticateTest, LetsEverybodyInWithoutCredentialsOfItsOwn) {
  EXPECT_THAT(Authenticate(HttpRequest(), {}), IsOk());
}

TEST(AuthenticateTest, RefusesToActForSomebodyElse) {
  HttpRequest request = WithHeader("impersonate-user", "nobody");
  request.headers.emplace_back("Authorization", "Bearer s3cret");
  EXPECT_THAT(Authenticate(request, kBoth), FailsWith(StatusReason::kForbidden, _));
}

}  // namespace
}  // namespace pedia::apiserver
