#include "kube/yaml_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::HasSubstr;

struct YamlCase {
  const char* name;
  std::string yaml;
  std::string json;
};
class ParseYamlTest : public ::testing::TestWithParam<YamlCase> {};
TEST_P(ParseYamlTest, Reads) {
  const auto document = ParseYaml(GetParam().yaml);
  ASSERT_THAT(document, IsOk());
  EXPECT_EQ(FormatJson(**document), GetParam().json);
}
INSTANTIATE_TEST_SUITE_P(
    Table, ParseYamlTest,
    ::testing::Values(YamlCase{"Empty", "", "null"}, YamlCase{"Comment", "# nothing\n", "null"},
                      YamlCase{"Map", "a: 1\nb: true\nc: text\nd: \"7\"\ne: ~\nf: 0x10\n",
                               R"({"a":1,"b":true,"c":"text","d":"7","e":null,"f":"0x10"})"},
                      YamlCase{"List", "- a\n- [b, {c: d}]\n", R"(["a",["b",{"c":"d"}]])"},
                      YamlCase{"Block", "a: |\n  x\n  y\n", R"({"a":"x\ny\n"})"},
                      YamlCase{"Alias", "a: &x {b: c}\nd: *x\n",
                               R"({"a":{"b":"c"},"d":{"b":"c"}})"},
                      YamlCase{"FirstDocument", "a: 1\n---\nb: 2\n", R"({"a":1})"},
                      YamlCase{"Json", R"({"a":["b"]})", R"({"a":["b"]})"},
                      YamlCase{"OddKeys", "? [a]\n: b\nc: d\n", R"({"c":"d"})"}),
    [](const auto& row) { return row.param.name; });

std::string Repeat(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

std::string AliasBomb() {
  std::string yaml = "a0: &a0 " + std::string(1000, 'x') + "\n";
  for (int i = 1; i < 12; ++i) {
    yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) yaml += (j > 0 ? ", *a" : "*a") + std::to_string(i - 1);
    yaml += "]\n";
  }
  return yaml;
}

class ParseYamlRejectsTest : public ::testing::TestWithParam<YamlCase> {};
TEST_P(ParseYamlRejectsTest, WithTheReason) {
  EXPECT_THAT(ParseYaml(GetParam().yaml),
              FailsWith(StatusReason::kBadRequest, HasSubstr(GetParam().json)));
}
INSTANTIATE_TEST_SUITE_P(
    Table, ParseYamlRejectsTest,
    ::testing::Values(YamlCase{"Unclosed", "a: 1\nb: [1, 2\n", "line "},
                      YamlCase{"Tab", "a:\n\t- b\n", "line 2"},
                      YamlCase{"UnknownAlias", "a: *b\n", "line 1"},
                      YamlCase{"SelfAlias", "a: &a [*a]\n", "inside the node"},
                      YamlCase{"Deep", Repeat("[", 100), "nested too deeply"},
                      YamlCase{"VeryDeep", Repeat("[", 200'000), "nested too deeply"},
                      YamlCase{"DeepMaps", Repeat("{a: ", 5000), "nested too deeply"},
                      YamlCase{"DeepDashes", Repeat("- ", 100'000), "nested too deeply"},
                      YamlCase{"DeepKeys", Repeat("? ", 100'000), "nested too deeply"},
                      YamlCase{"Large", std::string(kMaxYamlBytes + 1, 'a'), "larger than 4 MB"},
                      YamlCase{"AliasBomb", AliasBomb(), "aliases expand to too much"},
                      YamlCase{"Nul", std::string("a: \0b", 5), "NUL"}),
    [](const auto& row) { return row.param.name; });

TEST(ParseYamlDocumentsTest, GivesEveryDocumentThatIsNotEmpty) {
  const auto documents = ParseYamlDocuments("---\na: 1\n---\n---\n# nothing\n---\n[x, \"y\"]\n");
  ASSERT_TRUE(documents.ok());
  ASSERT_EQ(documents->size(), 2u);
  EXPECT_EQ(FormatJson(*(*documents)[0]), "{\"a\":1}");
  EXPECT_EQ(FormatJson(*(*documents)[1]), "[\"x\",\"y\"]");
}

TEST(ParseYamlDocumentsTest, EndsAtATokenThatBeginsNoDocument) {
  for (const char* text : {",", ", a: b", "]", "}", "a: b\n---\n, c"}) {
    EXPECT_FALSE(ParseYamlDocuments(text).ok()) << text;
  }
}

}  // namespace
}  // namespace pedia::kube
