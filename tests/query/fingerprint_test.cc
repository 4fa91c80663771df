#include <gmock/gmock.h>

#include <map>
#include <string>
#include <utility>

#include "query/list_options.h"
#include "tests/query/list_request.h"
#include "tests/testing/matchers.h"

namespace pedia::query {
namespace {

using ::pedia::query::testing::Parse;
using ::pedia::testing::IsOk;
using ::testing::SizeIs;

TEST(FingerprintTest, IsEqualForRequestsThatDifferOnlyInThePage) {
  const ListScope scope{{"", "v1", "pods"}, "", "", "", {}};
  const auto fingerprint = [&](std::string_view query) {
    return Fingerprint(scope, *Parse(query, scope));
  };
  const std::string base = fingerprint("labelSelector=app=web,env=prod&names=a,b");
  EXPECT_THAT(base, SizeIs(16));
  EXPECT_EQ(fingerprint("labelSelector=app=web,env=prod&names=a,b&limit=5&continue=3&withContinue="
                        "true&withRemainingCount=1&facets=cluster&injectEvents=1"),
            base);
  EXPECT_EQ(fingerprint("labelSelector=env=prod,app=web&names=b,a&onlyMetadata=1"), base);
}

TEST(FingerprintTest, IsEqualWhateverMayBeSeen) {
  const ListScope scope{{"", "v1", "pods"}, "", "", "", {}};
  ListOptions options = *Parse("names=a,b", scope);
  const std::string base = Fingerprint(scope, options);
  options.access = ResourceAccess{{{{"", "pods"}, {true, {"c1"}, {}, {}}}}};
  EXPECT_EQ(Fingerprint(scope, options), base);
}

TEST(FingerprintTest, IsEqualForOtherSpellingsOfTheSameConditions) {
  const auto fingerprint = [](std::string_view query) {
    return Fingerprint(testing::Deployments(), *Parse(query));
  };
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"fieldSelector=a.b=1,c", "fieldSelector=c,.a[%27b%27]==1"},
      {"fieldSelector=a[]=1", "fieldSelector=a[*]=1"},
      {"fieldSelector=metadata.name=a", "names=a"},
      {"orderby=a.b", "orderby=a[%27b%27]+asc"},
      {"orderby=name", "orderby=metadata.name"},
      {"clusters=*", ""},
      {"ownerName=a&clusters=c", "labelSelector=@owner-name=a,@clusters=c"},
      {"labelSelector=@nosuch=1", ""},
      {"ownerUID=a&ownerName=b&ownerGR=c&clusters=c", "ownerUID=a&clusters=c"},
  };
  for (const auto& [a, b] : cases) EXPECT_EQ(fingerprint(a), fingerprint(b)) << a;

  ListScope scope{{}, "", "", "any", {{"a", "", "", false}, {"b", "", "", false}}};
  const std::string two = Fingerprint(scope, {});
  std::swap(scope.patterns[0], scope.patterns[1]);
  EXPECT_EQ(Fingerprint(scope, {}), two);
}

TEST(FingerprintTest, DependsOnScopeConditionsAndOrder) {
  const ListScope scopes[] = {
      {{"", "v1", "pods"}, "", "", "", {}},
      {{"", "v1", "pods"}, "c", "", "", {}},
      {{"", "v1", "pods"}, "", "c", "", {}},
      {{"", "v2", "pods"}, "", "", "", {}},
      {{"v1", "", "pods"}, "", "", "", {}},
      {{"", "v1", "podsc"}, "", "", "", {}},
      {{}, "", "", "any", {}},
      {{}, "", "", "workloads", {}},
      {{}, "", "", "any", {{"", "", "", true}}},
      {{}, "", "", "any", {{"", "", "", false}}},
      {{}, "", "", "any", {{"apps", "", "", false}}},
      {{}, "", "", "any", {{"apps", "v1", "", false}}},
      {{}, "", "", "any", {{"apps", "", "v1", false}}},
      {{}, "", "", "any", {{"apps", "", "", false}, {"batch", "", "", false}}},
  };
  const std::string_view queries[] = {
      "",
      "names=a",
      "names=a,b",
      "names=ab",
      "namespaces=a",
      "clusters=a",
      "labelSelector=@names!=a",
      "labelSelector=@names=a,@names=b",
      "labelSelector=a",
      "labelSelector=!a",
      "labelSelector=a=b",
      "labelSelector=a!=b",
      "labelSelector=a+in+(b)",
      "labelSelector=a+in+(b,c)",
      "labelSelector=a,b",
      "orderby=name",
      "orderby=name+desc",
      "orderby=uid",
      "orderby=name,uid",
      "orderby=uid,name",
      "since=1577836800",
      "before=1577836800",
      "since=1577836801",
      "orderby=a.b",
      "orderby=a.b+desc",
      "orderby=a.c",
      "orderby=a.b,a.c",
      "fieldSelector=a",
      "fieldSelector=!a",
      "fieldSelector=a=b",
      "fieldSelector=a!=b",
      "fieldSelector=a+in+(b)",
      "fieldSelector=a+in+(b,c)",
      "fieldSelector=a>1",
      "fieldSelector=a<1",
      "fieldSelector=a[]=b",
      "fieldSelector=a[0]=b",
      "fieldSelector=a,b",
      "labelSelector=internalstorage.clusterpedia.io/fuzzy-name=a",
      "labelSelector=internalstorage.clusterpedia.io/fuzzy-name!=a",
      "labelSelector=internalstorage.clusterpedia.io/fuzzy-name+in+(a,b)",
      "ownerUID=a&clusters=c",
      "ownerUID=a&clusters=*",
      "ownerName=a&clusters=c",
      "ownerName=a&ownerGR=a&clusters=c",
      "ownerName=a&ownerGR=a.b&clusters=c",
      "ownerName=a&ownerSeniority=1&clusters=c",
  };
  std::map<std::string, std::string> seen;
  const auto check = [&](const ListScope& scope, std::string_view query) {
    const Result<ListOptions> options = Parse(query, scope);
    ASSERT_THAT(options, IsOk()) << query;
    const std::string what = scope.cluster + "|" + scope.name_space + "|" + scope.gvr.ToString() +
                             "|" + scope.collection + std::to_string(scope.patterns.size()) + "|" +
                             std::string(query);
    const auto [other, inserted] = seen.emplace(Fingerprint(scope, *options), what);
    EXPECT_TRUE(inserted) << what << " and " << other->second;
  };
  for (const ListScope& scope : scopes) check(scope, "labelSelector=x");
  for (const std::string_view query : queries) check(scopes[0], query);
}

}  // namespace
}  // namespace pedia::query
