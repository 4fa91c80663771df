#include "meta/json_reader.h"

#include <gmock/gmock.h>

#include <random>
#include <string>
#include <vector>

#include "meta/json_bytes.h"

namespace pedia {
namespace {

using ::testing::ElementsAre;

TEST(JsonReaderTest, ReadsMembersInOrderAndSkipsTheRest) {
  JsonReader reader(R"( {"a" : 1, "b":{"x":[1,2,{"y":"}"}]},"c":"text" } )");
  ASSERT_TRUE(reader.BeginObject());
  std::vector<std::string> keys;
  std::optional<int64_t> a;
  std::string c;
  for (std::string_view key; reader.NextMember(&key);) {
    keys.emplace_back(key);
    if (key == "a") {
      a = reader.ReadInt();
    } else if (key == "c") {
      c = reader.ReadString();
    } else {
      EXPECT_EQ(reader.Skip(), R"({"x":[1,2,{"y":"}"}]})");
    }
  }
  EXPECT_TRUE(reader.ok());
  EXPECT_THAT(keys, ElementsAre("a", "b", "c"));
  EXPECT_EQ(a, 1);
  EXPECT_EQ(c, "text");
}

TEST(JsonReaderTest, LeavesANestedContainerHalfWay) {
  JsonReader reader(R"({"list":[{"name":"first","other":[1]},{"name":"second"}],"after":true})");
  ASSERT_TRUE(reader.BeginObject());
  std::string_view key;
  ASSERT_TRUE(reader.NextMember(&key));
  ASSERT_TRUE(reader.BeginArray());
  ASSERT_TRUE(reader.NextElement());
  ASSERT_TRUE(reader.BeginObject());
  ASSERT_TRUE(reader.NextMember(&key));
  EXPECT_EQ(reader.ReadString(), "first");
  reader.SkipRest();  // The element.
  reader.SkipRest();  // The array.
  ASSERT_TRUE(reader.NextMember(&key));
  EXPECT_EQ(key, "after");
  EXPECT_EQ(reader.ReadBool(), true);
  EXPECT_FALSE(reader.NextMember(&key));
  EXPECT_TRUE(reader.ok());
}

TEST(JsonReaderTest, AValueOfAnotherTypeIsSkipped) {
  JsonReader reader(R"([{"a":1},"x",1.5,"y"])");
  ASSERT_TRUE(reader.BeginArray());
  ASSERT_TRUE(reader.NextElement());
  EXPECT_FALSE(reader.BeginArray());
  ASSERT_TRUE(reader.NextElement());
  EXPECT_EQ(reader.ReadInt(), std::nullopt);
  ASSERT_TRUE(reader.NextElement());
  EXPECT_EQ(reader.ReadInt(), std::nullopt);
  ASSERT_TRUE(reader.NextElement());
  EXPECT_EQ(reader.ReadRawString(), "y");
  EXPECT_FALSE(reader.NextElement());
  EXPECT_TRUE(reader.ok());
}

TEST(JsonReaderTest, MalformedTextEndsEveryLoop) {
  for (const char* text : {"", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1 \"b\":2}", "{a:1}",
                           "{\"a\":\"\\", "{\"a\":[1,", "]"}) {
    JsonReader reader(text);
    if (reader.BeginObject()) {
      for (std::string_view key; reader.NextMember(&key);) reader.Skip();
    }
    EXPECT_FALSE(reader.ok()) << text;
  }
}

// Where the value at the front of `text` ends, by the plainest way there is; npos if it does not.
size_t EndOfContainer(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  bool escaped = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && !escaped) in_string = !in_string;
    escaped = c == '\\' && !escaped;
    if (in_string) continue;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return i + 1;
  }
  return std::string_view::npos;
}

// Bytes that matter come often, and runs of one of them cross every boundary between blocks.
std::string RandomBytes(std::mt19937* random, size_t length) {
  static constexpr std::string_view kBytes = "\\\\\\\"\"\"{}[]{}, :a1\n\xC3\xFB\xFD\x5B\x5D\x02";
  std::string text;
  while (text.size() < length) {
    const char c = kBytes[(*random)() % kBytes.size()];
    text.append((*random)() % 3 == 0 ? (*random)() % 9 : 1, c);
    if ((*random)() % 8 == 0) text.append((*random)() % 90, 'x');
  }
  text.resize(length);
  return text;
}

TEST(JsonReaderTest, SkipsContainersByTheirBracketsWhateverIsInThem) {
  std::mt19937 random(3);
  int skipped = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string text = "[" + RandomBytes(&random, random() % 300);
    const size_t end = EndOfContainer(text);
    const char* behind =
        json_bytes::SkipBracketsPortably(text.data() + 1, text.data() + text.size(), 1);
    ASSERT_EQ(behind, end == std::string::npos ? nullptr : text.data() + end) << text;
    JsonReader reader(text);
    const std::string_view value = reader.Skip();
    ASSERT_EQ(reader.ok(), end != std::string::npos) << text;
    if (!reader.ok()) continue;
    ASSERT_EQ(value.size(), end) << text;
    skipped += value.size() > 64;
  }
  EXPECT_GT(skipped, 1'000);
}

TEST(JsonReaderTest, SkipsDeepContainersOfEveryLength) {
  for (size_t depth = 1; depth < 300; ++depth) {
    const std::string nested = std::string(depth, '[') + "\"]\"" + std::string(depth, ']');
    const std::string document = "{\"a\":" + nested + ",\"b\":1}";
    JsonReader reader(document);
    ASSERT_TRUE(reader.BeginObject());
    std::string_view key;
    ASSERT_TRUE(reader.NextMember(&key));
    EXPECT_EQ(reader.Skip(), nested);
    ASSERT_TRUE(reader.NextMember(&key));
    EXPECT_EQ(reader.ReadInt(), 1);
  }
}

TEST(JsonReaderTest, TellsOfEscapesInTheLastString) {
  JsonReader reader(R"({"a\n":"b","c":"\"d\"","e":{"f":"\n"}})");
  ASSERT_TRUE(reader.BeginObject());
  std::string_view key;
  ASSERT_TRUE(reader.NextMember(&key));
  EXPECT_TRUE(reader.had_escapes());
  EXPECT_EQ(reader.ReadRawString(), "b");
  EXPECT_FALSE(reader.had_escapes());
  ASSERT_TRUE(reader.NextMember(&key));
  EXPECT_FALSE(reader.had_escapes());
  EXPECT_EQ(reader.ReadRawString(), R"(\"d\")");
  EXPECT_TRUE(reader.had_escapes());
}

TEST(JsonReaderTest, RefusesToEnterTooDeep) {
  const std::string deep(600, '[');
  JsonReader reader(deep);
  int entered = 0;
  while (reader.BeginArray() && reader.NextElement()) ++entered;
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(entered, 512);
}

TEST(JsonReaderTest, ScalarTextIsWhatSelectorsCompare) {
  JsonReader reader(R"([3,"a\nb",true,null,{"x":1}])");
  ASSERT_TRUE(reader.BeginArray());
  std::vector<std::optional<std::string>> texts;
  while (reader.NextElement()) texts.push_back(reader.ReadScalarText());
  EXPECT_THAT(texts, ElementsAre("3", "a\nb", "true", std::nullopt, std::nullopt));
}

TEST(IsValidJsonTest, AcceptsWhatRfc8259Allows) {
  for (const char* text : {"{}", "[]", " [1, 2.5e-3 ,-0, \"\\u00e4\\n\xC3\xA4\"] ", "null", "\"\"",
                           "0", "{\"a\":{\"b\":[{}]}}"}) {
    EXPECT_TRUE(IsValidJson(text)) << text;
  }
  EXPECT_TRUE(IsValidJson(std::string(512, '[') + std::string(512, ']')));
}

TEST(IsValidJsonTest, RejectsEverythingElse) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "{\"a\":1,}",
                           "{\"a\"}",
                           "{1:2}",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "1e",
                           "tru",
                           "nullx",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"\n\"",
                           "\"\xC3\"",
                           "\"\xC0\x80\"",
                           "\"\xED\xA0\x80\"",
                           "\"\xF5\x80\x80\x80\"",
                           "[1 2]",
                           "{} {}",
                           "[}",
                           "{\"a\":]",
                           "'a'",
                           "NaN",
                           "\"abc",
                           "\"\\",
                           "\"\\u12"}) {
    EXPECT_FALSE(IsValidJson(text)) << text;
  }
  EXPECT_FALSE(IsValidJson(std::string("\"\\\0\"", 4)));
  EXPECT_FALSE(IsValidJson(std::string(513, '[') + std::string(513, ']')));
  EXPECT_FALSE(IsValidJson(std::string(1'000'000, '[')));
}

TEST(IsValidJsonTest, FindsABadByteAtEveryPositionOfAString) {
  for (size_t length = 1; length < 40; ++length) {
    for (size_t bad = 0; bad < length; ++bad) {
      std::string text(length, 'x');
      text[bad] = '\x01';
      EXPECT_FALSE(IsValidJson("\"" + text + "\"")) << length << " " << bad;
      text[bad] = '\xFF';
      EXPECT_FALSE(IsValidJson("\"" + text + "\"")) << length << " " << bad;
    }
  }
}

TEST(JsonStringTest, DecodesEveryEscape) {
  EXPECT_EQ(DecodeJsonString(R"(a\"\\\/\b\f\n\r\t)"), "a\"\\/\b\f\n\r\t");
  EXPECT_EQ(DecodeJsonString("\\u00e4\\u20ac\\ud83d\\ude00"),
            "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(DecodeJsonString("\\ud83dx"), "\xEF\xBF\xBDx");
}

TEST(JsonStringTest, DecodesIntoABufferThatIsUsedAgain) {
  std::string buffer = "something old";
  DecodeJsonString("a\\tb", &buffer);
  EXPECT_EQ(buffer, "a\tb");
  DecodeJsonString("", &buffer);
  EXPECT_EQ(buffer, "");
}

TEST(JsonStringTest, EncodesWhatItMustAndRepairsBadUtf8) {
  EXPECT_EQ(JsonString("a\"b\\c\n\x01/<>"), R"("a\"b\\c\n\u0001/<>")");
  EXPECT_EQ(JsonString("\xC3\xA4\xFF"), "\"\xC3\xA4\xEF\xBF\xBD\"");
}

TEST(JsonStringTest, EncodingAndDecodingAreInverse) {
  std::string text;
  for (int c = 0; c < 128; ++c) text += static_cast<char>(c);
  const std::string encoded = JsonString(text);
  EXPECT_TRUE(IsValidJson(encoded));
  EXPECT_EQ(DecodeJsonString(std::string_view(encoded).substr(1, encoded.size() - 2)), text);
}

}  // namespace
}  // namespace pedia
