#include "apiserver/field_tree.h"

#include <gtest/gtest.h>

namespace pedia::apiserver {
namespace {

using Path = std::vector<std::string>;

// The texts at `paths`, "-" where there is none.
std::vector<std::string> Scan(const std::vector<Path>& paths, std::string_view object) {
  FieldTree tree;
  std::vector<size_t> places;
  for (const Path& path : paths) places.push_back(tree.Add(path));
  std::vector<std::string_view> fields(tree.size(), "-");
  tree.Scan(object, fields);
  std::vector<std::string> texts;
  for (const size_t place : places) texts.emplace_back(fields[place]);
  return texts;
}

using Texts = std::vector<std::string>;

TEST(FieldTreeTest, FindsTheValuesAtAllPaths) {
  EXPECT_EQ(Scan({{"a", "b"}, {"c"}, {"a", "x"}, {"c"}}, R"({ "c" : [1, 2] , "a": {"b": "B"} })"),
            (Texts{"\"B\"", "[1, 2]", "-", "[1, 2]"}));
}

TEST(FieldTreeTest, FindsAnObjectAndWhatIsInIt) {
  EXPECT_EQ(Scan({{"a"}, {"a", "b"}, {}}, R"({"a":{"b":1}})"),
            (Texts{R"({"b":1})", "1", R"({"a":{"b":1}})"}));
  EXPECT_EQ(Scan({{"a"}, {"a", "b"}}, R"({"a":[{"b":1}]})"), (Texts{R"([{"b":1}])", "-"}));
}

TEST(FieldTreeTest, TellsNullFromNothing) {
  EXPECT_EQ(Scan({{"a"}, {"b"}}, R"({"a":null})"), (Texts{"null", "-"}));
}

TEST(FieldTreeTest, TakesTheLastOfEqualKeysAndDecodesThem) {
  EXPECT_EQ(Scan({{"a"}}, R"({"a":1,"\u0061":2})"), (Texts{"2"}));
}

TEST(FieldTreeTest, StaysInsideABrokenObject) {
  const std::string object = R"({"a":{"b":"text"},"c":"last"})";
  for (size_t size = 0; size + 1 < object.size(); ++size) {
    const std::string cut = object.substr(0, size);
    EXPECT_EQ(Scan({{"c"}}, cut), (Texts{"-"})) << cut;
  }
}

}  // namespace
}  // namespace pedia::apiserver
