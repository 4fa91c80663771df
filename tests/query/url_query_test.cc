#include "query/url_query.h"

#include <gmock/gmock.h>

#include "tests/testing/matchers.h"

namespace pedia::query {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;

struct Case {
  std::string_view text;
  std::vector<std::pair<std::string, std::string>> pairs;
};

TEST(ParseUrlQueryTest, DecodesPairsInTheirOrder) {
  const Case cases[] = {
      {"", {}},
      {"a=1", {{"a", "1"}}},
      {"a=1&b=2&a=3", {{"a", "1"}, {"b", "2"}, {"a", "3"}}},
      // Escapes, and '+' for a blank.
      {"labelSelector=app%3Dweb&limit=500", {{"labelSelector", "app=web"}, {"limit", "500"}}},
      {"labelSelector=app+in+%28web%2Capi%29", {{"labelSelector", "app in (web,api)"}}},
      {"a%20b=%2B%2b", {{"a b", "++"}}},
      {"n=%00%ff", {{"n", std::string("\0\xff", 2)}}},
      // Only the first '=' parts; what is missing is "".
      {"a=b=c", {{"a", "b=c"}}},
      {"a", {{"a", ""}}},
      {"a=", {{"a", ""}}},
      {"=b", {{"", "b"}}},
      // Empty parts do not count.
      {"&&a=1&", {{"a", "1"}}},
      {"=", {{"", ""}}},
  };
  for (const Case& c : cases) {
    const Result<UrlQuery> query = ParseUrlQuery(c.text);
    ASSERT_THAT(query, IsOk()) << c.text;
    EXPECT_EQ(query->pairs(), c.pairs) << c.text;
  }
}

TEST(ParseUrlQueryTest, RefusesABadEscapeAndQuotesIt) {
  struct Bad {
    std::string_view text;
    std::string_view quoted;
  };
  const Bad cases[] = {
      {"a=%zz", "\"%zz\""}, {"a=1&%4=x", "\"%4\""}, {"a=%", "\"%\""}, {"a=x%4gyy", "\"%4g\""}};
  for (const Bad& c : cases) {
    EXPECT_THAT(ParseUrlQuery(c.text), FailsWith(StatusReason::kBadRequest,
                                                 "invalid URL escape " + std::string(c.quoted)));
  }
}

TEST(ParseUrlQueryTest, RefusesASemicolonAndQuotesThePart) {
  EXPECT_THAT(ParseUrlQuery("x=1&a;b"), FailsWith(StatusReason::kBadRequest,
                                                  "invalid semicolon separator in query: \"a;b\""));
}

TEST(ParseUrlQueryTest, ReadsAsManyPairsAsALongUrlHolds) {
  std::string text;
  while (text.size() < 64 * 1024) text += "a&";
  const Result<UrlQuery> query = ParseUrlQuery(text);
  ASSERT_THAT(query, IsOk());
  EXPECT_EQ(query->pairs().size(), text.size() / 2);
}

TEST(UrlQueryTest, FindsTheFirstValueOfAKey) {
  const UrlQuery query({{"a", "1"}, {"a", "2"}, {"b", ""}});
  EXPECT_EQ(query.Find("a"), "1");
  EXPECT_EQ(query.Find("b"), "");
  EXPECT_EQ(query.Find("c"), std::nullopt);
  EXPECT_EQ(query.Get("a"), "1");
  EXPECT_EQ(query.Get("c"), "");
}

TEST(DecodePathSegmentTest, DecodesEscapesAndKeepsThePlusSign) {
  EXPECT_EQ(DecodePathSegment("system%3Anode+a"), "system:node+a");
  EXPECT_EQ(DecodePathSegment("%2e%2F"), "./");
  EXPECT_EQ(DecodePathSegment(""), "");
  EXPECT_EQ(DecodePathSegment("a%2"), std::nullopt);
  EXPECT_EQ(DecodePathSegment("%g0"), std::nullopt);
}

TEST(EncodeUrlComponentTest, EscapesAllButUnreservedCharacters) {
  EXPECT_EQ(EncodeUrlComponent("aZ09-_.~"), "aZ09-_.~");
  EXPECT_EQ(EncodeUrlComponent("a b/c?d=\xff"), "a%20b%2Fc%3Fd%3D%FF");
}

TEST(EncodeUrlComponentTest, IsUndoneByDecoding) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(DecodePathSegment(EncodeUrlComponent(all)), all);
}

}  // namespace
}  // namespace pedia::query
