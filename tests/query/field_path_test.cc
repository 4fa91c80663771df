#include "query/field_path.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/testing/matchers.h"

namespace pedia::query {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

// The steps, a blank between: "spec <containers> * 0" has names bare, [] as *, [N] as N.
std::string Steps(std::string_view text) {
  const Result<FieldPath> path = ParseFieldPath("where", text);
  if (!path.ok()) return path.status().message();
  std::string out;
  for (const FieldStep& step : path->steps) {
    out += out.empty() ? "" : " ";
    if (step.kind == FieldStep::Kind::kMember) out += "<" + step.name + ">";
    if (step.kind == FieldStep::Kind::kAnyElement) out += "*";
    if (step.kind == FieldStep::Kind::kElement) out += std::to_string(step.index);
  }
  return out;
}

struct Case {
  std::string_view text;
  std::string_view steps;
  std::string_view one_spelling;
};

TEST(ParseFieldPathTest, ReadsEverySpellingAndHasOneOfItsOwn) {
  const Case cases[] = {
      {"spec", "<spec>", "spec"},
      {".spec", "<spec>", "spec"},
      {"status.phase", "<status> <phase>", "status.phase"},
      {".status.phase", "<status> <phase>", "status.phase"},
      {"a-b.c_d.E9", "<a-b> <c_d> <E9>", "a-b.c_d.E9"},
      // Quoted names.
      {"metadata.labels['app']", "<metadata> <labels> <app>", "metadata.labels.app"},
      {"metadata.labels[\"app\"]", "<metadata> <labels> <app>", "metadata.labels.app"},
      {"metadata.labels.'app'", "<metadata> <labels> <app>", "metadata.labels.app"},
      {"metadata.labels['app.kubernetes.io/name']", "<metadata> <labels> <app.kubernetes.io/name>",
       "metadata.labels['app.kubernetes.io/name']"},
      {"metadata.labels.\"x.y/z\"", "<metadata> <labels> <x.y/z>", "metadata.labels['x.y/z']"},
      {"'spec'.\"replicas\"", "<spec> <replicas>", "spec.replicas"},
      {"['a.b'].c", "<a.b> <c>", "['a.b'].c"},
      {"data['a, b=(c)']", "<data> <a, b=(c)>", "data['a, b=(c)']"},
      {"data[\"it's\"]", "<data> <it's>", "data[\"it's\"]"},
      {"data['\"']", "<data> <\">", "data['\"']"},
      {"data['[]']['*']['0']", "<data> <[]> <*> <0>", "data['[]']['*'].0"},
      {"data['-a']['_b']", "<data> <-a> <_b>", "data['-a']['_b']"},
      {"data['\xc3\xa9']", "<data> <\xc3\xa9>", "data['\xc3\xa9']"},
      // A slash needs no quotes, as in Clusterpedia.
      {"metadata.annotations.x/y", "<metadata> <annotations> <x/y>", "metadata.annotations['x/y']"},
      // Lists.
      {"spec.containers[].image", "<spec> <containers> * <image>", "spec.containers[].image"},
      {"spec.containers[*].image", "<spec> <containers> * <image>", "spec.containers[].image"},
      {"spec.containers[0].image", "<spec> <containers> 0 <image>", "spec.containers[0].image"},
      {"spec.containers[007]", "<spec> <containers> 7", "spec.containers[7]"},
      {"spec.containers[]", "<spec> <containers> *", "spec.containers[]"},
      {"a[][1]['b'][]", "<a> * 1 <b> *", "a[][1].b[]"},
      {"a[999999999]", "<a> 999999999", "a[999999999]"},
      // A name of digits is a member.
      {"a.0", "<a> <0>", "a.0"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Steps(c.text), c.steps) << c.text;
    const Result<FieldPath> path = ParseFieldPath("where", c.text);
    ASSERT_THAT(path, IsOk()) << c.text;
    EXPECT_EQ(path->Text(), c.one_spelling);
    const Result<FieldPath> again = ParseFieldPath("where", path->Text());
    ASSERT_THAT(again, IsOk()) << c.text;
    EXPECT_EQ(*again, *path) << c.text;
  }
}

TEST(ParseFieldPathTest, SaysWhereAndWhatIsWrongAndQuotesThePath) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "empty field name"},
      {".", "empty field name"},
      {"a.", "empty field name"},
      {"a..b", "empty field name"},
      {"..a", "empty field name"},
      {"a.[0]", "empty field name"},
      {"a['']", "empty field name"},
      {"''", "empty field name"},
      {"a[0]b", "expected '.' or '[' after a[0]"},
      {"a['b']c", "expected '.' or '[' after a.b"},
      {"'a'b", "expected '.' or '[' after a"},
      {"[].a", "empty [], not found list field"},
      {"[0]", "empty [], not found list field"},
      {"a[", "not found ']'"},
      {"a[0", "not found ']'"},
      {"a['b'", "not found ']'"},
      {"a['b'.c]", "not found ']'"},
      {"a['b]", "not found closing '"},
      {"a.\"b'", "not found closing \""},
      {"spec.a[b].c",
       "spec.a[<index>] list index invalid. if b is a field, please use ['b'] or .'b'"},
      {"a[-1]", "a[<index>] list index invalid. if -1 is a field, please use ['-1'] or .'-1'"},
      {"a[1000000000]", "a[<index>] list index invalid: it is too large"},
      {"a[\x01]", "list index invalid"},
      {"a['\n']", "a field name has no control characters"},
      {"a@",
       "where: \"a@\": Invalid value: \"a@\": name part must consist of alphanumeric characters"},
      {"a.-b", "a: Invalid value: \"-b\": name part must consist of"},
      {"a.b c", "a: Invalid value: \"b c\""},
      {"a.b'c", "a: Invalid value: \"b'c\""},
      {"object->'metadata'", "Invalid value: \"object->'metadata'\""},
  };
  for (const auto& [text, why] : cases) {
    const Result<FieldPath> path = ParseFieldPath("where", text);
    EXPECT_THAT(path, FailsWith(StatusReason::kBadRequest,
                                AllOf(StartsWith("where: \""), HasSubstr(std::string(why)))))
        << text;
  }
}

TEST(ParseFieldPathTest, QuotesThePathAsGoDoes) {
  EXPECT_THAT(
      ParseFieldPath("orderby", "a['\"\x01"),
      FailsWith(StatusReason::kBadRequest, "orderby: \"a['\\\"\\x01\": not found closing '"));
}

TEST(ParseFieldPathTest, LimitsLengthAndNumberOfSteps) {
  const std::string key(1019, 'k');
  EXPECT_THAT(ParseFieldPath("where", "['" + key + "']x"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("expected '.' or '['")));
  EXPECT_THAT(ParseFieldPath("where", "['" + key + "k']"), IsOk());
  EXPECT_THAT(ParseFieldPath("where", "['" + key + "kk']"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("no more than 1024 bytes")));
  std::string deep = "a";
  for (int i = 1; i < 32; ++i) deep += "[0]";
  const Result<FieldPath> path = ParseFieldPath("where", deep);
  ASSERT_THAT(path, IsOk());
  EXPECT_THAT(path->steps, SizeIs(32));
  EXPECT_THAT(ParseFieldPath("where", deep + "[0]"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("no more than 32 fields")));
}

TEST(ParseFieldPathTest, KeepsTheAnswerToAHugePathShort) {
  for (const char* part : {"a.", "[", "'", "[0]", "a"}) {
    std::string text;
    while (text.size() < 1 << 18) text += part;
    const Result<FieldPath> path = ParseFieldPath("where", text);
    ASSERT_FALSE(path.ok());
    EXPECT_THAT(path.status().message(), SizeIs(::testing::Lt(1000U))) << part;
  }
}

TEST(FieldPathTest, TextQuotesANameThatIsTooLongForAPlainOne) {
  const std::string name(64, 'n');
  const Result<FieldPath> path = ParseFieldPath("where", "a['" + name + "']");
  ASSERT_THAT(path, IsOk());
  EXPECT_EQ(path->Text(), "a['" + name + "']");
}

TEST(FieldPathTest, KnowsTheKeyOfALabel) {
  const std::pair<std::string_view, std::optional<std::string>> cases[] = {
      {"metadata.labels.app", "app"},
      {"metadata.labels['app']", "app"},
      {".metadata['labels'].'x.y/z'", "x.y/z"},
      {"metadata.labels", std::nullopt},
      {"metadata.labels.app.name", std::nullopt},
      {"metadata.labels[0]", std::nullopt},
      {"metadata.labels[]", std::nullopt},
      {"metadata.annotations.app", std::nullopt},
      {"spec.labels.app", std::nullopt},
      {"metadata.labels['app'][0]", std::nullopt},
  };
  for (const auto& [text, key] : cases) {
    const Result<FieldPath> path = ParseFieldPath("where", text);
    ASSERT_THAT(path, IsOk()) << text;
    EXPECT_EQ(path->LabelKey(), key) << text;
  }
}

TEST(FieldPathTest, KnowsWhetherItLeadsToManyValues) {
  for (const char* one : {"a", "a.b", "a[0].b", "a[1]", "a['[]']"})
    EXPECT_TRUE(ParseFieldPath("where", one)->HasOneValue()) << one;
  for (const char* many : {"a[]", "a[*].b", "a[0].b[]"})
    EXPECT_FALSE(ParseFieldPath("where", many)->HasOneValue()) << many;
}

}  // namespace
}  // namespace pedia::query
