#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/client.h"
#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using ::pedia::testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(StatusFromResponseTest, TakesTheStatusThatTheServerSent) {
  const Status status = StatusFromResponse(
      404,
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods \"x\" not found","reason":"NotFound",)"
      R"("details":{"name":"x","kind":"pods","causes":[{"reason":"R","message":"M","field":"F"},7]},"code":404})",
      std::nullopt);
  EXPECT_THAT(status, FailsWith(StatusReason::kNotFound, "pods \"x\" not found"));
  ASSERT_TRUE(status.details());
  EXPECT_EQ(status.details()->name, "x");
  EXPECT_EQ(status.details()->kind, "pods");
  ASSERT_EQ(status.details()->causes.size(), 2);
  EXPECT_EQ(status.details()->causes[0].field, "F");
}

TEST(StatusFromResponseTest, KnowsBothNamesOfAnExpiredResourceVersion) {
  for (const char* reason : {"Expired", "Gone"}) {
    const std::string body =
        std::string(R"({"kind":"Status","message":"too old resource version","reason":")") +
        reason + R"("})";
    EXPECT_THAT(StatusFromResponse(410, body, std::nullopt),
                FailsWith(StatusReason::kExpired, HasSubstr("too old")));
  }
}

TEST(StatusFromResponseTest, PrefersTheHeadersRetryAfter) {
  const Status status = StatusFromResponse(
      429, R"({"kind":"Status","reason":"TooManyRequests","details":{"retryAfterSeconds":1}})", 9);
  EXPECT_EQ(status.reason(), StatusReason::kTooManyRequests);
  EXPECT_EQ(status.details()->retry_after_seconds, 9);
}

TEST(StatusFromResponseTest, TakesRetryAfterSecondsFromTheBody) {
  const Status status = StatusFromResponse(
      429, R"({"kind":"Status","details":{"retryAfterSeconds":4}})", std::nullopt);
  EXPECT_EQ(status.details()->retry_after_seconds, 4);
}

struct CodeCase {
  int code;
  StatusReason reason;
};
class StatusFromCodeTest : public ::testing::TestWithParam<CodeCase> {};
TEST_P(StatusFromCodeTest, WhenTheBodyIsNoStatus) {
  EXPECT_THAT(StatusFromResponse(GetParam().code, "{\"kind\":\"Pod\"}", std::nullopt),
              FailsWith(GetParam().reason, HasSubstr(std::to_string(GetParam().code))));
}
INSTANTIATE_TEST_SUITE_P(
    Table, StatusFromCodeTest,
    ::testing::Values(
        CodeCase{301, StatusReason::kUnknown}, CodeCase{400, StatusReason::kBadRequest},
        CodeCase{401, StatusReason::kUnauthorized}, CodeCase{403, StatusReason::kForbidden},
        CodeCase{404, StatusReason::kNotFound}, CodeCase{405, StatusReason::kMethodNotAllowed},
        CodeCase{406, StatusReason::kNotAcceptable}, CodeCase{409, StatusReason::kConflict},
        CodeCase{410, StatusReason::kExpired}, CodeCase{413, StatusReason::kRequestEntityTooLarge},
        CodeCase{415, StatusReason::kUnsupportedMediaType}, CodeCase{422, StatusReason::kInvalid},
        CodeCase{429, StatusReason::kTooManyRequests}, CodeCase{500, StatusReason::kInternalError},
        CodeCase{502, StatusReason::kServiceUnavailable},
        CodeCase{503, StatusReason::kServiceUnavailable}, CodeCase{504, StatusReason::kTimeout}),
    [](const auto& row) { return "Code" + std::to_string(row.param.code); });

TEST(StatusFromResponseTest, QuotesShortTextsButNoPages) {
  EXPECT_THAT(
      StatusFromResponse(503, "upstream connect error\n", {}),
      FailsWith(StatusReason::kServiceUnavailable, HasSubstr("503: upstream connect error")));
  EXPECT_THAT(StatusFromResponse(503, "<html>secret</html>", {}),
              FailsWith(StatusReason::kServiceUnavailable, Not(HasSubstr("html"))));
  EXPECT_THAT(StatusFromResponse(503, "\x01\x02", {}),
              FailsWith(StatusReason::kServiceUnavailable, Not(HasSubstr("\x01"))));
}

}  // namespace
}  // namespace pedia::kube
