#include "apiserver/collection_manifest.h"

#include <gmock/gmock.h>

#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;

std::string Manifest(const std::string& name, const std::string& types) {
  return "apiVersion: clusterpedia.io/v1beta1\nkind: CollectionResource\nmetadata: {name: " + name +
         "}\nresourceTypes: " + types + "\n";
}

TEST(ParseCollectionsTest, ReadsYamlDocuments) {
  const auto collections =
      ParseCollections(Manifest("network",
                                "[{group: '', resource: services}, {group: "
                                "networking.k8s.io, version: v1, resource: '*'}]") +
                       "---\n" + Manifest("all.of-it", "[{group: '*'}]"));
  ASSERT_THAT(collections, IsOk());
  ASSERT_EQ(collections->size(), 2u);
  EXPECT_EQ((*collections)[0].name, "network");
  EXPECT_THAT((*collections)[0].Patterns(),
              ::testing::ElementsAre(query::ResourcePattern{"", "", "services"},
                                     query::ResourcePattern{"networking.k8s.io", "v1", ""}));
  EXPECT_EQ((*collections)[1].name, "all.of-it");
  EXPECT_TRUE((*collections)[1].types[0].any_group);
}

TEST(ParseCollectionsTest, ReadsJsonAndLists) {
  const std::string one =
      R"({"apiVersion":"clusterpedia.io/v1beta1","kind":"CollectionResource","metadata":{"name":"NAME",
          "creationTimestamp":null},"resourceTypes":[{"group":"apps","version":"v1","kind":"Deployment",
          "resource":"deployments"}]})";
  const auto named = [&](const std::string& name) {
    std::string text = one;
    return text.replace(text.find("NAME"), 4, name);
  };
  const auto collections = ParseCollections(R"({"kind":"List","apiVersion":"v1","items":[)" +
                                            named("a") + "," + named("b") + "]}");
  ASSERT_THAT(collections, IsOk());
  EXPECT_EQ(collections->size(), 2u);
  EXPECT_THAT(ParseCollections(R"({"kind":"List","apiVersion":"v1","items":[)" + named("a") + "," +
                               named("a") + "]}"),
              FailsWith(StatusReason::kBadRequest,
                        "document 1: items[1].metadata.name: 'a' is defined already"));
}

TEST(ParseCollectionsTest, TakesAnEmptyFile) {
  const auto collections = ParseCollections("# nothing yet\n");
  ASSERT_THAT(collections, IsOk());
  EXPECT_TRUE(collections->empty());
}

struct Case {
  std::string text;
  std::string message;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.message; }

class BadCollectionTest : public ::testing::TestWithParam<Case> {};
TEST_P(BadCollectionTest, IsRefused) {
  EXPECT_THAT(ParseCollections(GetParam().text),
              FailsWith(StatusReason::kBadRequest, GetParam().message));
}
const std::string kGood = "[{group: apps}]";
INSTANTIATE_TEST_SUITE_P(
    All, BadCollectionTest,
    ::testing::Values(
        Case{"[1]", "document 1: must be an object"},
        Case{"kind: CollectionResource\napiVersion: v1",
             "document 1: apiVersion: 'v1', want 'clusterpedia.io/v1beta1'"},
        Case{"kind: PediaCluster\napiVersion: clusterpedia.io/v1beta1",
             "document 1: kind: 'PediaCluster', want 'CollectionResource'"},
        Case{"kind: [a]\napiVersion: clusterpedia.io/v1beta1",
             "document 1: kind: must be a string"},
        Case{"apiVersion: clusterpedia.io/v1beta1\nkind: CollectionResource",
             "document 1: metadata.name: must be given"},
        Case{Manifest("'A b'", kGood),
             "document 1: metadata.name: 'A b' is no name; want lower case letters, digits, '-' "
             "and '.'"},
        Case{Manifest("a-.b", kGood),
             "document 1: metadata.name: 'a-.b' is no name; want lower case letters, digits, '-' "
             "and '.'"},
        Case{Manifest("any", kGood), "document 1: metadata.name: 'any' is built in"},
        Case{Manifest("a", kGood) + "---\n" + Manifest("workloads", kGood),
             "document 2: metadata.name: 'workloads' is built in"},
        Case{Manifest("a", kGood) + "---\n" + Manifest("a", kGood),
             "document 2: metadata.name: 'a' is defined already"},
        Case{Manifest("a", "[]"),
             "document 1: resourceTypes: must be a list with at least one resource"},
        Case{Manifest("a", "apps"),
             "document 1: resourceTypes: must be a list with at least one resource"},
        Case{Manifest("a", "[apps]"), "document 1: resourceTypes[0]: must be an object"},
        Case{Manifest("a", "[{}]"),
             "document 1: resourceTypes[0]: must have a group or a resource"},
        Case{Manifest("a", "[{group: apps, resources: [a]}]"),
             "document 1: resourceTypes[0]: unknown field 'resources'; known are group, version, "
             "resource, kind"},
        Case{Manifest("a", "[{group: [apps]}]"),
             "document 1: resourceTypes[0].group: must be a string"},
        Case{Manifest("a", "[{group: apps/v1}]"),
             "document 1: resourceTypes[0].group: 'apps/v1' is no API group"},
        Case{Manifest("a", "[{group: apps, version: V1}]"),
             "document 1: resourceTypes[0].version: 'V1' is no API version"},
        Case{Manifest("a", "[{group: apps}, {group: apps, resource: Deployment}]"),
             "document 1: resourceTypes[1].resource: 'Deployment' is no resource; want its plural "
             "in lower case, as in 'deployments'"},
        Case{Manifest("a", "[{group: '*', resource: pods}]"),
             "document 1: resourceTypes[0].group: '*' stands for everything, without version and "
             "resource"}));

TEST(ParseCollectionsTest, NamesTheLineOfWhatIsNoYaml) {
  EXPECT_THAT(ParseCollections("a: [\n"), FailsWith(StatusReason::kBadRequest, ::testing::_));
}

}  // namespace
}  // namespace pedia::apiserver
