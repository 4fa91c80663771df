#include "query/label_selector.h"

#include <gmock/gmock.h>

#include <map>

#include "tests/testing/matchers.h"

namespace pedia::query {

// For comparisons and messages in these tests.
bool operator==(const LabelRequirement& a, const LabelRequirement& b) {
  return a.key == b.key && a.op == b.op && a.values == b.values;
}
void PrintTo(const LabelRequirement& requirement, std::ostream* out) {
  *out << requirement.key << " op" << static_cast<int>(requirement.op) << " "
       << ::testing::PrintToString(requirement.values);
}

namespace {

using enum SelectorOperator;
using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kNameRule[] =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr char kPrefixRule[] =
    "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
    "characters, '-' or '.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr char kValueRule[] =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with "
    "an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
    "validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

TEST(ParseLabelSelectorTest, ReadsTheGrammarOfKubernetes) {
  struct Case {
    std::string_view text;
    LabelSelector selector;
  };
  const Case cases[] = {
      {"", {}},
      {" \t\r\n", {}},
      // One requirement of each kind.
      {"app=web", {{"app", kEquals, {"web"}}}},
      {"app==web", {{"app", kEquals, {"web"}}}},
      {"app!=web", {{"app", kNotEquals, {"web"}}}},
      {"app in (web)", {{"app", kIn, {"web"}}}},
      {"app notin (web)", {{"app", kNotIn, {"web"}}}},
      {"app", {{"app", kExists, {}}}},
      {"!app", {{"app", kDoesNotExist, {}}}},
      {"weight>3", {{"weight", kGreaterThan, {"3"}}}},
      {"weight<3", {{"weight", kLessThan, {"3"}}}},
      // Several, in source order.
      {"b=1,a,!c", {{"b", kEquals, {"1"}}, {"a", kExists, {}}, {"c", kDoesNotExist, {}}}},
      {"app in (web,api),env!=prod,release=stable",
       {{"app", kIn, {"api", "web"}},
        {"env", kNotEquals, {"prod"}},
        {"release", kEquals, {"stable"}}}},
      // Blanks may stand between tokens, and need not.
      {" app = web , ! env ", {{"app", kEquals, {"web"}}, {"env", kDoesNotExist, {}}}},
      {"app\tin(web,\napi)", {{"app", kIn, {"api", "web"}}}},
      // Empty values.
      {"app=", {{"app", kEquals, {""}}}},
      {"app=,b", {{"app", kEquals, {""}}, {"b", kExists, {}}}},
      {"app!=", {{"app", kNotEquals, {""}}}},
      {"app in ()", {{"app", kIn, {""}}}},
      {"app in (,)", {{"app", kIn, {""}}}},
      {"app in (a,)", {{"app", kIn, {"", "a"}}}},
      {"app in (,a)", {{"app", kIn, {"", "a"}}}},
      {"x in (foo,,baz),y,z notin ()",
       {{"x", kIn, {"", "baz", "foo"}}, {"y", kExists, {}}, {"z", kNotIn, {""}}}},
      // Sets are sorted and have no value twice.
      {"a in (c,b,c,a)", {{"a", kIn, {"a", "b", "c"}}}},
      // Operators' names as keys and values.
      {"in", {{"in", kExists, {}}}},
      {"!notin", {{"notin", kDoesNotExist, {}}}},
      {"in in (in,notin)", {{"in", kIn, {"in", "notin"}}}},
      {"notin=in", {{"notin", kEquals, {"in"}}}},
      {"gt=lt", {{"gt", kEquals, {"lt"}}}},
      // Qualified keys.
      {"node-role.kubernetes.io/control-plane=",
       {{"node-role.kubernetes.io/control-plane", kEquals, {""}}}},
      {"0/a_b.C-9=1", {{"0/a_b.C-9", kEquals, {"1"}}}},
      {"a>007", {{"a", kGreaterThan, {"007"}}}},
  };
  for (const Case& c : cases) {
    const Result<LabelSelector> selector = ParseLabelSelector(c.text);
    ASSERT_THAT(selector, IsOk()) << c.text;
    EXPECT_EQ(*selector, c.selector) << c.text;
  }
}

TEST(ParseLabelSelectorTest, SaysWhatIsWrongInTheWordsOfKubeApiserver) {
  struct Case {
    std::string_view text;
    std::string message;
  };
  const std::string requirement = "unable to parse requirement: ";
  const Case cases[] = {
      // Where a requirement should begin.
      {"=a", "found '=', expected: !, identifier, or 'end of string'"},
      {",a", "found ',', expected: !, identifier, or 'end of string'"},
      {"(a)", "found '(', expected: !, identifier, or 'end of string'"},
      {"a,", "found '', expected: identifier after ','"},
      {"a,,b", "found ',', expected: identifier after ','"},
      {"a,=b", "found '=', expected: identifier after ','"},
      {"!", requirement + "found '', expected: identifier"},
      {"!!a", requirement + "found '!', expected: identifier"},
      // Operators.
      {"a b c", requirement + "found 'b', expected: in, notin, =, ==, !=, gt, lt"},
      {"a!b", requirement + "found '!', expected: in, notin, =, ==, !=, gt, lt"},
      {"a (b)", requirement + "found '(', expected: in, notin, =, ==, !=, gt, lt"},
      {"weight gt 3", requirement + "found 'gt', expected: in, notin, =, ==, !=, gt, lt"},
      {"a=b=c", "found '=', expected: ',' or 'end of string'"},
      {"a=b c", "found 'c', expected: ',' or 'end of string'"},
      {"!a=b", "found '=', expected: ',' or 'end of string'"},
      {"!a in (b)", "found 'in', expected: ',' or 'end of string'"},
      {"a===b", requirement + "found '=', expected: identifier"},
      {"a=!b", requirement + "found '!', expected: identifier"},
      {"a>=3", requirement + "found '=', expected: identifier"},
      // Sets.
      {"app in web", requirement + "found 'web' expected: '('"},
      {"app in", requirement + "found '' expected: '('"},
      {"app in (", requirement + "found '', expected: ',', ')' or identifier"},
      {"app in ((a)", requirement + "found '(', expected: ',', ')' or identifier"},
      {"app in (a", requirement + "found '', expected: ',' or ')'"},
      {"app in (a b)", requirement + "found 'b', expected: ',' or ')'"},
      {"app in (a,", requirement + "found '', expected: ',', or identifier"},
      {"app in (a,=)", requirement + "found '=', expected: ',', or identifier"},
      {"app in (,,)", requirement + "found ')', expected: ',', or identifier"},
      {"app in (a))", "found ')', expected: ',' or 'end of string'"},
      // Integers.
      {"a>x", requirement + "values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value "
                            "must be an integer"},
      {"a<", requirement + "values[0]: Invalid value: \"\": for 'Gt', 'Lt' operators, the value "
                           "must be an integer"},
      {"a<1.5", requirement + "values[0]: Invalid value: \"1.5\": for 'Gt', 'Lt' operators, the "
                              "value must be an integer"},
      {"a>-1", requirement + "values[0][a]: Invalid value: \"-1\": " + kValueRule},
      {"a>x@", requirement +
                   "[values[0]: Invalid value: \"x@\": for 'Gt', 'Lt' operators, the value must be "
                   "an integer, "
                   "values[0][a]: Invalid value: \"x@\": " +
                   kValueRule + "]"},
      // Values.
      {"app=we@b", requirement + "values[0][app]: Invalid value: \"we@b\": " + kValueRule},
      {"app=-a", requirement + "values[0][app]: Invalid value: \"-a\": " + kValueRule},
      {"app=\xff\"", requirement + "values[0][app]: Invalid value: \"\\xff\\\"\": " + kValueRule},
      {"app in (z@,ok,a@)", requirement + "[values[0][app]: Invalid value: \"a@\": " + kValueRule +
                                ", values[2][app]: Invalid value: \"z@\": " + kValueRule + "]"},
      // Keys.
      {"a@=b", requirement + "<nil>: Invalid value: \"a@\": " + kNameRule},
      {"!-a", requirement + "<nil>: Invalid value: \"-a\": " + kNameRule},
      {"/a", requirement + "<nil>: Invalid value: \"/a\": prefix part must be non-empty"},
      {"a/",
       requirement + "<nil>: Invalid value: \"a/\": name part must be non-empty; " + kNameRule},
      {"A.com/b", requirement + "<nil>: Invalid value: \"A.com/b\": " + kPrefixRule},
      {"a..b/c", requirement + "<nil>: Invalid value: \"a..b/c\": " + kPrefixRule},
      {"a-.b/c@", requirement + "<nil>: Invalid value: \"a-.b/c@\": " + std::string(kPrefixRule) +
                      "; " + kNameRule},
      {"a/b/c", requirement + "<nil>: Invalid value: \"a/b/c\": a qualified name " +
                    (kNameRule + sizeof("name part")) +
                    " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(ParseLabelSelector(c.text), FailsWith(StatusReason::kBadRequest, c.message))
        << c.text;
  }
}

TEST(ParseLabelSelectorTest, LimitsKeysAndValuesTo63Bytes) {
  const std::string longest(63, 'a');
  EXPECT_THAT(ParseLabelSelector(longest + "=" + longest), IsOk());
  EXPECT_THAT(ParseLabelSelector("example.com/" + longest), IsOk());
  EXPECT_THAT(ParseLabelSelector("a=" + longest + "a"),
              FailsWith(StatusReason::kBadRequest,
                        EndsWith(longest + "a\": must be no more than 63 bytes")));
  EXPECT_THAT(ParseLabelSelector(longest + "a"),
              FailsWith(StatusReason::kBadRequest,
                        EndsWith(longest + "a\": name part must be no more than 63 bytes")));
}

TEST(ParseLabelSelectorTest, LimitsThePrefixOfAKeyTo253Bytes) {
  EXPECT_THAT(ParseLabelSelector(std::string(253, 'a') + "/b"), IsOk());
  EXPECT_THAT(ParseLabelSelector(std::string(254, 'a') + "/b"),
              FailsWith(StatusReason::kBadRequest,
                        EndsWith("\": prefix part must be no more than 253 bytes")));
}

TEST(ParseLabelSelectorTest, DoesNotTakeANulForTheEnd) {
  EXPECT_THAT(ParseLabelSelector(std::string_view("a=b\0,c=d", 8)),
              FailsWith(StatusReason::kBadRequest, HasSubstr("\"b\\x00\"")));
}

TEST(ParseLabelSelectorTest, KeepsTheAnswerToThousandsOfBadValuesShort) {
  std::string text = "a in (";
  for (int i = 0; text.size() < 64 * 1024; ++i) text += "@" + std::to_string(i) + ",";
  const Result<LabelSelector> selector = ParseLabelSelector(text + ")");
  ASSERT_FALSE(selector.ok());
  EXPECT_THAT(selector.status().message(), SizeIs(::testing::Lt(8'000U)));
}

TEST(ParseLabelSelectorTest, ReadsALongSelector) {
  std::string text = "a in (";
  for (int i = 0; i < 10'000; ++i) text += std::to_string(i) + ",";
  const Result<LabelSelector> selector = ParseLabelSelector(text + "x)");
  ASSERT_THAT(selector, IsOk());
  EXPECT_THAT((*selector)[0].values, SizeIs(10'001));
}

TEST(ParseLabelSelectorAsWrittenTest, KeepsOrderAndRepetitionOfValues) {
  const Result<LabelSelector> selector = ParseLabelSelectorAsWritten("a in (c,b,,c)");
  ASSERT_THAT(selector, IsOk());
  EXPECT_THAT((*selector)[0].values, ElementsAre("c", "b", "", "c"));
}

TEST(MatchesTest, FollowsKubernetes) {
  const std::map<std::string, std::string, std::less<>> labels = {
      {"app", "web"},
      {"empty", ""},
      {"weight", "10"},
      {"negative", "-5"},
      {"huge", "9223372036854775808"},
      {"text", "10a"},
  };
  const auto find = [&](std::string_view key) -> std::optional<std::string> {
    const auto label = labels.find(key);
    return label == labels.end() ? std::nullopt : std::optional(label->second);
  };
  struct Case {
    std::string_view text;
    bool matches;
  };
  const Case cases[] = {
      {"", true},
      {"app=web", true},
      {"app=api", false},
      {"none=web", false},
      {"app!=web", false},
      {"app!=api", true},
      {"none!=web", true},
      {"app in (api,web)", true},
      {"app in (api)", false},
      {"none in (web)", false},
      {"app notin (api,web)", false},
      {"app notin (api)", true},
      {"none notin (web)", true},
      {"app", true},
      {"none", false},
      {"!app", false},
      {"!none", true},
      // The empty value is a value.
      {"empty=", true},
      {"empty", true},
      {"empty in ()", true},
      {"none=", false},
      {"none!=", true},
      {"app=", false},
      // Integers compare as numbers; what is none matches neither way.
      {"weight>9", true},
      {"weight>10", false},
      {"weight<11", true},
      {"weight<10", false},
      {"weight>009", true},
      {"negative<1", true},
      {"text>1", false},
      {"text<100", false},
      {"huge>1", false},
      {"none>1", false},
      {"none<1", false},
      {"empty<1", false},
      // All must match.
      {"app=web,weight>9,!none", true},
      {"app=web,weight>10", false},
      {"app=web,app=api", false},
  };
  for (const Case& c : cases) {
    const Result<LabelSelector> selector = ParseLabelSelector(c.text);
    ASSERT_THAT(selector, IsOk()) << c.text;
    EXPECT_EQ(Matches(*selector, find), c.matches) << c.text;
  }
}

}  // namespace
}  // namespace pedia::query
