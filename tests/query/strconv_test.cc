#include "query/strconv.h"

#include <gmock/gmock.h>

namespace pedia::query {
namespace {

using ::testing::Eq;
using ::testing::Optional;

TEST(ParseInt64Test, ReadsWhatGoReads) {
  EXPECT_THAT(ParseInt64("0"), Optional(0));
  EXPECT_THAT(ParseInt64("-12"), Optional(-12));
  EXPECT_THAT(ParseInt64("+7"), Optional(7));
  EXPECT_THAT(ParseInt64("007"), Optional(7));
  EXPECT_THAT(ParseInt64("9223372036854775807"), Optional(INT64_MAX));
  EXPECT_THAT(ParseInt64("-9223372036854775808"), Optional(INT64_MIN));
}

TEST(ParseInt64Test, RefusesTheRest) {
  for (const char* text : {"", "+", "-", "+-1", "++1", " 1", "1 ", "1.0", "0x1", "1_0", "abc",
                           "9223372036854775808", "-9223372036854775809"}) {
    EXPECT_EQ(ParseInt64(text), std::nullopt) << text;
  }
}

TEST(QuoteTest, EscapesAsGoDoes) {
  using namespace std::string_view_literals;
  struct Case {
    std::string_view text;
    std::string_view quoted;
  };
  const Case cases[] = {
      {"", R"("")"},
      {"web", R"("web")"},
      {R"(a"b\c)", R"("a\"b\\c")"},
      {"\a\b\t\n\v\f\r", R"("\a\b\t\n\v\f\r")"},
      {"\0\x1f\x7f"sv, R"("\x00\x1f\x7f")"},
      {"\u00e9\u65e5\U0001F600", "\"\u00e9\u65e5\U0001F600\""},
      {"\u00a0\u200b\ufeff", R"("\u00a0\u200b\ufeff")"},
      {"\U000E0001", R"("\U000e0001")"},
      // Invalid UTF-8: a lone byte, an overlong form, a surrogate, too large, cut off.
      {"a\xff"
       "b",
       R"("a\xffb")"},
      {"\xc0\xaf", R"("\xc0\xaf")"},
      {"\xed\xa0\x80", R"("\xed\xa0\x80")"},
      {"\xf4\x90\x80\x80", R"("\xf4\x90\x80\x80")"},
      {"\xe6\x97", R"("\xe6\x97")"},
  };
  for (const Case& c : cases) EXPECT_EQ(Quote(c.text), c.quoted);
}

TEST(QuoteShortTest, CutsALongText) {
  EXPECT_EQ(QuoteShort(std::string(128, 'a')), "\"" + std::string(128, 'a') + "\"");
  EXPECT_EQ(QuoteShort(std::string(70'000, 'a')), "\"" + std::string(128, 'a') + "\"...");
}

TEST(ToLowerTest, ChangesAsciiLettersOnly) { EXPECT_EQ(ToLower("Az[@\xc3\x89"), "az[@\xc3\x89"); }

}  // namespace
}  // namespace pedia::query
