#include "query/owner_condition.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/query/list_request.h"
#include "tests/testing/matchers.h"

namespace pedia::query {
namespace {

using ::pedia::query::testing::Parse;
using ::pedia::query::testing::Show;
using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::StartsWith;

constexpr char kClusterMustBeSpecified[] =
    "If searching by owner uid or name, then the cluster must be specified";

ListScope InCluster() { return {{"", "v1", "pods"}, "c1", "", "", {}}; }
ListScope Workloads() { return {{}, "", "", "workloads", {{"apps", "", "deployments", false}}}; }

// "uid=u name=n gr=resource.group 2"; "none".
std::string Owner(std::string_view query, const ListScope& scope = InCluster()) {
  const Result<ListOptions> options = Parse(query, scope);
  if (!options.ok()) return options.status().message();
  if (!options->owner) return "none";
  const OwnerCondition& owner = *options->owner;
  std::string text;
  if (!owner.uid.empty()) text += "uid=" + owner.uid + " ";
  if (!owner.name.empty()) text += "name=" + owner.name + " ";
  if (!owner.resource.empty() || !owner.group.empty())
    text += "gr=" + owner.resource + "." + owner.group + " ";
  return text + std::to_string(owner.seniority);
}

TEST(OwnerTest, IsReadFromTheUrlOrLabels) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "none"},
      {"ownerUID=u-1", "uid=u-1 0"},
      {"ownerName=web", "name=web 0"},
      {"ownerName=web&ownerGR=deployments.apps&ownerSeniority=1", "name=web gr=deployments.apps 1"},
      {"ownerName=n&ownerGR=nodes", "name=n gr=nodes. 0"},
      {"ownerName=n&ownerGR=certificates.cert-manager.io",
       "name=n gr=certificates.cert-manager.io 0"},
      {"labelSelector=@owner-uid=u-1,@owner-seniority=2", "uid=u-1 2"},
      {"labelSelector=@owner-name=web,@owner-gr=deployments.apps",
       "name=web gr=deployments.apps 0"},
      {"labelSelector=@owner-name+in+(web)", "name=web 0"},
      // The URL wins, value by value.
      {"ownerName=api&labelSelector=@owner-name=web,@owner-gr=deployments.apps",
       "name=api gr=deployments.apps 0"},
      {"ownerUID=u&ownerSeniority=1&labelSelector=@owner-seniority=2", "uid=u 1"},
      {"ownerUID=u&ownerSeniority=0&labelSelector=@owner-seniority=2", "uid=u 2"},
      {"ownerUID=+&labelSelector=@owner-uid=u", "uid=u 0"},
      // The uid beats the name.
      {"ownerUID=u&ownerName=web&ownerGR=deployments.apps", "uid=u 0"},
      {"labelSelector=@owner-uid=u&ownerName=web", "uid=u 0"},
      // These alone ask for nothing.
      {"ownerGR=deployments.apps&ownerSeniority=3", "none"},
      {"labelSelector=@owner-gr=deployments.apps,@owner-seniority=1", "none"},
      {"ownerUID=&ownerName=", "none"},
      {"labelSelector=@owner-uid,!@owner-name", "none"},
      {"ownerUID=u&ownerSeniority=9223372036854775807", "uid=u 9223372036854775807"},
  };
  for (const auto& [query, owner] : cases) EXPECT_EQ(Owner(query), owner) << query;
}

TEST(OwnerTest, NeedsClustersToBeNamed) {
  for (const char* query :
       {"ownerName=api", "ownerUID=u", "labelSelector=@owner-uid=u",
        "labelSelector=@owner-name=a,@clusters!=c1", "ownerName=api&ownerSeniority=1&clusters="}) {
    EXPECT_THAT(Parse(query), FailsWith(StatusReason::kBadRequest, kClusterMustBeSpecified))
        << query;
    EXPECT_THAT(Parse(query, InCluster()), IsOk()) << query;
    EXPECT_THAT(Parse(query, Workloads()), IsOk()) << query;
  }
  for (const char* query : {"ownerName=api&clusters=c1", "ownerName=api&labelSelector=@clusters=c1",
                            "ownerName=api&clusters=c1,c2", "ownerName=api&clusters=*"}) {
    EXPECT_THAT(Parse(query), IsOk()) << query;
  }
  EXPECT_THAT(Parse("ownerGR=deployments.apps"), IsOk());
}

TEST(OwnerTest, IsSearchedInTheClustersNamed) {
  EXPECT_EQ(Show(Parse("ownerName=api&clusters=c1,c2")->clusters), "in c1 c2");
  EXPECT_EQ(Show(Parse("ownerName=api&clusters=*")->clusters), "all");
  EXPECT_EQ(Show(Parse("ownerName=api&clusters=c2", InCluster())->clusters), "all");
}

TEST(OwnerTest, RefusesABadValueNamingTheParameterAndQuotingTheValue) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"ownerSeniority=x", "ownerSeniority: \"x\" is not a 64-bit integer"},
      {"ownerSeniority=1.5", "ownerSeniority: \"1.5\""},
      {"ownerSeniority=-1", "ownerSeniority: \"-1\" is negative"},
      {"ownerSeniority=9223372036854775808", "ownerSeniority: \"9223372036854775808\""},
      {"labelSelector=@owner-seniority=x", "search.clusterpedia.io/owner-seniority: \"x\""},
      {"labelSelector=@owner-seniority=x&ownerSeniority=1",
       "search.clusterpedia.io/owner-seniority: \"x\""},
      {"labelSelector=@owner-uid!=u", "search.clusterpedia.io/owner-uid: the operator must be"},
      {"labelSelector=@owner-name+in+(a,b)",
       "search.clusterpedia.io/owner-name: expected one value, found \"a\" and \"b\""},
      {"ownerGR=.apps", "ownerGR: \".apps\" is not a resource and its group"},
      {"ownerGR=deployments.", "ownerGR: \"deployments.\""},
      {"ownerGR=deployments..apps", "ownerGR: \"deployments..apps\""},
      {"ownerGR=apps/deployments", "ownerGR: \"apps/deployments\""},
      {"ownerGR=Deployments.apps", "ownerGR: \"Deployments.apps\""},
      {"ownerName=a&ownerGR=a+b", "ownerGR: \"a b\""},
      {"labelSelector=@owner-gr=Deployments.apps", "search.clusterpedia.io/owner-gr: \"Dep"},
  };
  for (const auto& [query, start] : cases) {
    for (const ListScope& scope : {InCluster(), Workloads()}) {
      EXPECT_THAT(Parse(query, scope),
                  FailsWith(StatusReason::kBadRequest, StartsWith(std::string(start))))
          << query;
    }
  }
}

}  // namespace
}  // namespace pedia::query
