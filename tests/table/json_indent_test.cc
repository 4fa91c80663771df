#include "apiserver/json_indent.h"

#include <gtest/gtest.h>

namespace pedia::apiserver {
namespace {

std::string Indent(std::string_view json) {
  std::string out;
  JsonIndenter().Append(json, &out);
  return out;
}

TEST(JsonIndenterTest, IndentsByTwoSpaces) {
  EXPECT_EQ(Indent(R"({"a":1,"b":[true,{"c":null}]})"),
            "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    {\n      \"c\": null\n    }\n  ]\n}");
}

TEST(JsonIndenterTest, KeepsEmptyContainersWhole) {
  EXPECT_EQ(Indent(R"({"a":{},"b":[ ]})"), "{\n  \"a\": {},\n  \"b\": []\n}");
  EXPECT_EQ(Indent("[]"), "[]");
}

TEST(JsonIndenterTest, LeavesStringsAlone) {
  EXPECT_EQ(Indent(R"(["{a: [1, 2]}","\"x\\",""])"),
            "[\n  \"{a: [1, 2]}\",\n  \"\\\"x\\\\\",\n  \"\"\n]");
}

TEST(JsonIndenterTest, ReplacesTheWhiteSpaceThatWasThere) {
  EXPECT_EQ(Indent("{ \"a\" :\n\t[1 ,2]\r\n}\n"), "{\n  \"a\": [\n    1,\n    2\n  ]\n}");
}

TEST(JsonIndenterTest, TakesADocumentCutAnywhere) {
  const std::string json = R"({"a":"x\"y\\","b":[{},[1,-2.5e3],"é"],"c":{"d":false}})";
  const std::string whole = Indent(json);
  for (size_t cut = 0; cut <= json.size(); ++cut) {
    JsonIndenter indenter;
    std::string out;
    indenter.Append(std::string_view(json).substr(0, cut), &out);
    indenter.Append(std::string_view(json).substr(cut), &out);
    EXPECT_EQ(out, whole) << cut;
  }
  JsonIndenter indenter;
  std::string out;
  for (const char c : json) indenter.Append(std::string_view(&c, 1), &out);
  EXPECT_EQ(out, whole);
}

}  // namespace
}  // namespace pedia::apiserver
