// How many questions it takes to find out what a user may list, and that no answer is missed.
#include "apiserver/access_survey.h"

#include <gtest/gtest.h>

#include "apiserver/fine_grained_access.h"
#include "tests/apiserver/rbac_world.h"
#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

using query::AccessFilter;
using query::NameSet;
using testing::IsOk;

std::string Cluster(int i) { return "c" + std::to_string(100 + i); }
std::string Namespace(int i) { return "team-" + std::to_string(10 + i); }

class AccessSurveyTest : public ::testing::Test {
 protected:
  AccessSurveyTest() {
    for (int i = 0; i < 500; ++i) {
      auto state = std::make_shared<discovery::ClusterState>();
      state->name = Cluster(i);
      snapshot_.clusters[state->name] = state;
    }
  }

  static SurveyedResource Pods() {
    AccessAttributes what;
    what.verb = "list";
    what.version = "v1";
    what.resource = "pods";
    return {what, true};
  }

  AccessFilter Run(const Reach& reach = {}, bool rbac_is_known = true, size_t most = 5'000) {
    RbacIndex index;
    if (rbac_is_known) rbac_.Fill(&index);
    rbac_.ForgetQuestions();
    const SurveyedResource pods = Pods();
    const Result<std::vector<Finding>> findings =
        AccessSurvey(rbac_, index, user_, snapshot_, reach, most).Run({&pods, 1});
    EXPECT_THAT(findings, IsOk());
    guessed_ = findings->front().guessed;
    return findings->front().filter;
  }
  void Bind(const std::string& name_space, const std::string& group) {
    rbac_.Add({name_space, "jane", "", {{{group}, {"pods"}}}, true});
  }

  discovery::Snapshot snapshot_;
  RbacWorld rbac_;
  const UserInfo user_{"jane", "", {"system:authenticated"}, {}};
  bool guessed_ = false;
};

TEST_F(AccessSurveyTest, WhoMaySeeEverythingCostsOneQuestion) {
  Bind("", "@*");
  for (int i = 0; i < 20; ++i) Bind(Namespace(i), "@*");
  EXPECT_EQ(Run(), AccessFilter());
  EXPECT_EQ(rbac_.questions(), 1);
}

TEST_F(AccessSurveyTest, WhoMaySeeNothingCostsOneQuestion) {
  Bind("team", "apps@*");
  EXPECT_TRUE(Run().IsNothing());
  EXPECT_EQ(rbac_.questions(), 1);
}

TEST_F(AccessSurveyTest, TwentyNamespacesOfFiveHundredClustersCostAQuestionEach) {
  AccessFilter want{true, {}, {}, {}};
  for (int i = 0; i < 20; ++i) {
    Bind(Namespace(i), "@*");
    want.namespaces.push_back(Namespace(i));
  }
  EXPECT_EQ(Run(), want);
  EXPECT_EQ(rbac_.questions(), 21);
  EXPECT_FALSE(guessed_);
}

TEST_F(AccessSurveyTest, FiveHundredClustersCostAQuestionEach) {
  for (int i = 0; i < 500; ++i) Bind("", "@" + Cluster(i));
  for (int i = 0; i < 20; ++i) Bind(Namespace(i), "@" + Cluster(i));  // Of no use any more.
  EXPECT_EQ(Run().clusters.size(), 500u);
  EXPECT_EQ(rbac_.questions(), 501);
}

TEST_F(AccessSurveyTest, PairsCostAQuestionEachUnlessTheyAreCovered) {
  for (int i = 0; i < 300; ++i) Bind(Namespace(i % 20), "@" + Cluster(i));
  Bind(Namespace(3), "@*");
  Bind("", "@" + Cluster(4));
  Bind("gone", "@c9");  // There is no such cluster.
  const AccessFilter filter = Run();
  EXPECT_EQ(filter.clusters.size(), 1u);
  EXPECT_EQ(filter.namespaces.size(), 1u);
  EXPECT_EQ(filter.cluster_namespaces.size(), 300u - 15 - 1);
  EXPECT_EQ(rbac_.questions(), 1 + 2 + 284);
}

TEST_F(AccessSurveyTest, AListOfOneNamespaceAsksAboutThatOnly) {
  for (int i = 0; i < 20; ++i) Bind(Namespace(i), "@" + Cluster(i));
  Bind("", "@" + Cluster(30));
  const Reach reach{{}, {true, {Namespace(2)}, {}}};
  const AccessFilter want{true, {}, {}, {{Cluster(2), Namespace(2)}, {Cluster(30), Namespace(2)}}};
  EXPECT_EQ(Run(reach), want);
  EXPECT_EQ(rbac_.questions(), 3);
}

TEST_F(AccessSurveyTest, AListOfOneClusterAsksAboutThatOnly) {
  for (int i = 0; i < 20; ++i) Bind(Namespace(i), "@" + Cluster(i % 2));
  const Reach reach{{true, {Cluster(1)}, {}}, {}};
  EXPECT_EQ(Run(reach).cluster_namespaces.size(), 10u);
  EXPECT_EQ(rbac_.questions(), 2 + 10);
  Bind("", "@" + Cluster(1));
  const AccessFilter whole{true, {Cluster(1)}, {}, {}};
  EXPECT_EQ(Run(reach), whole);
  EXPECT_EQ(rbac_.questions(), 2);
}

TEST_F(AccessSurveyTest, WhatIsNamedIsAskedAboutEvenIfRbacSaysNothing) {
  class Webhook : public Authorizer {
   public:
    Result<AccessDecision> Authorize(const UserInfo&, const AccessAttributes& what) override {
      return AccessDecision{what.group == "@" + Cluster(7) && what.name_space == "shop", ""};
    }
  } webhook;
  RbacIndex index;
  rbac_.Fill(&index);
  const SurveyedResource pods = Pods();
  const Reach reach{{true, {Cluster(6), Cluster(7)}, {}}, {true, {"shop", "test"}, {}}};
  const auto findings = AccessSurvey(webhook, index, user_, snapshot_, reach, 100).Run({&pods, 1});
  ASSERT_THAT(findings, IsOk());
  const AccessFilter want{true, {}, {}, {{Cluster(7), "shop"}}};
  EXPECT_EQ(findings->front().filter, want);
}

TEST_F(AccessSurveyTest, TooManyQuestionsAreNotAskedAndItIsSaid) {
  for (int i = 0; i < 40; ++i) Bind(Namespace(i), "@" + Cluster(i));
  EXPECT_EQ(Run({}, true, 30).cluster_namespaces.size(), 30u);
  EXPECT_TRUE(guessed_);
  NameSet clusters{true, {}, {}}, namespaces{true, {}, {}};
  for (int i = 0; i < 40; ++i) clusters.in.push_back(Cluster(i));
  for (int i = 0; i < 40; ++i) namespaces.in.push_back(Namespace(i));
  EXPECT_LE(Run({clusters, namespaces}, false, 100).cluster_namespaces.size(), 100u);
  EXPECT_TRUE(guessed_);
  EXPECT_LE(rbac_.questions(), 300);
}

class CheckProxiedTest : public ::testing::Test {
 protected:
  // Whether jane may send this to c1, with a right to only `resource` ("pods/log") by `verb`.
  bool Allowed(const std::string& method, const std::string& path, const std::string& verb,
               const std::string& group, const std::string& resource,
               const std::string& name_space = "a") {
    RbacWorld rbac;
    rbac.Add({name_space, "jane", "", {{{group}, {resource}, {verb}}}, true});
    RbacIndex index;
    FineGrainedAccess access(rbac, index);
    const Result<RequestInfo> info = ParseRequestInfo(
        method, "/apis/clusterpedia.io/v1beta1/resources/clusters/c1" + path, false);
    EXPECT_THAT(info, IsOk());
    return access.CheckProxied({"jane", "", {}, {}}, *info, method, false).ok();
  }
};

TEST_F(CheckProxiedTest, ASubresourceNeedsTheRightToIt) {
  const std::string pod = "/api/v1/namespaces/a/pods/p";
  EXPECT_TRUE(Allowed("GET", pod + "/log", "get", "@c1", "pods/log"));
  EXPECT_FALSE(Allowed("GET", pod + "/log", "get", "@c2", "pods/log"));
  EXPECT_FALSE(Allowed("GET", pod + "/log", "get", "", "pods/log"));
  EXPECT_FALSE(Allowed("GET", pod + "/log", "get", "@c1", "pods"));
  EXPECT_FALSE(Allowed("GET", pod + "/log", "get", "@c1", "pods/log", "b"));
  EXPECT_TRUE(Allowed("POST", pod + "/exec", "create", "@*", "pods/exec"));
  EXPECT_FALSE(Allowed("POST", pod + "/exec", "get", "@*", "pods/exec"));
  EXPECT_TRUE(Allowed("GET", pod + "/proxy/a/b", "get", "@c1", "pods/proxy"));
  EXPECT_TRUE(Allowed("PATCH", "/apis/apps/v1/namespaces/a/deployments/d/scale", "patch", "apps@c1",
                      "deployments/scale"));
  EXPECT_TRUE(Allowed("DELETE", "/api/v1/namespaces/a/pods", "deletecollection", "@c1", "pods"));
  EXPECT_FALSE(Allowed("DELETE", "/api/v1/namespaces/a/pods", "delete", "@c1", "pods"));
}

TEST_F(CheckProxiedTest, TheProxyPathIsWhatTheMemberWillSee) {
  const std::string pods = "/proxy/api/v1/namespaces/a/pods";
  EXPECT_TRUE(Allowed("GET", pods, "list", "@c1", "pods"));
  EXPECT_FALSE(Allowed("GET", pods, "get", "@c1", "pods"));
  EXPECT_TRUE(Allowed("GET", pods + "/p", "get", "@c1", "pods"));
  EXPECT_TRUE(Allowed("POST", pods, "create", "@c1", "pods"));
  EXPECT_FALSE(Allowed("GET", "/proxy/api/v1/pods", "list", "@c1", "pods"));
  const std::string clusters = "cluster.clusterpedia.io@c1";
  for (const std::string& path :
       {std::string("/proxy/healthz"), std::string("/proxy"), std::string("/proxy/metrics"),
        std::string("/proxy/api/v1"), std::string("/proxy/api//v1/namespaces/a/pods"),
        std::string("/proxy/api/v1/namespaces/a/../b/pods"),
        std::string("/proxy/api/v1/namespaces/a%2fb/pods")}) {
    EXPECT_FALSE(Allowed("GET", path, "*", "@c1", "*")) << path;
    EXPECT_TRUE(Allowed("GET", path, "get", clusters, "pediaclusters/proxy", "")) << path;
    EXPECT_FALSE(Allowed("POST", path, "get", clusters, "pediaclusters/proxy", "")) << path;
  }
}

}  // namespace
}  // namespace pedia::apiserver
