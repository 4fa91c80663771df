#include "query/order_by.h"

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

OrderBy Column(OrderColumn column, bool descending = false) { return {column, descending, {}}; }
OrderBy Field(std::string_view path, bool descending = false) {
  return {kField, descending, *ParseFieldPath("", path)};
}

struct Case {
  std::string_view text;
  std::vector<OrderBy> order;
};

TEST(ParseOrderByTest, ReadsColumnsFieldsAndDirections) {
  const Case cases[] = {
      {"", {}},
      {" ", {}},
      {"name", {Column(kName)}},
      {"namespace,name desc", {Column(kNamespace), Column(kName, true)}},
      {"name ASC,cluster DESC,uid Desc",
       {Column(kName), Column(kCluster, true), Column(kUid, true)}},
      {" name \t desc , cluster", {Column(kName, true), Column(kCluster)}},
      {"cluster,namespace,name,created_at,resource_version,uid,owner_uid,synced_at,deleted_at,"
       "group,"
       "version,resource,kind,id",
       {Column(kCluster), Column(kNamespace), Column(kName), Column(kCreatedAt),
        Column(kResourceVersion), Column(kUid), Column(kOwnerUid), Column(kSyncedAt),
        Column(kDeletedAt), Column(kGroup), Column(kVersion), Column(kResource), Column(kKind),
        Column(kId)}},
      // Field paths.
      {"status.startTime desc", {Field("status.startTime", true)}},
      {"spec.replicas asc,name", {Field("spec.replicas"), Column(kName)}},
      {".kind", {Field("kind")}},
      {"metadata.labels['app']", {Field("metadata.labels.app")}},
      {"metadata.labels[\"x.y/z\"] DESC", {Field("metadata.labels['x.y/z']", true)}},
      {"spec.containers[0].image", {Field("spec.containers[0].image")}},
      // Commas and blanks in quotes belong to the key.
      {"data['a, b desc'] desc,data[\"it's, x\"]",
       {Field("data['a, b desc']", true), Field("data[\"it's, x\"]")}},
      // Fields that are columns.
      {"metadata.name desc,.metadata.namespace,metadata['uid'],metadata.creationTimestamp,"
       "metadata.resourceVersion,metadata.deletionTimestamp desc",
       {Column(kName, true), Column(kNamespace), Column(kUid), Column(kCreatedAt),
        Column(kResourceVersion), Column(kDeletedAt, true)}},
      // Only the first mention orders.
      {"name,name desc,metadata.name,uid", {Column(kName), Column(kUid)}},
      {"a.b,a['b'] desc,a.c", {Field("a.b"), Field("a.c")}},
  };
  for (const Case& c : cases) {
    const Result<std::vector<OrderBy>> order = ParseOrderBy("orderby", c.text);
    ASSERT_THAT(order, IsOk()) << c.text;
    EXPECT_EQ(*order, c.order) << c.text;
  }
}

TEST(ParseOrderByTest, RefusesWhatIsNoColumnAndNoField) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"bogus", "unknown column \"bogus\""},
      {"name,", "unknown column \"\""},
      {",", "unknown column \"\""},
      {"Name", "unknown column \"Name\""},
      {"\"group\"", "unknown column \"\\\"group\\\"\""},
      {"'name'", "unknown column \"'name'\""},
      {"name_desc", "unknown column \"name_desc\""},
      {"1", "unknown column \"1\""},
      {"(select 1)", "\"(select 1)\""},
      {"name--", "\"name--\""},
      {"name;drop", "\"name;drop\""},
      {"object->'metadata'->>'name'", "unknown column \"object->'metadata'->>'name'\""},
      {"pg_sleep(0.05)::text", "\"pg_sleep(0.05)::text\""},
      {"name x", "found \"name x\""},
      {"name x desc", "found \"name x desc\""},
      {"name desc desc", "found \"name desc desc\""},
      {"desc", "unknown column \"desc\""},
      {"a.b=c", "\"a.b=c\""},
      {"a..b", "\"a..b\": empty field name"},
      {"a.b[", "not found ']'"},
      {"a['b, name", "\"a['b, name\": not found closing '"},
      {"a[b]", "a[<index>] list index invalid"},
      {"spec.containers[].image", "\"spec.containers[].image\" may have many values"},
      {"spec.containers[*]", "\"spec.containers[*]\" may have many values"},
  };
  for (const auto& [text, why] : cases) {
    EXPECT_THAT(ParseOrderBy("orderby", text),
                FailsWith(StatusReason::kBadRequest,
                          AllOf(StartsWith("orderby: "), HasSubstr(std::string(why)))))
        << text;
  }
}

TEST(ParseOrderByTest, LimitsTheNumberOfKeys) {
  std::string text;
  for (int i = 0; i < 16; ++i) text += "a.b" + std::to_string(i) + ",";
  const auto order = ParseOrderBy("orderby", text + "a.b0,a.b1");
  ASSERT_THAT(order, IsOk());
  EXPECT_THAT(*order, SizeIs(16));
  EXPECT_THAT(ParseOrderBy("orderby", text + "name"),
              FailsWith(StatusReason::kBadRequest, "orderby: more than 16 keys"));
}

TEST(ParseOrderByTest, KeepsTheAnswerToAHugeOrderShort) {
  for (const char* part : {"name,", "x", "'", "a.", " desc", "["}) {
    std::string text;
    while (text.size() < 1 << 18) text += part;
    const auto order = ParseOrderBy("orderby", text);
    ASSERT_FALSE(order.ok()) << part;
    EXPECT_THAT(order.status().message(), SizeIs(::testing::Lt(1500U))) << part;
  }
}

TEST(ParseOrderByLabelTest, CutsOnlyTheLastDesc) {
  const auto order = ParseOrderByLabel(
      "label", {"resource_version_desc", "status.startTime_desc", "name", "spec.x_desc_desc"});
  ASSERT_THAT(order, IsOk());
  EXPECT_EQ(*order, (std::vector{Column(kResourceVersion, true), Field("status.startTime", true),
                                 Column(kName), Field("spec.x_desc", true)}));
}

TEST(ParseOrderByLabelTest, RefusesAnUnknownColumn) {
  EXPECT_THAT(ParseOrderByLabel("label", {"bogus_desc"}),
              FailsWith(StatusReason::kBadRequest, StartsWith("label: unknown column \"bogus\"")));
  EXPECT_THAT(ParseOrderByLabel("label", {"_desc"}),
              FailsWith(StatusReason::kBadRequest, StartsWith("label: unknown column \"\"")));
}

}  // namespace
}  // namespace pedia::query
