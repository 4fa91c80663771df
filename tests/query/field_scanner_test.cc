#include "query/field_scanner.h"

#include <gmock/gmock.h>

#include <random>
#include <string>
#include <vector>

namespace pedia::query {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Op = SelectorOperator;

FieldStep Member(std::string name) { return {FieldStep::Kind::kMember, std::move(name), 0}; }
FieldStep Any() { return {FieldStep::Kind::kAnyElement, "", 0}; }
FieldStep Element(size_t index) { return {FieldStep::Kind::kElement, "", index}; }

// "a.b[].c[2]"; no quotes.
FieldPath Path(std::string_view text) {
  FieldPath path;
  while (!text.empty()) {
    if (text.front() == '[') {
      const size_t close = text.find(']');
      const std::string inside(text.substr(1, close - 1));
      path.steps.push_back(inside.empty() ? Any() : Element(std::stoul(inside)));
      text.remove_prefix(close + 1);
    } else {
      if (text.front() == '.') text.remove_prefix(1);
      const std::string name(text.substr(0, text.find_first_of(".[")));
      path.steps.push_back(Member(name));
      text.remove_prefix(name.size());
    }
  }
  return path;
}

// What the scanner finds at each of `paths`.
std::vector<std::vector<std::string>> Scan(const std::vector<FieldPath>& paths,
                                           std::string_view object) {
  const FieldScanner scanner(paths);
  std::vector<FieldTexts> found;
  scanner.Scan(object, &found);
  std::vector<std::vector<std::string>> texts(found.size());
  for (size_t i = 0; i < found.size(); ++i) {
    for (size_t k = 0; k < found[i].size(); ++k) texts[i].emplace_back(found[i][k]);
  }
  return texts;
}
std::vector<std::string> ScanOne(std::string_view path, std::string_view object) {
  return Scan({Path(path)}, object)[0];
}

constexpr std::string_view kPod = R"( {"kind":"Pod", "metadata": {"name":"web-0","labels":{
  "app":"w\u00e4b","x.y/z":"q"},"finalizers":[]},
  "spec":{"nodeName":"n1","replicas":3,"ratio":-1.50e1,"paused":true,"off":false,"none":null,
    "containers":[{"name":"a","image":"nginx","ports":[{"p":80},{"p":81}],"args":["}","]","\"{"]},
                  {"image":"httpd"},{"name":"no image"},{"image":null,"ports":[{"p":82}]},"text",7,
                  {"image":{"a":1}}]},
  "status":{"phase":"Running","conditions":[{"type":"Ready"}]}} )";

TEST(FieldScannerTest, FindsScalarsByTheirText) {
  EXPECT_THAT(ScanOne("status.phase", kPod), ElementsAre("Running"));
  EXPECT_THAT(ScanOne("spec.replicas", kPod), ElementsAre("3"));
  EXPECT_THAT(ScanOne("spec.ratio", kPod), ElementsAre("-1.50e1"));
  EXPECT_THAT(ScanOne("spec.paused", kPod), ElementsAre("true"));
  EXPECT_THAT(ScanOne("spec.off", kPod), ElementsAre("false"));
  EXPECT_THAT(ScanOne("metadata.labels.app", kPod), ElementsAre("w\xc3\xa4"
                                                                "b"));
}

TEST(FieldScannerTest, NullAndMissingAreNoValue) {
  EXPECT_THAT(ScanOne("spec.none", kPod), IsEmpty());
  EXPECT_THAT(ScanOne("spec.absent", kPod), IsEmpty());
  EXPECT_THAT(ScanOne("absent.phase", kPod), IsEmpty());
  EXPECT_THAT(ScanOne("spec.none.deeper", kPod), IsEmpty());
  EXPECT_THAT(ScanOne("spec.nodeName.deeper", kPod), IsEmpty());
  EXPECT_THAT(ScanOne("spec.nodeName[]", kPod), IsEmpty());
  EXPECT_THAT(ScanOne("spec[]", kPod), IsEmpty());
  EXPECT_THAT(ScanOne("spec.containers.image", kPod), IsEmpty());
}

TEST(FieldScannerTest, AnObjectOrArrayIsItsJsonAsStored) {
  EXPECT_THAT(ScanOne("status.conditions", kPod), ElementsAre(R"([{"type":"Ready"}])"));
  EXPECT_THAT(ScanOne("status.conditions[0]", kPod), ElementsAre(R"({"type":"Ready"})"));
  EXPECT_THAT(ScanOne("metadata.finalizers", kPod), ElementsAre("[]"));
  EXPECT_THAT(ScanOne("metadata.finalizers[]", kPod), IsEmpty());
}

TEST(FieldScannerTest, WalksListsInDocumentOrder) {
  EXPECT_THAT(ScanOne("spec.containers[].image", kPod),
              ElementsAre("nginx", "httpd", R"({"a":1})"));
  EXPECT_THAT(ScanOne("spec.containers[].ports[].p", kPod), ElementsAre("80", "81", "82"));
  EXPECT_THAT(ScanOne("spec.containers[].ports[1].p", kPod), ElementsAre("81"));
  EXPECT_THAT(ScanOne("spec.containers[1].image", kPod), ElementsAre("httpd"));
  EXPECT_THAT(ScanOne("spec.containers[0].args[]", kPod), ElementsAre("}", "]", "\"{"));
  EXPECT_THAT(ScanOne("spec.containers[99].image", kPod), IsEmpty());
}

TEST(FieldScannerTest, ManyPathsShareOnePass) {
  const std::vector<FieldPath> paths = {Path("status.phase"),
                                        Path("spec.containers[].image"),
                                        Path("spec.containers[0].name"),
                                        Path("spec.containers[2].name"),
                                        Path("status.phase"),
                                        Path("status"),
                                        Path("status.conditions[].type"),
                                        Path("spec.containers[].image.a")};
  EXPECT_THAT(Scan(paths, kPod),
              ElementsAre(ElementsAre("Running"), ElementsAre("nginx", "httpd", R"({"a":1})"),
                          ElementsAre("a"), ElementsAre("no image"), ElementsAre("Running"),
                          ElementsAre(R"({"phase":"Running","conditions":[{"type":"Ready"}]})"),
                          ElementsAre("Ready"), ElementsAre("1")));
}

TEST(FieldScannerTest, MoreThan64PathsAreScannedToo) {
  std::vector<FieldPath> paths;
  std::string object = "{";
  for (int i = 0; i < 200; ++i) {
    const std::string name = "m" + std::to_string(i);
    paths.push_back(Path(name));
    object += "\"" + name + "\":" + std::to_string(i) + ",";
  }
  object.back() = '}';
  const auto found = Scan(paths, object);
  for (size_t i = 0; i < 200; ++i) EXPECT_THAT(found[i], ElementsAre(std::to_string(i)));
}

TEST(FieldScannerTest, KeysMayBeWrittenWithEscapes) {
  EXPECT_THAT(ScanOne("a.b", R"({"\u0061":{"x":1,"\u0062":"v"}})"), ElementsAre("v"));
  EXPECT_THAT(Scan({{{Member("q\"\\")}}}, R"({"q\"\\":1})")[0], ElementsAre("1"));
}

TEST(FieldScannerTest, TheFirstOfRepeatedKeysCounts) {
  const std::string_view object = R"({"a":{"x":1},"a":{"x":2,"y":3},"b":4,"b":5})";
  EXPECT_THAT(Scan({Path("a.x"), Path("a.y"), Path("b")}, object),
              ElementsAre(ElementsAre("1"), IsEmpty(), ElementsAre("4")));
}

TEST(FieldScannerTest, EndsOnceEverythingIsFound) {
  // What is behind is not JSON, and nobody looks.
  EXPECT_THAT(Scan({Path("a.x"), Path("b[0].c")}, R"({"b":[{"c":2,],"a":{"x":1}}})"),
              ElementsAre(IsEmpty(), ElementsAre("2")));
  EXPECT_THAT(Scan({Path("a.x"), Path("b[0].c")}, R"({"a":{"x":1,"y":0},"b":[{"c":2,)"),
              ElementsAre(ElementsAre("1"), ElementsAre("2")));
}

TEST(FieldScannerTest, MalformedObjectsEndTheScan) {
  for (const char* text : {"", " ", "{", "{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\":\"", "[", "x",
                           "\"", "{\"b\":1 \"a\":2}", "{\"a\":{\"x\":", "nul", "{\"a\":[1,"}) {
    EXPECT_THAT(Scan({Path("a"), Path("a.x.y")}, text), ElementsAre(IsEmpty(), IsEmpty())) << text;
  }
  EXPECT_THAT(ScanOne("a", "[1,2]"), IsEmpty());
  EXPECT_THAT(ScanOne("a", "null"), IsEmpty());
}

TEST(FieldScannerTest, APathDeeperThanAnyDocumentFindsNothing) {
  FieldPath deep;
  std::string object;
  for (int i = 0; i < 100'000; ++i) {
    deep.steps.push_back(Member("a"));
    object += "{\"a\":";
  }
  object += "1";
  EXPECT_THAT(Scan({deep}, object)[0], IsEmpty());
  deep.steps.resize(512);
  std::string nested = "1";
  for (int i = 0; i < 512; ++i) nested = "{\"a\":" + nested + "}";
  EXPECT_THAT(Scan({deep}, nested)[0], ElementsAre("1"));
}

TEST(FieldScannerTest, TextsAreReusedFromObjectToObject) {
  const FieldScanner scanner({Path("a[]")});
  std::vector<FieldTexts> texts;
  scanner.Scan(R"({"a":["\u0031","2","3"]})", &texts);
  EXPECT_EQ(texts[0].size(), 3u);
  EXPECT_EQ(texts[0][0], "1");
  EXPECT_EQ(texts[0][2], "3");
  scanner.Scan(R"({"a":["4"]})", &texts);
  ASSERT_EQ(texts[0].size(), 1u);
  EXPECT_EQ(texts[0][0], "4");
  scanner.Scan(R"({})", &texts);
  EXPECT_TRUE(texts[0].empty());
}

bool MatchesOne(std::string_view path, Op op, std::vector<std::string> values,
                std::string_view object) {
  const FieldRequirement requirement{Path(path), op, std::move(values)};
  std::vector<FieldTexts> texts;
  FieldScanner({requirement.path}).Scan(object, &texts);
  const bool matches = Matches(requirement, texts[0]);
  EXPECT_EQ(FieldMatcher({requirement}).Matches(object), matches);
  return matches;
}

TEST(FieldMatchesTest, EqualityIsThatOfTextsAndAnyValueWillDo) {
  const char* images = "spec.containers[].image";
  EXPECT_TRUE(MatchesOne(images, Op::kEquals, {"httpd"}, kPod));
  EXPECT_FALSE(MatchesOne(images, Op::kEquals, {"http"}, kPod));
  EXPECT_TRUE(MatchesOne(images, Op::kIn, {"httpd", "x"}, kPod));
  EXPECT_FALSE(MatchesOne(images, Op::kNotEquals, {"httpd"}, kPod));
  EXPECT_TRUE(MatchesOne(images, Op::kNotEquals, {"http"}, kPod));
  EXPECT_FALSE(MatchesOne(images, Op::kNotIn, {"httpd", "x"}, kPod));
  EXPECT_TRUE(MatchesOne(images, Op::kNotIn, {"x", "y"}, kPod));
  EXPECT_TRUE(MatchesOne("spec.replicas", Op::kEquals, {"3"}, kPod));
  EXPECT_FALSE(MatchesOne("spec.replicas", Op::kEquals, {"3.0"}, kPod));
  EXPECT_TRUE(MatchesOne("spec.paused", Op::kEquals, {"true"}, kPod));
}

TEST(FieldMatchesTest, NoValueIsUnequalAndDoesNotExist) {
  for (const char* path : {"spec.none", "spec.absent", "spec.absent[].x"}) {
    EXPECT_FALSE(MatchesOne(path, Op::kEquals, {""}, kPod)) << path;
    EXPECT_FALSE(MatchesOne(path, Op::kIn, {"", "null"}, kPod)) << path;
    EXPECT_TRUE(MatchesOne(path, Op::kNotEquals, {"x"}, kPod)) << path;
    EXPECT_TRUE(MatchesOne(path, Op::kNotIn, {"x", "y"}, kPod)) << path;
    EXPECT_FALSE(MatchesOne(path, Op::kExists, {}, kPod)) << path;
    EXPECT_TRUE(MatchesOne(path, Op::kDoesNotExist, {}, kPod)) << path;
    EXPECT_FALSE(MatchesOne(path, Op::kGreaterThan, {"0"}, kPod)) << path;
    EXPECT_FALSE(MatchesOne(path, Op::kLessThan, {"0"}, kPod)) << path;
  }
  EXPECT_TRUE(MatchesOne("spec.off", Op::kExists, {}, kPod));
  EXPECT_FALSE(MatchesOne("spec.off", Op::kDoesNotExist, {}, kPod));
}

TEST(FieldMatchesTest, OrderIsThatOfNumbersQuantitiesAndTimes) {
  constexpr std::string_view kObject =
      R"({"cpu":"500m","memory":"2Gi","n":10,"at":"2026-01-02T03:04:05Z","word":"zebra",
          "list":["a","3",{"x":1},70]})";
  EXPECT_TRUE(MatchesOne("cpu", Op::kGreaterThan, {"0.4"}, kObject));
  EXPECT_FALSE(MatchesOne("cpu", Op::kGreaterThan, {"0.5"}, kObject));
  EXPECT_FALSE(MatchesOne("cpu", Op::kLessThan, {"0.5"}, kObject));
  EXPECT_TRUE(MatchesOne("memory", Op::kGreaterThan, {"2000M"}, kObject));
  EXPECT_TRUE(MatchesOne("n", Op::kGreaterThan, {"9"}, kObject));
  EXPECT_FALSE(MatchesOne("n", Op::kLessThan, {"10"}, kObject));
  EXPECT_TRUE(MatchesOne("at", Op::kLessThan, {"2026-01-02T05:04:06+02:00"}, kObject));
  EXPECT_FALSE(MatchesOne("at", Op::kGreaterThan, {"5"}, kObject));  // Another kind.
  EXPECT_FALSE(MatchesOne("word", Op::kGreaterThan, {"5"}, kObject));
  EXPECT_FALSE(MatchesOne("word", Op::kGreaterThan, {"apple"}, kObject));
  EXPECT_FALSE(MatchesOne("word", Op::kGreaterThan, {}, kObject));
  EXPECT_TRUE(MatchesOne("list[]", Op::kLessThan, {"4"}, kObject));
  EXPECT_TRUE(MatchesOne("list[]", Op::kGreaterThan, {"69"}, kObject));
  EXPECT_FALSE(MatchesOne("list[]", Op::kGreaterThan, {"70"}, kObject));
}

TEST(FieldMatcherTest, AllRequirementsMustHold) {
  FieldMatcher both({{Path("status.phase"), Op::kEquals, {"Running"}},
                     {Path("spec.replicas"), Op::kGreaterThan, {"2"}}});
  EXPECT_TRUE(both.Matches(kPod));
  EXPECT_FALSE(both.Matches(R"({"status":{"phase":"Running"},"spec":{"replicas":2}})"));
  EXPECT_FALSE(both.Matches(R"({"status":{"phase":"Failed"},"spec":{"replicas":3}})"));
  EXPECT_FALSE(both.Matches("{}"));
  EXPECT_TRUE(FieldMatcher(FieldSelector{}).Matches("{}"));
}

}  // namespace
}  // namespace pedia::query
