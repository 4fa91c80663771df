#include "synchro/label_selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/testing/matchers.h"

namespace pedia::synchro {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::HasSubstr;

std::string Canonical(std::string_view json) {
  const auto selector = ParseLabelSelector(json);
  EXPECT_THAT(selector, IsOk()) << json;
  return selector.ok() ? FormatLabelSelector(*selector) : "";
}

TEST(ParseLabelSelectorTest, GivesOneTextForEqualSelectors) {
  EXPECT_EQ(Canonical("{}"), "");
  EXPECT_EQ(Canonical(R"({"matchLabels":null,"matchExpressions":[]})"), "");
  EXPECT_EQ(Canonical(R"({"matchLabels":{"tier":"","app.io/name":"web"}})"),
            "app.io/name=web,tier=");
  const std::string text = "a in (x,y),b notin (z),c,!d";
  EXPECT_EQ(Canonical(R"({"matchExpressions":[{"key":"d","operator":"DoesNotExist"},
      {"key":"b","operator":"NotIn","values":["z"]},{"key":"c","operator":"Exists","values":[]},
      {"key":"a","operator":"In","values":["y","x","y"]}]})"),
            text);
  EXPECT_EQ(Canonical(R"({"matchLabels":{"a":"x"},"matchExpressions":[
      {"key":"a","operator":"In","values":["x"]}]})"),
            "a=x");
}

TEST(ParseLabelSelectorTest, NamesWhatIsWrong) {
  const auto expect = [](std::string_view json, const std::string& text) {
    EXPECT_THAT(ParseLabelSelector(json), FailsWith(StatusReason::kBadRequest, HasSubstr(text)))
        << json;
  };
  expect("[]", "must be an object");
  expect("{", "must be an object");
  expect(R"({"matchLabel":{}})", "unknown member 'matchLabel'");
  expect(R"({"matchLabels":[]})", "matchLabels must be a map");
  expect(R"({"matchLabels":{"a b":"x"}})", "'a b', which is no label key");
  expect(R"({"matchLabels":{"a/b/c":"x"}})", "'a/b/c', which is no label key");
  expect(R"({"matchLabels":{"a":"x,y"}})", "matchLabels['a'] is no label value");
  expect(R"({"matchLabels":{"a":1}})", "matchLabels['a'] is no label value");
  expect(R"({"matchExpressions":{}})", "matchExpressions must be a list");
  expect(R"({"matchExpressions":[1]})", "matchExpressions[0].key is missing");
  expect(R"({"matchExpressions":[{"key":"-a","operator":"Exists"}]})", "[0].key must be");
  expect(R"({"matchExpressions":[{"key":"a","operator":"Gt","values":["1"]}]})",
         "[0].operator must be In, NotIn, Exists or DoesNotExist");
  expect(R"({"matchExpressions":[{"key":"a","operator":"In"}]})", "[0].values must not be empty");
  expect(R"({"matchExpressions":[{"key":"a","operator":"In","values":"x"}]})",
         "[0].values must be a list");
  expect(R"({"matchExpressions":[{"key":"a","operator":"NotIn","values":["("]}]})", "[0].values");
  expect(R"({"matchExpressions":[{"key":"a","operator":"Exists","values":["x"]}]})",
         "[0].values must be empty");
}

struct MatchCase {
  std::string_view labels;
  LabelRequirement requirement;
  bool want;
};

TEST(MatchesLabelsTest, FollowsKubernetes) {
  const std::vector<MatchCase> cases = {
      {R"({"a":"x"})", {"a", LabelOperator::kIn, {"x", "y"}}, true},
      {R"({"a":"z"})", {"a", LabelOperator::kIn, {"x", "y"}}, false},
      {R"({})", {"a", LabelOperator::kIn, {"x"}}, false},
      {R"({"a":""})", {"a", LabelOperator::kIn, {""}}, true},
      {R"({"a":"x"})", {"a", LabelOperator::kNotIn, {"x"}}, false},
      {R"({"a":"z"})", {"a", LabelOperator::kNotIn, {"x"}}, true},
      {R"({})", {"a", LabelOperator::kNotIn, {"x"}}, true},
      {R"({"a":""})", {"a", LabelOperator::kExists, {}}, true},
      {R"({"b":"a"})", {"a", LabelOperator::kExists, {}}, false},
      {R"({"a":"x"})", {"a", LabelOperator::kDoesNotExist, {}}, false},
      {R"({})", {"a", LabelOperator::kDoesNotExist, {}}, true},
      {R"({"\u0061":"\u0078"})", {"a", LabelOperator::kIn, {"x"}}, true},
      {R"(null)", {"a", LabelOperator::kDoesNotExist, {}}, true},
  };
  for (const MatchCase& c : cases) {
    const std::string object =
        R"({"spec":{"metadata":{"labels":{"a":"no"}}},"metadata":{"name":"n","labels":)" +
        std::string(c.labels) + R"(,"uid":"u"},"labels":{"a":"no"}})";
    EXPECT_EQ(MatchesLabels({c.requirement}, object), c.want)
        << c.labels << " " << FormatLabelSelector({c.requirement});
  }
  EXPECT_FALSE(MatchesLabels({{"a", LabelOperator::kExists, {}}}, R"({"kind":"x"})"));
}

TEST(MatchesLabelsTest, IsAConjunction) {
  const LabelSelector selector = {{"a", LabelOperator::kExists, {}},
                                  {"b", LabelOperator::kIn, {"1"}}};
  EXPECT_TRUE(MatchesLabels(selector, R"({"metadata":{"labels":{"a":"","b":"1"}}})"));
  EXPECT_FALSE(MatchesLabels(selector, R"({"metadata":{"labels":{"b":"1"}}})"));
  EXPECT_FALSE(MatchesLabels(selector, R"({"metadata":{"labels":{"a":""}}})"));
}

}  // namespace
}  // namespace pedia::synchro
