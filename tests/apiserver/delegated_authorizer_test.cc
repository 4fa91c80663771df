#include "apiserver/delegated_authorizer.h"

#include <gmock/gmock.h>

#include "apiserver/subject_access_review.h"
#include "tests/apiserver/fake_host.h"
#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using std::chrono::milliseconds;
using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const UserInfo kJane{
    "jane", "7", {"dev", "system:authenticated"}, {{"scopes", "a"}, {"scopes", "b"}}};

AccessAttributes GetCluster(const std::string& cluster) {
  return OuterAttributes(
      "GET", "/apis/clusterpedia.io/v1beta1/resources/clusters/" + cluster + "/api/v1/pods", false);
}

AccessAttributes GetPath(const std::string& path) { return OuterAttributes("GET", path, false); }

class DelegatedAuthorizerTest : public ::testing::Test {
 protected:
  AuthorizationOptions Options() {
    AuthorizationOptions options;
    options.authorized_ttl = milliseconds(1000);
    options.unauthorized_ttl = milliseconds(500);
    options.review.first_pause = milliseconds(1);
    options.clock = [this] { return now_; };
    return options;
  }
  bool Allowed(const UserInfo& user, const AccessAttributes& attributes) {
    const auto decision = authorizer_.Authorize(user, attributes);
    EXPECT_THAT(decision, IsOk());
    return decision.ok() && decision->allowed;
  }
  void AllowCluster(const std::string& cluster) {
    host_.SetAccess([cluster](const std::string& review) {
      return review.find("\"subresource\":\"" + cluster + "\"") != std::string::npos;
    });
  }

  FakeHost host_;
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
  DelegatedAuthorizer authorizer_{host_.client(), Options()};
};

TEST_F(DelegatedAuthorizerTest, AsksWithAllThatIsKnown) {
  AllowCluster("c1");
  EXPECT_TRUE(Allowed(kJane, GetCluster("c1")));
  EXPECT_EQ(host_.last_review(),
            R"({"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{)"
            R"("resourceAttributes":{"verb":"get","group":"clusterpedia.io","version":"v1beta1",)"
            R"("resource":"resources","subresource":"c1","name":"clusters"},"user":"jane",)"
            R"("uid":"7","groups":["dev","system:authenticated"],"extra":{"scopes":["a","b"]}}})");
  EXPECT_FALSE(Allowed(kJane, GetPath("/metrics")));
  EXPECT_THAT(host_.last_review(),
              HasSubstr(R"("nonResourceAttributes":{"path":"/metrics","verb":"get"},"user")"));
}

TEST_F(DelegatedAuthorizerTest, ANoSaysWhy) {
  const auto decision = authorizer_.Authorize(kJane, GetCluster("c1"));
  ASSERT_THAT(decision, IsOk());
  EXPECT_FALSE(decision->allowed);
  EXPECT_EQ(decision->reason, "no rule");
}

TEST_F(DelegatedAuthorizerTest, MastersAreNotAskedAbout) {
  EXPECT_TRUE(Allowed({"root", "", {"system:masters"}, {}}, GetCluster("c1")));
  EXPECT_FALSE(Allowed({"system:masters", "", {}, {{"system:masters", "x"}}}, GetCluster("c1")));
  EXPECT_EQ(host_.access_reviews(), 1);
}

TEST_F(DelegatedAuthorizerTest, SomePathsAreAlwaysAllowed) {
  AuthorizationOptions options = Options();
  options.always_allow_paths = {"/healthz", "/debug/*", "version"};
  DelegatedAuthorizer authorizer(host_.client(), options);
  for (const char* path : {"/healthz", "/debug/", "/debug/x/y", "/version"})
    EXPECT_TRUE(authorizer.Authorize(kJane, GetPath(path))->allowed) << path;
  EXPECT_EQ(host_.access_reviews(), 0);
  for (const char* path : {"/healthz/log", "/healthz/", "/debug", "/livez", "/", "/Healthz"})
    EXPECT_FALSE(authorizer.Authorize(kJane, GetPath(path))->allowed) << path;
}

TEST_F(DelegatedAuthorizerTest, APathThatIsAllowedIsNoResourceOfThatName) {
  AuthorizationOptions options = Options();
  options.always_allow_paths = {"*"};
  DelegatedAuthorizer authorizer(host_.client(), options);
  EXPECT_TRUE(authorizer.Authorize(kJane, GetPath("/metrics"))->allowed);
  EXPECT_FALSE(authorizer.Authorize(kJane, GetCluster("c1"))->allowed);
}

TEST_F(DelegatedAuthorizerTest, RemembersAYesAndANoForTheirTime) {
  AllowCluster("c1");
  EXPECT_TRUE(Allowed(kJane, GetCluster("c1")));
  EXPECT_FALSE(Allowed(kJane, GetCluster("c2")));
  AllowCluster("c2");
  now_ += milliseconds(499);
  EXPECT_TRUE(Allowed(kJane, GetCluster("c1")));
  EXPECT_FALSE(Allowed(kJane, GetCluster("c2")));
  EXPECT_EQ(host_.access_reviews(), 2);
  now_ += milliseconds(1);
  EXPECT_TRUE(Allowed(kJane, GetCluster("c2")));
  EXPECT_TRUE(Allowed(kJane, GetCluster("c1")));
  now_ += milliseconds(500);
  EXPECT_FALSE(Allowed(kJane, GetCluster("c1")));
}

TEST_F(DelegatedAuthorizerTest, NeverMistakesOneQuestionForAnother) {
  host_.SetAccess([](const std::string&) { return true; });
  EXPECT_TRUE(Allowed(kJane, GetCluster("c1")));
  host_.SetAccess([](const std::string&) { return false; });
  std::vector<UserInfo> users(10, kJane);
  users[0].name = "jan";
  users[1].uid = "";
  users[2].groups.pop_back();
  users[3].groups = {"dev,system:authenticated"};
  users[4].extra.pop_back();
  users[5].groups = {"dev", "system:authenticated", "scopes", "a", "scopes", "b"};
  users[5].extra.clear();
  users[6].extra[0].first = "scope";
  users[7].groups[0] = "";
  users[8].groups = {"devs", "ystem:authenticated"};
  users[9].name = "jane7";
  users[9].uid = "";
  for (const UserInfo& user : users) EXPECT_FALSE(Allowed(user, GetCluster("c1")));
  std::vector<AccessAttributes> others(8, GetCluster("c1"));
  others[0].verb = "list";
  others[1].group = "";
  others[2].version = "v1";
  others[3].resource = "resource";
  others[4].subresource = "c2";
  others[5].name_space = "shop";
  others[6].name = "cluster";
  std::swap(others[7].name, others[7].subresource);
  for (const AccessAttributes& other : others) EXPECT_FALSE(Allowed(kJane, other));
  EXPECT_TRUE(Allowed(kJane, GetCluster("c1")));
}

TEST_F(DelegatedAuthorizerTest, RemembersUsersInVeryManyGroups) {
  host_.SetAccess(
      [](const std::string& review) { return review.find("group-499\"") != std::string::npos; });
  UserInfo user = kJane;
  for (int i = 0; i < 500; ++i) user.groups.push_back("group-" + std::to_string(i));
  EXPECT_TRUE(Allowed(user, GetCluster("c1")));
  EXPECT_TRUE(Allowed(user, GetCluster("c1")));
  EXPECT_EQ(host_.access_reviews(), 1);
  user.groups.back() = "group-500";
  EXPECT_FALSE(Allowed(user, GetCluster("c1")));
}

TEST_F(DelegatedAuthorizerTest, AsksManyQuestionsAtOnce) {
  AllowCluster("c7");
  EXPECT_TRUE(Allowed(kJane, GetCluster("c7")));
  std::vector<AccessAttributes> questions;
  for (int i = 0; i < 10; ++i) questions.push_back(GetCluster("c" + std::to_string(i)));
  questions.push_back(GetPath("/healthz"));
  host_.WaitForCompany(1 + 9);  // It answers none before the last of them has come.
  const auto decisions = authorizer_.AuthorizeAll(kJane, questions);
  ASSERT_THAT(decisions, IsOk());
  for (size_t i = 0; i < questions.size(); ++i)
    EXPECT_EQ((*decisions)[i].allowed, i == 7 || i == 10) << i;
  EXPECT_EQ(host_.access_reviews(), 1 + 9);
}

TEST_F(DelegatedAuthorizerTest, KnowsForAWhileWhatAHostThatIsAwaySaid) {
  AllowCluster("c1");
  EXPECT_TRUE(Allowed(kJane, GetCluster("c1")));
  host_.SetMode(FakeHost::Mode::kHangsUp);
  now_ += milliseconds(999);
  EXPECT_TRUE(Allowed(kJane, GetCluster("c1")));
  EXPECT_THAT(
      authorizer_.Authorize(kJane, GetCluster("c2")),
      FailsWith(StatusReason::kServiceUnavailable, "the management cluster cannot be reached"));
  now_ += milliseconds(1);
  EXPECT_THAT(authorizer_.Authorize(kJane, GetCluster("c1")),
              FailsWith(StatusReason::kServiceUnavailable, _));
  host_.SetMode(FakeHost::Mode::kWell);
  EXPECT_TRUE(Allowed(kJane, GetCluster("c1")));
}

TEST_F(DelegatedAuthorizerTest, TriesAgainWhatFailed) {
  AllowCluster("c1");
  host_.FailOnce();
  EXPECT_TRUE(Allowed(kJane, GetCluster("c1")));
  EXPECT_EQ(host_.access_reviews(), 2);
}

TEST_F(DelegatedAuthorizerTest, AHostThatIsOutOfOrderNeverAllows) {
  host_.SetAccess([](const std::string&) { return true; });
  for (const auto mode : {FakeHost::Mode::kForbids, FakeHost::Mode::kFails,
                          FakeHost::Mode::kHangsUp, FakeHost::Mode::kSaysWrong}) {
    host_.SetMode(mode);
    EXPECT_THAT(authorizer_.Authorize(kJane, GetCluster("c1")),
                FailsWith(StatusReason::kServiceUnavailable,
                          AllOf(Not(HasSubstr("10.0.0.1")), Not(HasSubstr("127.0.0.1")),
                                Not(HasSubstr("pedia may not")))));
  }
}

TEST_F(DelegatedAuthorizerTest, CountsWhatItAsked) {
  AllowCluster("c1");
  EXPECT_TRUE(Allowed(kJane, GetCluster("c1")));
  EXPECT_TRUE(Allowed(kJane, GetCluster("c1")));
  std::map<std::string, double> values;
  for (const MetricSample& sample : authorizer_.Samples())
    values[sample.name + (sample.labels.empty() ? "" : ":" + sample.labels[0].second)] =
        sample.value;
  EXPECT_EQ(values["apiserver_delegated_authz_request_total:201"], 1);
  EXPECT_EQ(values["pedia_authorization_cache_total:hit"], 1);
  EXPECT_EQ(values["pedia_authorization_cache_total:miss"], 1);
  EXPECT_GT(values["apiserver_delegated_authz_request_seconds_total"], 0);
}

TEST(CheckAlwaysAllowPathsTest, AStarStandsAtTheEnd) {
  EXPECT_THAT(CheckAlwaysAllowPaths({"/healthz", "/debug/*", "*", ""}), IsOk());
  EXPECT_THAT(CheckAlwaysAllowPaths({"/a*/b"}),
              FailsWith(StatusReason::kBadRequest, HasSubstr("\"/a*/b\"")));
  EXPECT_THAT(CheckAlwaysAllowPaths({"/a**"}), FailsWith(StatusReason::kBadRequest, _));
}

std::string Answer(const std::string& status) {
  return R"({"kind":"SubjectAccessReview","status":)" + status + "}";
}

TEST(ParseSubjectAccessReviewTest, OnlyAPlainYesIsAYes) {
  EXPECT_TRUE(ParseSubjectAccessReview(Answer(R"({"allowed":true})"))->allowed);
  EXPECT_TRUE(ParseSubjectAccessReview(Answer(R"({"allowed":true,"denied":false})"))->allowed);
  for (const char* status :
       {R"({"allowed":false})", R"({})", R"({"allowed":"true"})", R"({"allowed":1})", "null", "[]",
        R"({"allowed":true,"denied":true})", R"({"allowed":true,"denied":"no"})",
        R"({"status":{"allowed":true}})"}) {
    const auto decision = ParseSubjectAccessReview(Answer(status));
    ASSERT_THAT(decision, IsOk()) << status;
    EXPECT_FALSE(decision->allowed) << status;
  }
}

TEST(ParseSubjectAccessReviewTest, RefusesWhatIsNoReview) {
  for (const char* review : {"", "null", "[]", R"({"status":{"allowed":true}})", "<html>",
                             R"({"kind":"Status","status":{"allowed":true}})",
                             R"({"kind":"SubjectAccessReview","status":{"allowed":true})"}) {
    EXPECT_THAT(ParseSubjectAccessReview(review), FailsWith(StatusReason::kServiceUnavailable, _))
        << review;
  }
}

}  // namespace
}  // namespace pedia::apiserver
