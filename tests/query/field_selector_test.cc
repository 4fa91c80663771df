#include "query/field_selector.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/testing/matchers.h"

namespace pedia::query {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string Operator(SelectorOperator op) {
  switch (op) {
    case SelectorOperator::kEquals:
      return "=";
    case SelectorOperator::kNotEquals:
      return "!=";
    case SelectorOperator::kIn:
      return " in ";
    case SelectorOperator::kNotIn:
      return " notin ";
    case SelectorOperator::kExists:
      return "?";
    case SelectorOperator::kDoesNotExist:
      return "!";
    case SelectorOperator::kGreaterThan:
      return ">";
    case SelectorOperator::kLessThan:
      return "<";
  }
  return "";
}

// Path, operator and values in <> of each requirement, joined by "; ".
std::string Parsed(std::string_view text) {
  const Result<FieldSelector> selector = ParseFieldSelector(text);
  if (!selector.ok()) return selector.status().message();
  std::string out;
  for (const FieldRequirement& requirement : *selector) {
    out += (out.empty() ? "" : "; ") + requirement.path.Text() + Operator(requirement.op);
    for (const std::string& value : requirement.values) out += "<" + value + ">";
  }
  return out;
}

TEST(ParseFieldSelectorTest, ReadsTheEnhancedGrammar) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {" \t", ""},
      // Every operator.
      {"status.phase=Running", "status.phase=<Running>"},
      {"status.phase==Running", "status.phase=<Running>"},
      {"status.phase!=Running", "status.phase!=<Running>"},
      {"status.phase in (Running,Failed,Running)", "status.phase in <Failed><Running>"},
      {"status.phase notin (Running)", "status.phase notin <Running>"},
      {"spec.paused", "spec.paused?"},
      {"!spec.paused", "spec.paused!"},
      {"spec.replicas>3", "spec.replicas><3>"},
      {"spec.replicas<3", "spec.replicas<<3>"},
      // Several, in source order; blanks around tokens.
      {"b=1,a,!c", "b=<1>; a?; c!"},
      {" b = 1 , ! c ", "b=<1>; c!"},
      {"a\tin(x,\ny)", "a in <x><y>"},
      // Keys.
      {".metadata.name=web", "metadata.name=<web>"},
      {"metadata.labels['app.kubernetes.io/name']=web",
       "metadata.labels['app.kubernetes.io/name']=<web>"},
      {"metadata.annotations[\"x.io/y\"]=1", "metadata.annotations['x.io/y']=<1>"},
      {"spec.containers[].image in (nginx,httpd)", "spec.containers[].image in <httpd><nginx>"},
      {"spec.containers[*].image=nginx", "spec.containers[].image=<nginx>"},
      {"!spec.containers[0]", "spec.containers[0]!"},
      {"spec.containers[]", "spec.containers[]?"},
      {"data['a,b = (c)!']=x,d", "data['a,b = (c)!']=<x>; d?"},
      {"!data['x y']", "data['x y']!"},
      // Words of the grammar as keys and values.
      {"in", "in?"},
      {"in in (in,notin)", "in in <in><notin>"},
      {"notin=in", "notin=<in>"},
      // Empty values.
      {"spec.nodeName=", "spec.nodeName=<>"},
      {"spec.nodeName!=,a", "spec.nodeName!=<>; a?"},
      {"a in ()", "a in <>"},
      {"a in (,b)", "a in <><b>"},
      // Values are not checked.
      {"spec.image=docker.io/library/nginx:1.2@sha256:abc",
       "spec.image=<docker.io/library/nginx:1.2@sha256:abc>"},
      {"a='b'", "a=<'b'>"},
      {"a=it's,b=1", "a=<it's>; b=<1>"},
      {"a=\xff", "a=<\xff>"},
  };
  for (const auto& [text, parsed] : cases) EXPECT_EQ(Parsed(text), parsed) << text;
}

TEST(ParseFieldSelectorTest, ReadsWhatKubernetesClientsSend) {
  EXPECT_EQ(Parsed("metadata.name=a,metadata.namespace!=b"),
            "metadata.name=<a>; metadata.namespace!=<b>");
  // Empty terms.
  EXPECT_EQ(Parsed(",metadata.name==a,,metadata.namespace!=b,"),
            "metadata.name=<a>; metadata.namespace!=<b>");
  EXPECT_EQ(Parsed(","), "");
  // Escapes.
  EXPECT_EQ(Parsed(R"(a=x\,y\=z\\,b!=c)"), R"(a=<x,y=z\>; b!=<c>)");
  EXPECT_EQ(Parsed(R"(a in (x\,y,\)))"), "a in <)><x,y>");
  EXPECT_EQ(Parsed(R"(a=Back-off\ pulling\ \(x\)\!\<\>,b)"), "a=<Back-off pulling (x)!<>>; b?");
  EXPECT_EQ(Parsed(R"(a=\,)"), "a=<,>");
  // A backslash before anything else is one, as in Clusterpedia.
  EXPECT_EQ(Parsed(R"(a=C:\dir,b=\)"), R"(a=<C:\dir>; b=<\>)");
}

TEST(ParseFieldSelectorTest, ComparesWithNumbersQuantitiesAndTimes) {
  for (const char* value : {"3", "-3", "1.5", "1e3", "500m", "2Gi", "2026-01-02T03:04:05Z",
                            "2026-01-02T03:04:05.5+02:00"}) {
    EXPECT_EQ(Parsed(std::string("a>") + value), "a><" + std::string(value) + ">");
    EXPECT_EQ(Parsed(std::string("a < ") + value), "a<<" + std::string(value) + ">");
  }
  for (const char* value : {"x", "", "3x", "1.2.3", "2026-01-02", "\\,"}) {
    EXPECT_THAT(ParseFieldSelector("metadata.name>" + std::string(value)),
                FailsWith(StatusReason::kBadRequest,
                          HasSubstr("for 'Gt', 'Lt' operators, the value must be an integer")))
        << value;
  }
  EXPECT_THAT(
      ParseFieldSelector("['metadata'].name>x"),
      FailsWith(StatusReason::kBadRequest,
                "unable to parse requirement: metadata.name.values[0]: Invalid value: \"x\": for "
                "'Gt', 'Lt' operators, the value must be an integer, another number, a quantity "
                "or an RFC 3339 time"));
}

TEST(ParseFieldSelectorTest, SaysWhatIsWrong) {
  const std::string requirement = "unable to parse requirement: ";
  const std::pair<std::string_view, std::string> cases[] = {
      {"=x", "found '=', expected: !, identifier, or 'end of string'"},
      {"a,=x", "found '=', expected: identifier after ','"},
      {"a,(x)", "found '(', expected: identifier after ','"},
      {"!", requirement + "found '', expected: identifier"},
      {"!!a", requirement + "found '!', expected: identifier"},
      {"a b", requirement + "found 'b', expected: in, notin, =, ==, !=, gt, lt"},
      {"a in web", requirement + "found 'web' expected: '('"},
      {"a in (web", requirement + "found '', expected: ',' or ')'"},
      {"a in (,,)", requirement + "found ')', expected: ',', or identifier"},
      {"a=b c", "found 'c', expected: ',' or 'end of string'"},
      {"a=b=c", "found '=', expected: ',' or 'end of string'"},
      {"a>=3", requirement + "found '=', expected: identifier"},
      {"!a=b", "found '=', expected: ',' or 'end of string'"},
      // Paths.
      {"a.b[c].d=1", requirement + "\"a.b[c].d\": a.b[<index>] list index invalid. if c is a "
                                   "field, please use ['c'] or .'c'"},
      {"[].a", requirement + "\"[].a\": empty [], not found list field"},
      {"a[0", requirement + "\"a[0\": not found ']'"},
      {"a['b=1", requirement + "\"a['b=1\": not found closing '"},
      {"a..b=1", requirement + "\"a..b\": empty field name"},
      {"x=1,a['b']c", requirement + "\"a['b']c\": expected '.' or '[' after a.b"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(ParseFieldSelector(text), FailsWith(StatusReason::kBadRequest, message)) << text;
  }
  EXPECT_THAT(ParseFieldSelector("a@b=1"),
              FailsWith(StatusReason::kBadRequest,
                        HasSubstr("Invalid value: \"a@b\": name part must consist of")));
}

TEST(ParseFieldSelectorTest, LimitsTheNumberOfRequirements) {
  std::string text;
  for (int i = 0; i < 64; ++i) text += "a" + std::to_string(i) + "=1,";
  const Result<FieldSelector> selector = ParseFieldSelector(text);
  ASSERT_THAT(selector, IsOk());
  EXPECT_THAT(*selector, SizeIs(64));
  EXPECT_THAT(ParseFieldSelector(text + "b"),
              FailsWith(StatusReason::kBadRequest, "fieldSelector: more than 64 requirements"));
}

TEST(ParseFieldSelectorTest, ReadsThousandsOfValuesInOneSet) {
  std::string text = "a in (";
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i) + ",";
  const Result<FieldSelector> selector = ParseFieldSelector(text + "x)");
  ASSERT_THAT(selector, IsOk());
  EXPECT_THAT((*selector)[0].values, SizeIs(20'001));
}

TEST(ParseFieldSelectorTest, KeepsTheAnswerToAHugeSelectorShort) {
  for (const char* part : {"a=1,", "(", "'", "a", "a[", "a=b c", "a\\", "!", "a in (", "a,'b"}) {
    std::string text;
    while (text.size() < 1 << 18) text += part;
    const Result<FieldSelector> selector = ParseFieldSelector(text);
    ASSERT_FALSE(selector.ok()) << part;
    EXPECT_THAT(selector.status().message(), SizeIs(::testing::Lt(4000U))) << part;
  }
}

}  // namespace
}  // namespace pedia::query
