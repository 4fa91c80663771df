#include "apiserver/json_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apiserver/field_tree.h"

namespace pedia::apiserver {
namespace {

constexpr std::string_view kObject = R"({
  "metadata":{"name":"w","labels":{"app.kubernetes.io/name":"x"}},
  "spec":{"size":3,"ratio":0.5,"on":true,"none":null,"a b":"blank","tags":["a","b","c"],"empty":[],
          "a.b":"dotted","a":{"b":"nested"},
          "rules":[{"host":"h0","ports":[80,81]},{"host":"h1","ports":[90]},{"ports":[]}],
          "matrix":[[],[1,2]]},
  "status":{"conditions":[{"type":"Synced","status":"False","n":1},
                          {"type":"Ready","status":"True","n":2,"tags":[1]},
                          {"type":"a)b","status":"?","n":3,"old":true},
                          {"type":"say \"hi\"","status":"!","n":4}]}})";

// What the path finds, without its blanks; "-" for nothing, "invalid" for what is no path.
std::string Find(std::string_view text, std::string_view object = kObject,
                 JsonPathBudget budget = 1'000'000) {
  const Result<JsonPath> path = JsonPath::Parse(text);
  if (!path.ok()) return "invalid";
  FieldTree tree;
  tree.Add(path->members());
  std::string_view value;
  tree.Scan(object, {&value, 1});
  const std::string_view found = path->FindFirst(value, &budget);
  return found.empty() ? "-" : std::string(found);
}

struct Case {
  const char* path;
  const char* found;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.path; }

class JsonPathTest : public ::testing::TestWithParam<Case> {};

TEST_P(JsonPathTest, Finds) { EXPECT_EQ(Find(GetParam().path), GetParam().found); }

INSTANTIATE_TEST_SUITE_P(
    Members, JsonPathTest,
    ::testing::Values(Case{".spec.size", "3"}, Case{".spec.none", "null"}, Case{".spec.more", "-"},
                      Case{".spec.none.more", "-"}, Case{".spec.size.more", "-"},
                      Case{"$.spec.size", "3"}, Case{"@.spec.size", "3"}, Case{" .spec.size ", "3"},
                      Case{".spec['size']", "3"}, Case{"['spec']['size']", "3"},
                      Case{".spec['a b']", "\"blank\""}, Case{".spec.a b", "invalid"},
                      Case{".spec['a.b']", "\"nested\""}, Case{R"(.spec['a\.b'])", "\"dotted\""},
                      Case{R"(.spec.a\.b)", "\"dotted\""},
                      Case{R"(.metadata.labels.app\.kubernetes\.io/name)", "\"x\""},
                      Case{R"(.metadata.labels['app\.kubernetes\.io/name'])", "\"x\""},
                      Case{".metadata.labels['app.kubernetes.io/name']", "-"}));

INSTANTIATE_TEST_SUITE_P(
    Arrays, JsonPathTest,
    ::testing::Values(Case{".spec.tags", R"(["a","b","c"])"}, Case{".spec.tags[0]", "\"a\""},
                      Case{".spec.tags[2]", "\"c\""}, Case{".spec.tags[3]", "-"},
                      Case{".spec.tags[-1]", "\"c\""}, Case{".spec.tags[-3]", "\"a\""},
                      Case{".spec.tags[-4]", "-"}, Case{".spec.tags[*]", "\"a\""},
                      Case{".spec.tags.*", "\"a\""}, Case{".spec.tags[1:]", "\"b\""},
                      Case{".spec.tags[1:3]", "\"b\""}, Case{".spec.tags[:2]", "\"a\""},
                      Case{".spec.tags[-2:]", "\"b\""}, Case{".spec.tags[::2]", "\"a\""},
                      Case{".spec.tags[1:4]", "-"}, Case{".spec.tags[2:1]", "-"},
                      Case{".spec.tags[1:1]", "-"}, Case{".spec.tags[::0]", "-"},
                      Case{".spec.tags[1,0]", "\"b\""}, Case{".spec.tags[1:2:3:4]", "invalid"},
                      Case{".spec.tags[x]", "invalid"}, Case{".spec.tags[99999999999]", "invalid"},
                      Case{".spec.empty[0]", "-"}, Case{".spec.empty[*]", "-"},
                      Case{".spec.size[0]", "-"}, Case{".spec.none[0]", "-"},
                      Case{".spec.more[0].more", "-"}, Case{".spec.rules[*].host", "\"h0\""},
                      Case{".spec.rules[1].ports[0]", "90"},
                      Case{".spec.rules[*].ports[1]", "-"},  // Out of bounds in the second rule.
                      Case{".spec.matrix[*][*]", "-"},       // An empty array ends it.
                      Case{".spec.matrix[1:][*]", "1"}));

INSTANTIATE_TEST_SUITE_P(
    UnionsAndDescendants, JsonPathTest,
    ::testing::Values(Case{".spec['size','ratio']", "3"}, Case{".spec['more', 'ratio']", "0.5"},
                      Case{".spec['more','others']", "-"}, Case{"..host", "\"h0\""},
                      Case{".status..status", "\"False\""}, Case{"..more", "-"},
                      Case{"....a", "invalid"}, Case{".spec.tags..", R"(["a","b","c"])"},
                      Case{".metadata.*", "\"w\""}));

INSTANTIATE_TEST_SUITE_P(
    Filters, JsonPathTest,
    ::testing::Values(Case{R"(.status.conditions[?(@.type=="Ready")].status)", "\"True\""},
                      Case{R"(.status.conditions[?(@.type == 'Ready')].status)", "\"True\""},
                      Case{R"(.status.conditions[?("Ready"==@.type)].status)", "\"True\""},
                      Case{R"(.status.conditions[?(@.type=="Ready")])",
                           R"({"type":"Ready","status":"True","n":2,"tags":[1]})"},
                      Case{R"(.status.conditions[?(@.type=="None")].status)", "-"},
                      Case{R"(.status.more[?(@.type=="Ready")].status)", "-"},
                      Case{R"(.status.conditions[?(@.type=="a)b")].status)", "\"?\""},
                      Case{R"(.status.conditions[?(@.type=="say \"hi\"")].status)", "\"!\""},
                      Case{".status.conditions[?(@.n==2)].type", "\"Ready\""},
                      Case{".status.conditions[?(@.n>1)].type", "\"Ready\""},
                      Case{".status.conditions[?(@.n>=1)].type", "\"Synced\""},
                      Case{".status.conditions[?(@.n<1)].type", "-"},
                      Case{".status.conditions[?(@.n<=1)].type", "\"Synced\""},
                      Case{".status.conditions[?(@.n!=1)].type", "\"Ready\""},
                      Case{".status.conditions[?(@.n==2.0)].type",
                           "-"},  // Integers are no fractions.
                      Case{".status.conditions[?(@.n==\"2\")].type", "-"},
                      Case{".status.conditions[?(@.old==true)].type", "\"a)b\""},
                      Case{".status.conditions[?(@.old>false)].type", "-"},
                      Case{".status.conditions[?(@.old)].type", "\"a)b\""},
                      Case{".status.conditions[?(@.tags[0])].type", "\"Ready\""},
                      Case{".spec.tags[?(@==\"b\")]", "\"b\""}, Case{".spec[?(@.a==1)]", "-"},
                      Case{".spec.none[?(@.a==1)]", "-"},
                      Case{".status.conditions[?(@.type=Ready)].status", "invalid"},
                      Case{".status.conditions[?(@.type==Ready)].status", "invalid"},
                      Case{".status.conditions[?(@.type==\"Ready\"].status", "invalid"},
                      Case{".status.conditions[?(@.type==\"Ready)].status", "invalid"},
                      Case{".status.conditions[?(==1)].status", "invalid"},
                      Case{".status.conditions[?(@.n==)].status", "invalid"}));

INSTANTIATE_TEST_SUITE_P(
    NoPaths, JsonPathTest,
    ::testing::Values(Case{"spec.size", "invalid"}, Case{"{.spec.size}", "invalid"},
                      Case{".spec.size}", "invalid"}, Case{".spec[", "invalid"},
                      Case{".spec]", "invalid"}, Case{"{range .items[*]}", "invalid"},
                      Case{"'x", "invalid"}, Case{"#", "invalid"}, Case{".spec.size\n", "invalid"},
                      Case{".spec.more", "-"}));

TEST(JsonPathLimitsTest, RefusesWhatIsTooLongOrTooDeep) {
  std::string steps;
  for (int i = 0; i < 64; ++i) steps += ".a";
  EXPECT_EQ(Find(steps), "-");
  EXPECT_EQ(Find(steps + ".a"), "invalid");
  EXPECT_EQ(Find("." + std::string(1023, 'a')), "-");
  EXPECT_EQ(Find("." + std::string(1024, 'a')), "invalid");
  EXPECT_EQ(Find(".spec[?([?([?([?([?(@)])])])])]"), "invalid");
}

TEST(JsonPathLimitsTest, FindsNothingOnceTheBudgetIsSpent) {
  const std::string_view condition = R"(.status.conditions[?(@.type=="Ready")].status)";
  JsonPathBudget enough = 1;
  while (Find(condition, kObject, enough) == "-") ++enough;
  EXPECT_GT(enough, 300u);
  EXPECT_LT(enough, 1500u);
  EXPECT_EQ(Find(condition, kObject, enough), "\"True\"");
  EXPECT_EQ(Find(".spec.size", kObject, 0), "3");  // The scan has found it already.
}

// Each step would find many times what the one before has found.
TEST(JsonPathLimitsTest, EndsSoonWhateverThePathIs) {
  std::string object;
  for (int i = 0; i < 100; ++i) object += "{\"a\":[1,2,3],\"b\":";
  object += "1" + std::string(100, '}');
  for (const std::string path :
       {"...*...*...*...*...*...*...*", "..['b','b','b']['b','b','b']['b','b','b'].*.*.*",
        "..a[*,*,*,*,*][?(@)]"}) {
    EXPECT_EQ(Find(path, object), "-") << path;
  }
}

TEST(JsonPathErrorTest, SaysWhichPathIsInvalid) {
  EXPECT_THAT(JsonPath::Parse("a\"b").status().message(), ::testing::HasSubstr(R"("a\"b")"));
}

}  // namespace
}  // namespace pedia::apiserver
