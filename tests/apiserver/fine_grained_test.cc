// What each user sees of a fleet is what the authorizer's answers say of each cluster, namespace and
// kind: over the handlers, a real store, and roles and bindings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "query/url_query.h"
#include "tests/apiserver/fine_grained_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(FineGrainedTest, EveryGetAndEveryListOfACellIsTheAuthorizersAnswer) {
  std::map<int, int> codes;
  for (const UserInfo& user : Users()) {
    for (const TestKind& kind : kKinds) {
      for (const std::string& cluster : kClusters) {
        const std::vector<std::string> none = {""};
        for (const std::string& name_space : kind.namespaced ? kNamespaces : none) {
          SCOPED_TRACE(user.name + " " + kind.gvr.resource + " " + cluster + " " + name_space);
          const std::string path = "/clusters/" + cluster + kind.Path() +
                                   (name_space.empty() ? "" : "/namespaces/" + name_space) + "/" +
                                   kind.gvr.resource;
          const Answer list = Get(user, path);
          const bool may_list = Allows(user, kind, "list", cluster, name_space);
          ASSERT_EQ(list.code, may_list ? 200 : 403) << list.body;
          if (may_list)
            EXPECT_EQ(NamesIn(list.Json()), NamesOf({{cluster, name_space}}));
          else
            EXPECT_EQ(list.Reason(), "Forbidden");
          for (const char* name : {"x", "y", "missing"}) {
            const bool may_get = Allows(user, kind, "get", cluster, name_space, name);
            const int found = std::string(name) == "missing" ? 404 : 200;
            ASSERT_EQ(Get(user, path + "/" + name).code, may_get ? found : 403) << name;
            ++codes[may_get ? found : 403];
          }
        }
      }
    }
  }
  EXPECT_GT(codes[200], 200);
  EXPECT_GT(codes[404], 100);
  EXPECT_GT(codes[403], 500);
}

TEST_F(FineGrainedTest, ListsPagesCountsAndFacetsAreTheUnionOfTheCellsThatMayBeListed) {
  for (const UserInfo& user : Users()) {
    for (const TestKind& kind : kKinds) {
      SCOPED_TRACE(user.name + " " + kind.gvr.resource);
      const auto cells = Cells(user, kind);
      const std::vector<std::string> want = NamesOf(cells);
      const std::string path = kind.Path() + "/" + kind.gvr.resource;
      const Answer all = Get(user, path + "?facets=cluster&withRemainingCount=true");
      ASSERT_EQ(all.code, cells.empty() ? 403 : 200) << all.body;
      if (cells.empty()) continue;
      EXPECT_EQ(NamesIn(all.Json()), want);
      EXPECT_EQ(all.Header("Warning"), "");
      std::map<std::string, size_t> by_cluster;
      for (const auto& [cluster, name_space] : cells) by_cluster[cluster] += 2;
      const auto facets = FacetsOf(all);
      size_t shown = 0;
      for (const auto& value : facets.at("facets").at(0).at("values")) {
        EXPECT_EQ(value.at("count"), by_cluster[value.at("value")]);
        ++shown;
      }
      EXPECT_EQ(shown, by_cluster.size());
      for (const std::string& cluster : kClusters) {
        auto inside = cells;
        std::erase_if(inside, [&](const auto& cell) { return cell.first != cluster; });
        for (const std::string& one :
             {"/clusters/" + cluster + path, path + "?clusters=" + cluster}) {
          const Answer list = Get(user, one);
          ASSERT_EQ(list.code, inside.empty() ? 403 : 200) << one;
          if (list.code == 200) {
            EXPECT_EQ(NamesIn(list.Json()), NamesOf(inside)) << one;
          }
        }
      }
    }
  }
}

TEST_F(FineGrainedTest, PagesOfEverySizeShowEachObjectOnce) {
  const UserInfo user{"mixed", "", {"system:authenticated"}, {}};
  const std::vector<std::string> want = NamesOf(Cells(user, kKinds[0]));
  ASSERT_EQ(want.size(), 12u);
  for (const std::string order :
       {"", "&orderby=name", "&orderby=uid+desc", "&orderby=cluster+desc"}) {
    for (size_t limit = 1; limit <= want.size() + 1; ++limit) {
      std::vector<std::string> names;
      std::string token;
      do {
        const Answer page =
            Get(user, "/api/v1/pods?withRemainingCount=true&limit=" + std::to_string(limit) +
                          order + "&continue=" + query::EncodeUrlComponent(token));
        ASSERT_EQ(page.code, 200) << page.body;
        for (std::string& name : NamesIn(page.Json())) names.push_back(std::move(name));
        const auto metadata = page.Json().at("metadata");
        EXPECT_EQ(metadata.value("remainingItemCount", size_t{0}), want.size() - names.size());
        token = metadata.value("continue", "");
      } while (!token.empty() && names.size() <= want.size());
      std::sort(names.begin(), names.end());
      EXPECT_EQ(names, want) << order << " " << limit;
    }
  }
}

TEST_F(FineGrainedTest, ACollectionLeavesOutWhatMayNotBeListed) {
  const auto kinds = [&](const UserInfo& user, const std::string& query) {
    std::set<std::string> found;
    const Answer answer = Get(user, kCollections + "any?" + query);
    EXPECT_EQ(answer.code, 200) << answer.body;
    if (answer.code != 200) return found;
    const auto json = answer.Json();
    for (const auto& item : json.at("items")) found.insert(item.at("kind"));
    return found;
  };
  const UserInfo dev{"dev", "", {"system:authenticated", "no-secrets"}, {}};
  EXPECT_THAT(kinds(dev, "groups=,apps"),
              ElementsAre("Deployment", "Event", "Node", "Pod", "ReplicaSet"));
  EXPECT_THAT(kinds({"admin", "", {}, {}}, "resources=/secrets,/pods"),
              ElementsAre("Pod", "Secret"));
  EXPECT_THAT(kinds({"team-a-in-c1", "", {}, {}}, "groups=,apps"), ElementsAre("Pod"));
  const Answer mixed = Get("mixed", kCollections + "any?groups=,apps&facets=kind&limit=1");
  EXPECT_EQ(FacetsOf(mixed).at("total"), 12 + 2) << mixed.body;
  const Answer nothing = Get("nobody", kCollections + "workloads");
  EXPECT_EQ(nothing.code, 403);
  EXPECT_THAT(nothing.Message(), HasSubstr("\"workloads\" is forbidden: User \"nobody\""));
  EXPECT_EQ(Get("team-a-in-c1", "/clusters/c2/collectionresources/any?groups=").code, 403);
}

TEST_F(FineGrainedTest, TheOnlyNameOfAListIsPartOfTheQuestion) {
  EXPECT_EQ(Get("one-name", "/clusters/c1/api/v1/namespaces/team-a/pods").code, 403);
  for (const std::string name : {"names=x", "fieldSelector=metadata.name%3Dx"}) {
    const Answer list = Get("one-name", "/clusters/c1/api/v1/namespaces/team-a/pods?" + name);
    ASSERT_EQ(list.code, 200) << list.body;
    EXPECT_THAT(NamesIn(list.Json()), ElementsAre("c1/team-a/x"));
    EXPECT_THAT(NamesIn(Get("one-name", "/api/v1/pods?" + name).Json()),
                ElementsAre("c1/team-a/x"));
  }
  EXPECT_EQ(Get("one-name", "/api/v1/pods?names=x,y").code, 403);
  EXPECT_EQ(Get("one-name", "/api/v1/pods?names=y").code, 403);
}

TEST_F(FineGrainedTest, A403SaysWhatWasAskedAndNothingOfWhatThereIs) {
  EXPECT_EQ(
      Get("nobody", "/clusters/c1/api/v1/namespaces/team-a/pods/x").Message(),
      "pods.@c1 \"x\" is forbidden: User \"nobody\" cannot get resource \"pods\" in API group "
      "\"@c1\" in the namespace \"team-a\"");
  EXPECT_EQ(Get("nobody", "/apis/apps/v1/deployments").Message(),
            "deployments.apps@* is forbidden: User \"nobody\" cannot list resource \"deployments\" "
            "in API group \"apps@*\" at the cluster scope");
  const std::string there = Get("nobody", "/clusters/c1/api/v1/namespaces/team-a/pods/x").body;
  std::string missing =
      Get("nobody", "/clusters/c1/api/v1/namespaces/team-a/pods/q").body;  // No other q.
  std::replace(missing.begin(), missing.end(), 'q', 'x');
  EXPECT_EQ(missing, there);
}

TEST_F(FineGrainedTest, EventsComeAsFarAsTheyMayBeListed) {
  const auto events = [&](const UserInfo& user, const std::string& path) {
    const std::string body = Get(user, path).body;
    return body.find("involvedObject") != std::string::npos;
  };
  const UserInfo dev{"dev", "", {"system:authenticated", "no-secrets"}, {}};
  const UserInfo a{"team-a-in-c1", "", {}, {}};
  const std::string pods = "/clusters/c1/api/v1/namespaces/team-a/pods";
  for (const std::string& path : {pods + "?injectEvents=true", pods + "/x?injectEvents=true"}) {
    EXPECT_TRUE(events(dev, path)) << path;
    EXPECT_FALSE(events(a, path)) << path;
  }
}

TEST_F(FineGrainedTest, AnOwnerThatMayNotBeSeenLeadsNowhere) {
  const std::string query = "?clusters=*&ownerName=x&ownerGR=deployments.apps&ownerSeniority=1";
  const UserInfo dev{"dev", "", {"system:authenticated", "no-secrets"}, {}};
  EXPECT_EQ(NamesIn(Get(dev, "/api/v1/pods" + query).Json()).size(), 9u);
  // mixed may see deployments of team-b in c2, and no replica sets at all.
  EXPECT_EQ(NamesIn(Get("mixed", "/api/v1/pods" + query).Json()).size(), 0u);
  const Answer b = Get("team-b", "/api/v1/pods" + query);
  EXPECT_THAT(NamesIn(b.Json()), ElementsAre("c1/team-b/x", "c2/team-b/x", "c3/team-b/x"));
}

TEST_F(FineGrainedTest, HostileNamesShowNothing) {
  for (const char* text :
       {"team-a'%20OR%20'1'='1", "team-a!", "team-a%00", "..", "team-a%2f..%2fteam-b", "*", "%25",
        "team-a,team-b", "team-a%22%7D", "@c1", "%F0%9F%92%A9"}) {
    const std::string name = text;
    for (const std::string& path :
         {"/clusters/c1/api/v1/namespaces/" + name + "/pods",
          "/clusters/c1/api/v1/namespaces/" + name + "/pods/x",
          "/clusters/" + name + "/api/v1/namespaces/team-a/pods", "/api/v1/pods?clusters=" + name,
          "/api/v1/secrets?namespaces=" + name,
          std::string("/apis/apps@c1/v1/namespaces/team-a/deployments"),
          "/clusters/c1/api/v1/namespaces/team-a/pods/" + name}) {
      const Answer answer = Get("odd", path);
      EXPECT_NE(answer.code, 200) << path << answer.body;
      EXPECT_THAT(answer.body, Not(HasSubstr("uid"))) << path;
    }
  }
  EXPECT_EQ(Get("x\" cannot", "/api/v1/pods").code, 403);
}

TEST_F(FineGrainedTest, WithoutRbacOnlyWhatIsNamedIsAskedAbout) {
  RbacIndex unknown;
  access_ = std::make_unique<FineGrainedAccess>(rbac_, unknown, options_);
  EXPECT_EQ(
      NamesIn(Get("team-a-in-c1", "/clusters/c1/api/v1/namespaces/team-a/pods").Json()).size(), 2u);
  EXPECT_EQ(NamesIn(Get("admin", "/api/v1/pods").Json()).size(), 18u);
  EXPECT_EQ(Get("admin", "/api/v1/pods").Header("Warning"), "");
  EXPECT_EQ(Get("mixed", "/api/v1/pods").code, 403);
  const Answer two = Get("mixed", "/api/v1/pods?namespaces=team-a,team-b");
  EXPECT_EQ(NamesIn(two.Json()).size(), 6u);
  EXPECT_THAT(two.Header("Warning"), HasSubstr("may show less"));
  const Answer named = Get("mixed", "/api/v1/pods?namespaces=team-a,team-b&clusters=c1,c3");
  EXPECT_EQ(NamesIn(named.Json()).size(), 8u);
  EXPECT_EQ(named.Header("Warning"), "");
  server_.reset();
}

TEST_F(FineGrainedTest, WarningsSpeakOnlyOfClustersInSight) {
  discovery::ClusterState sick = *registry_.Get()->Find("c2");
  sick.conditions = {{"ClusterHealthy", "False", "NotReachable", "", 1}};
  registry_.Update(std::move(sick));
  EXPECT_THAT(Get("admin", "/api/v1/pods").Header("Warning"), HasSubstr("c2"));
  EXPECT_EQ(Get("team-a-in-c1", "/api/v1/pods").Header("Warning"), "");
  EXPECT_EQ(Get("team-a-in-c1", "/api/v1/pods?clusters=c1,c2,c8").Header("Warning"), "");
}

TEST_F(FineGrainedTest, AnAuthorizerThatDoesNotAnswerGrantsNothing) {
  rbac_.Fail(true);
  for (const std::string& path :
       {std::string("/api/v1/pods"), std::string("/clusters/c1/api/v1/namespaces/team-a/pods/x"),
        kCollections + "any?groups="})
    EXPECT_EQ(Get("admin", path).code, 503) << path;
}

TEST_F(FineGrainedTest, WhatWasFoundOutCountsUntilRbacChanges) {
  options_.kept = std::chrono::hours(1);
  EXPECT_EQ(NamesIn(Get("mixed", "/api/v1/pods").Json()).size(), 12u);
  rbac_.ForgetQuestions();
  EXPECT_EQ(NamesIn(Get("mixed", "/api/v1/pods").Json()).size(), 12u);
  EXPECT_EQ(rbac_.questions(), 0);
  EXPECT_EQ(Get("nobody", "/api/v1/pods").code, 403);  // What others may counts for nobody.
  rbac_.Clear();
  rbac_.Add({"team-b", "mixed", "", {{{"@c2"}, {"pods"}}}});
  rbac_.Fill(&index_);
  EXPECT_EQ(NamesIn(Get("mixed", "/api/v1/pods").Json()).size(), 2u);
}

}  // namespace
}  // namespace pedia::apiserver
