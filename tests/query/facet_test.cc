#include "query/facet.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/testing/matchers.h"

namespace pedia::query {
namespace {

using enum OrderColumn;
using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

// "text:column" or "text=path", joined by blanks.
std::string Parsed(std::string_view text) {
  const Result<std::vector<Facet>> facets = ParseFacets("facets", text);
  if (!facets.ok()) return facets.status().message();
  std::string out;
  for (const Facet& facet : *facets) {
    out += (out.empty() ? "" : " ") + facet.text;
    EXPECT_EQ(facet.column == kField, !facet.field.steps.empty()) << facet.text;
    out += facet.column == kField ? "=" + facet.field.Text()
                                  : ":" + std::to_string(static_cast<int>(facet.column));
  }
  return out;
}

std::string Named(std::string_view text, OrderColumn column) {
  return std::string(text) + ":" + std::to_string(static_cast<int>(column));
}

TEST(ParseFacetsTest, ReadsColumnsAndFieldPaths) {
  EXPECT_EQ(Parsed(""), "");
  EXPECT_EQ(Parsed("cluster"), Named("cluster", kCluster));
  EXPECT_EQ(
      Parsed("namespace, name ,group"),
      Named("namespace", kNamespace) + " " + Named("name", kName) + " " + Named("group", kGroup));
  EXPECT_EQ(
      Parsed("version,resource,kind"),
      Named("version", kVersion) + " " + Named("resource", kResource) + " " + Named("kind", kKind));
  // The answer names a facet as the request did.
  EXPECT_EQ(Parsed("status.phase,metadata.labels['app']"),
            "status.phase=status.phase metadata.labels['app']=metadata.labels.app");
  EXPECT_EQ(Parsed("spec.containers[*].image"), "spec.containers[*].image=spec.containers[].image");
  EXPECT_EQ(Parsed("data['a,b']"), "data['a,b']=data['a,b']");
  // Fields that are columns to count by; others stay fields.
  EXPECT_EQ(Parsed("metadata.namespace"), Named("metadata.namespace", kNamespace));
  EXPECT_EQ(Parsed("metadata.uid"), "metadata.uid=metadata.uid");
}

TEST(ParseFacetsTest, CountsNothingTwice) {
  EXPECT_EQ(Parsed("cluster,cluster"), Named("cluster", kCluster));
  EXPECT_EQ(Parsed("a.b, a.b"), "a.b=a.b");
}

TEST(ParseFacetsTest, RefusesWhatIsNoColumnAndNoField) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"bogus", "unknown column \"bogus\""},
      {"cluster,", "unknown column \"\""},
      {"cluster desc", "unknown column \"cluster desc\""},
      {"uid", "objects are not counted by \"uid\""},
      {"created_at", "objects are not counted by \"created_at\""},
      {"resource_version", "not counted by \"resource_version\""},
      {"id", "not counted by \"id\""},
      {"a[b]", "list index invalid"},
      {"a.b desc", "\"a.b desc\""},
  };
  for (const auto& [text, why] : cases) {
    EXPECT_THAT(ParseFacets("facets", text),
                FailsWith(StatusReason::kBadRequest,
                          AllOf(StartsWith("facets: "), HasSubstr(std::string(why)))))
        << text;
  }
}

TEST(ParseFacetsTest, LimitsTheNumberOfFacets) {
  std::string text;
  for (int i = 0; i < 16; ++i) text += "a.b" + std::to_string(i) + ",";
  const auto facets = ParseFacets("facets", text + "a.b0");
  ASSERT_THAT(facets, IsOk());
  EXPECT_THAT(*facets, SizeIs(16));
  EXPECT_THAT(ParseFacets("facets", text + "cluster"),
              FailsWith(StatusReason::kBadRequest, "facets: more than 16 keys"));
}

}  // namespace
}  // namespace pedia::query
