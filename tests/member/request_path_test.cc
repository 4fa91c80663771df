#include "tests/member/request_path.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/member/base64url.h"
#include "tests/member/faults.h"
#include "tests/member/kubeconfig_file.h"
#include "tests/member/list_response.h"
#include "tests/testing/matchers.h"

namespace pedia::member {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::HasSubstr;

struct PathCase {
  std::string method;
  std::string target;
  RequestKind kind;
  std::string resource;  // GroupVersionResource::ToString
  std::string key;
};

TEST(ParseRequestPathTest, FindsKindResourceAndName) {
  const PathCase cases[] = {
      {"GET", "/api/v1/pods", RequestKind::kList, "v1/pods", ""},
      {"GET", "/api/v1/namespaces", RequestKind::kList, "v1/namespaces", ""},
      {"GET", "/api/v1/namespaces/a", RequestKind::kGet, "v1/namespaces", "a"},
      {"GET", "/api/v1/namespaces/a/pods", RequestKind::kList, "v1/pods", "a/"},
      {"GET", "/api/v1/namespaces/a/pods/b", RequestKind::kGet, "v1/pods", "a/b"},
      {"GET", "/apis/apps/v1/deployments?watch=1", RequestKind::kWatch, "apps/v1/deployments", ""},
      {"DELETE", "/apis/apps/v1/namespaces/a/deployments/b", RequestKind::kWrite,
       "apps/v1/deployments", "a/b"},
      {"GET", "/api/v1/namespaces/a/pods/b/log", RequestKind::kGet, "v1/pods/log", "a/b"},
      {"GET", "/readyz?verbose", RequestKind::kHealth, "/", ""},
      {"GET", "/apis/apps/v1", RequestKind::kDiscovery, "/", ""},
      {"GET", "/", RequestKind::kDiscovery, "/", ""},
  };
  for (const PathCase& c : cases) {
    const RequestPath path = ParseRequestPath(c.method, c.target);
    EXPECT_EQ(path.kind, c.kind) << c.target;
    if (c.kind == RequestKind::kHealth || c.kind == RequestKind::kDiscovery) continue;
    EXPECT_EQ(path.gvr.ToString(), c.resource) << c.target;
    EXPECT_EQ(path.name.Key(), c.key) << c.target;
  }
}

TEST(ParseRequestPathTest, DecodesParameters) {
  const RequestPath path = ParseRequestPath("GET", "/api/v1/pods?a=1%2B2+3&b&a=9&limit=x&c=%zz");
  EXPECT_EQ(path.Parameter("a"), "1+2 3");
  EXPECT_EQ(path.Parameter("b"), "");
  EXPECT_EQ(path.Parameter("c"), "%zz");
  EXPECT_THAT(path.Number("limit"), FailsWith(StatusReason::kBadRequest, HasSubstr("\"x\"")));
  EXPECT_EQ(*path.Number("b"), std::nullopt);
}

TEST(ContinueTokenTest, SurvivesTheRoundTripAndRejectsOthers) {
  const Result<ContinueToken> token = ParseContinueToken(FormatContinueToken({7, "a/b", 3}));
  ASSERT_THAT(token, IsOk());
  EXPECT_EQ(token->resource_version, 7u);
  EXPECT_EQ(token->start_key, "a/b");
  EXPECT_EQ(token->left, 3u);
  EXPECT_THAT(ParseContinueToken("abc"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("continue key is not valid")));
  EXPECT_THAT(ParseContinueToken("!"), FailsWith(StatusReason::kBadRequest, HasSubstr("base64")));
  // As kube-apiserver writes them:
  // {"v":"meta.k8s.io/v1","rv":1167,"start":"infra/api-5f004012-rhlsk\u0000"}.
  const Result<ContinueToken> recorded = ParseContinueToken(
      "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MTE2Nywic3RhcnQiOiJpbmZyYS9hcGktNWYwMDQwMTItcmhsc2tcdTAw"
      "MDAifQ");
  ASSERT_THAT(recorded, IsOk());
  EXPECT_EQ(recorded->resource_version, 1167u);
}

TEST(ParseFaultTest, ReadsEveryFieldAndNamesUnknownKinds) {
  const Result<Fault> fault = ParseFault(
      R"({"fault":"slow","request":"watch","path":"/api","afterBytes":5,"delayMs":7,"probability":0.5,"count":2,"continueOnly":true})");
  ASSERT_THAT(fault, IsOk());
  EXPECT_EQ(fault->kind, FaultKind::kSlow);
  EXPECT_EQ(fault->request, RequestKind::kWatch);
  EXPECT_EQ(fault->path_prefix, "/api");
  EXPECT_EQ(fault->after_bytes, 5u);
  EXPECT_EQ(fault->delay, std::chrono::milliseconds(7));
  EXPECT_EQ(fault->count, 2);
  EXPECT_TRUE(fault->continue_only);
  EXPECT_THAT(ParseFault(R"({"fault":"nope"})"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("'nope'")));
  EXPECT_THAT(ParseFault("[]"), FailsWith(StatusReason::kBadRequest, HasSubstr("not a fault")));
}

TEST(FaultPlanTest, ProbabilityHitsSomeRequests) {
  FaultPlan plan;
  const uint64_t id = plan.Add({.probability = 0.5});
  for (int i = 0; i < 1000; ++i) plan.Match(RequestKind::kList, "/x", false);
  EXPECT_GT(plan.Hits(id), 400);
  EXPECT_LT(plan.Hits(id), 600);
}

TEST(Base64Test, PadsTheStandardForm) {
  EXPECT_EQ(EncodeBase64Url("\xff\xfe"), "__4");
  EXPECT_EQ(DecodeBase64Url("__4"), "\xff\xfe");
}

TEST(FormatKubeconfigTest, HasAContextPerMember) {
  const std::string text =
      FormatKubeconfig({{"one", "https://127.0.0.1:1", "CA", "secret", "", ""},
                        {"two", "https://127.0.0.1:2", "CA", "", "CERT", "KEY"}});
  EXPECT_THAT(text, HasSubstr("current-context: one\n"));
  EXPECT_THAT(text,
              HasSubstr("    server: https://127.0.0.1:2\n    certificate-authority-data: Q0E=\n"));
  EXPECT_THAT(text, HasSubstr("- name: one\n  user:\n    token: secret\n"));
  EXPECT_THAT(text,
              HasSubstr("    client-certificate-data: Q0VSVA==\n    client-key-data: S0VZ\n"));
}

}  // namespace
}  // namespace pedia::member
