#include "meta/status.h"

#include <gtest/gtest.h>

#include "meta/json_reader.h"

namespace pedia {
namespace {

TEST(StatusTest, IsWrittenAsKubernetesWritesIt) {
  EXPECT_EQ(
      NotFound("apps", "deployments", "web").ToJson(),
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"deployments.apps \"web\" not found",)"
      R"("reason":"NotFound","details":{"name":"web","group":"apps","kind":"deployments"},"code":404})");
  EXPECT_EQ(
      UnknownResource().ToJson(),
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",)"
      R"("message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404})");
  EXPECT_EQ(
      BadRequest("limit: \"x\"").ToJson(),
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"limit: \"x\"",)"
      R"("reason":"BadRequest","code":400})");
}

TEST(StatusTest, CarriesCausesAndRetryAfter) {
  const Status invalid =
      Invalid("ListOptions.meta.k8s.io", "", "resourceVersionMatch", "Exact", "forbidden");
  EXPECT_EQ(invalid.http_code(), 422);
  EXPECT_EQ(invalid.message(),
            "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Invalid value: "
            "\"Exact\": forbidden");
  EXPECT_TRUE(IsValidJson(invalid.ToJson())) << invalid.ToJson();
  EXPECT_NE(invalid.ToJson().find(R"("causes":[{"reason":"FieldValueInvalid")"), std::string::npos);
  EXPECT_NE(
      TooManyRequests("busy", 3).ToJson().find(R"("details":{"retryAfterSeconds":3},"code":429)"),
      std::string::npos);
}

TEST(StatusTest, ADefaultStatusIsSuccess) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status().http_code(), 200);
}

}  // namespace
}  // namespace pedia
