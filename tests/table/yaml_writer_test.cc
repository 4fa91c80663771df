#include "apiserver/yaml_writer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

std::string Yaml(std::string_view json) {
  std::string out;
  AppendYaml(json, &out);
  return out;
}

std::string ReadTestdata(const std::string& name) {
  std::ifstream file(PEDIA_SOURCE_ROOT "/tests/testdata/yaml/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Answers recorded from Kubernetes, with the same values as JSON.
class YamlGoldenTest : public ::testing::TestWithParam<const char*> {};

TEST_P(YamlGoldenTest, WritesWhatKubernetesWrote) {
  const std::string name = GetParam();
  const std::string expected = ReadTestdata(name + ".yaml");
  ASSERT_FALSE(expected.empty());
  EXPECT_EQ(Yaml(ReadTestdata(name + ".json")), expected);
}

INSTANTIATE_TEST_SUITE_P(Recorded, YamlGoldenTest,
                         ::testing::Values("collections", "configmap", "deployments", "groups",
                                           "table"),
                         [](const auto& name) { return std::string(name.param); });

TEST(YamlWriterTest, WritesBlocksWithSortedKeysAndSequencesNotIndented) {
  EXPECT_EQ(
      Yaml(
          R"({"spec":{"list":[{"b":1,"a":[2,3]},"x"],"empty":{},"none":[]},"kind":"X","nothing":null})"),
      "kind: X\nnothing: null\nspec:\n  empty: {}\n  list:\n  - a:\n    - 2\n    - 3\n    b: 1\n  "
      "- x\n  none: []\n");
}

TEST(YamlWriterTest, WritesSequencesInSequencesOnOneLine) {
  EXPECT_EQ(Yaml(R"({"a":[[1,2],[],[{"b":1,"c":2}]]})"),
            "a:\n- - 1\n  - 2\n- []\n- - b: 1\n    c: 2\n");
}

TEST(YamlWriterTest, SortsRunsOfDigitsByValueAndLettersLast) {
  EXPECT_EQ(Yaml(R"({"k10":1,"k9":2,"kB":3,"ka":4,"k":5,".":6,"a-b":7,"ab":8,"a1":9})"),
            ".: 6\na-b: 7\na1: 9\nab: 8\nk: 5\nk9: 2\nk10: 1\nkB: 3\nka: 4\n");
}

TEST(YamlWriterTest, WritesScalarsOfADocumentOfTheirOwn) {
  EXPECT_EQ(Yaml("{}"), "{}\n");
  EXPECT_EQ(Yaml("[]"), "[]\n");
  EXPECT_EQ(Yaml("\"a\""), "a\n");
  EXPECT_EQ(Yaml("[1,\"b\"]"), "- 1\n- b\n");
}

TEST(YamlWriterTest, WritesNumbersAsGoDoes) {
  EXPECT_EQ(Yaml("[0,-5,9007199254740993,1.5,1e3,1e6,0.00001,1e-4]"),
            "- 0\n- -5\n- 9007199254740993\n- 1.5\n- 1000\n- 1e+06\n- 1e-05\n- 0.0001\n");
}

struct TextCase {
  const char* text;
  const char* yaml;
};

class YamlTextTest : public ::testing::TestWithParam<TextCase> {};

TEST_P(YamlTextTest, IsQuotedExactlyWhenItMustBe) {
  EXPECT_EQ(Yaml(JsonString(GetParam().text)), std::string(GetParam().yaml) + "\n");
}

const TextCase kPlain[] = {
    {"abc", "abc"},
    {"a b", "a b"},
    {"nginx:1.25", "nginx:1.25"},
    {"http://a/b?c=d#e", "http://a/b?c=d#e"},
    {"a,b", "a,b"},
    {"a{b}", "a{b}"},
    {"-x", "-x"},
    {":x", ":x"},
    {"?x", "?x"},
    {"10.0.0.1", "10.0.0.1"},
    {"10.244.0.0/16", "10.244.0.0/16"},
    {"1.2.3", "1.2.3"},
    {"100m", "100m"},
    {"64Mi", "64Mi"},
    {"0xyz", "0xyz"},
    {"1e", "1e"},
    {"+", "+"},
    {"-", "'-'"},
    {".", "."},
    {"..", ".."},
    {"10:99", "10:99"},
    {"2026-11", "2026-11"},
    {"nullable", "nullable"},
    {"é", "é"},
};
const TextCase kSingleQuoted[] = {
    {"a: b", "'a: b'"},   {"a:", "'a:'"},
    {"a #b", "'a #b'"},   {"#a", "'#a'"},
    {"- a", "'- a'"},     {"? a", "'? a'"},
    {"[a]", "'[a]'"},     {"{a}", "'{a}'"},
    {"*", "'*'"},         {"*/5 * * * *", "'*/5 * * * *'"},
    {"&a", "'&a'"},       {"!a", "'!a'"},
    {"|", "'|'"},         {">", "'>'"},
    {"%a", "'%a'"},       {"@a", "'@a'"},
    {"`a", "'`a'"},       {"'a'", "'''a'''"},
    {"\"a\"", "'\"a\"'"}, {" a", "' a'"},
    {"a ", "'a '"},       {"---", "'---'"},
    {",a", "',a'"},       {"...a", "'...a'"},
};
const TextCase kDoubleQuoted[] = {
    {"", "\"\""},
    {"true", "\"true\""},
    {"False", "\"False\""},
    {"yes", "\"yes\""},
    {"No", "\"No\""},
    {"on", "\"on\""},
    {"y", "\"y\""},
    {"null", "\"null\""},
    {"~", "\"~\""},
    {"<<", "\"<<\""},
    {"1", "\"1\""},
    {"-1", "\"-1\""},
    {"1_000", "\"1_000\""},
    {"1.5", "\"1.5\""},
    {".5", "\".5\""},
    {"1.", "\"1.\""},
    {"1e3", "\"1e3\""},
    {"-1.5E-3", "\"-1.5E-3\""},
    {"0x1F", "\"0x1F\""},
    {"0o17", "\"0o17\""},
    {"0b11", "\"0b11\""},
    {"010", "\"010\""},
    {".inf", "\".inf\""},
    {".NaN", "\".NaN\""},
    {"12:30", "\"12:30\""},
    {"2026-11-22", "\"2026-11-22\""},
    {"2026-11-22T07:56:20Z", "\"2026-11-22T07:56:20Z\""},
    {"2026-11-22T07:56:20.5+02:00", "\"2026-11-22T07:56:20.5+02:00\""},
    {"a\tb", "\"a\\tb\""},
    {"a\rb", "\"a\\rb\""},
    {"\x1B[0m", "\"\\e[0m\""},
    {"\x01", "\"\\x01\""},
    {"a\"\\\x7F", "\"a\\\"\\\\\\x7F\""},
    {"\xF0\x9F\x98\x80", "\"\\U0001F600\""},
    {"\xC2\x85", "\"\\N\""},
    {"a \nb", "\"a \\nb\""},
    {"a\nb ", "\"a\\nb \""},
};

INSTANTIATE_TEST_SUITE_P(Plain, YamlTextTest, ::testing::ValuesIn(kPlain));
INSTANTIATE_TEST_SUITE_P(SingleQuoted, YamlTextTest, ::testing::ValuesIn(kSingleQuoted));
INSTANTIATE_TEST_SUITE_P(DoubleQuoted, YamlTextTest, ::testing::ValuesIn(kDoubleQuoted));

TEST(YamlWriterTest, WritesLinesAsALiteralBlock) {
  EXPECT_EQ(Yaml(R"({"a":{"b":"x\ny\n"},"c":["x\n\n y"],"d":"  x\ny\n","e":"x\n\n"})"),
            "a:\n  b: |\n    x\n    y\nc:\n- |-\n  x\n\n   y\nd: |2\n    x\n  y\ne: |+\n  x\n\n");
}

TEST(YamlWriterTest, QuotesKeysToo) {
  EXPECT_EQ(Yaml(R"({"true":1,"a: b":2,"k:{\"type\":\"Ready\"}":3,"1":4,"a\nb":5})"),
            "\"1\": 4\n? |-\n  a\n  b\n: 5\n'a: b': 2\nk:{\"type\":\"Ready\"}: 3\n\"true\": 1\n");
}

TEST(YamlWriterTest, WritesLongKeysWithAQuestionMark) {
  const std::string key(129, 'k');
  EXPECT_EQ(Yaml("{\"" + key + "\":{\"a\":1,\"b\":2}}"), "? " + key + "\n: a: 1\n  b: 2\n");
}

TEST(YamlWriterTest, FoldsLongLinesAtASpace) {
  const std::string word(70, 'w');
  EXPECT_EQ(Yaml("{\"a\":\"" + word + " " + word + " tail\"}"),
            "a: " + word + " " + word + "\n  tail\n");
  EXPECT_EQ(Yaml("{\"a\":\"x: " + word + "      " + word + " " + word + "\"}"),
            "a: 'x: " + word + "      " + word + "\n  " + word + "'\n");
  EXPECT_EQ(Yaml("{\"a\":\"\\t" + word + " " + word + "  end\"}"),
            "a: \"\\t" + word + " " + word + "\n  \\ end\"\n");
}

TEST(YamlWriterTest, StreamsAListItemByItem) {
  std::string out = "apiVersion: v1\nitems:\n";
  AppendYamlListItem(R"({"kind":"Pod","apiVersion":"v1","spec":{"a":[1]}})", 0, &out);
  AppendYamlListItem(R"({"kind":"Pod"})", 0, &out);
  out += "kind: List\n";
  EXPECT_EQ(
      out,
      Yaml(
          R"({"apiVersion":"v1","items":[{"kind":"Pod","apiVersion":"v1","spec":{"a":[1]}},{"kind":"Pod"}],"kind":"List"})"));
  out.clear();
  AppendYamlListItem(R"({"a":{"b":"x\ny"}})", 2, &out);
  EXPECT_EQ(out, "  - a:\n      b: |-\n        x\n        y\n");
}

TEST(YamlWriterTest, OfEqualKeysTheLastCounts) { EXPECT_EQ(Yaml(R"({"a":1,"a":2})"), "a: 2\n"); }

}  // namespace
}  // namespace pedia::apiserver
