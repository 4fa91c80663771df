#include "query/continue_token.h"

#include <gmock/gmock.h>

#include "tests/testing/matchers.h"

namespace pedia::query {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kFingerprint[] = "0123456789abcdef";
constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

TEST(ContinueTokenTest, CarriesAnySortKey) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  for (size_t size = 1; size <= all.size(); ++size) {
    const std::string key = all.substr(all.size() - size);
    const std::string token = FormatContinueToken(kFingerprint, key);
    const Result<PageStart> start = ParseContinueToken(token, kFingerprint);
    ASSERT_THAT(start, IsOk()) << size;
    EXPECT_EQ(start->token_key, key);
    EXPECT_EQ(start->offset, 0);
  }
}

TEST(ContinueTokenTest, NeedsNoEscapesInAUrl) {
  for (int c = 0; c < 256; ++c) {
    const std::string token =
        FormatContinueToken(kFingerprint, std::string(3, static_cast<char>(c)));
    EXPECT_EQ(token.find_first_not_of(kAlphabet), std::string::npos) << token;
  }
}

TEST(ContinueTokenTest, NeverLooksLikeAnOffset) {
  EXPECT_THAT(FormatContinueToken(kFingerprint, "key"), StartsWith("A"));
}

TEST(ContinueTokenTest, StaysTheSameFromOneReleaseToTheNext) {
  EXPECT_EQ(FormatContinueToken(kFingerprint, "cluster-1"), "AS43ORPlrWd9Y2x1c3Rlci0xPwP8mkmwVZs");
}

TEST(ParseContinueTokenTest, EmptyTextIsTheFirstPage) {
  const Result<PageStart> start = ParseContinueToken("", kFingerprint);
  ASSERT_THAT(start, IsOk());
  EXPECT_EQ(start->token_key, "");
  EXPECT_EQ(start->offset, 0);
}

TEST(ParseContinueTokenTest, DigitsAreAnOffset) {
  for (const auto& [text, offset] : std::vector<std::pair<std::string, int64_t>>{
           {"0", 0}, {"7", 7}, {"007", 7}, {"1000", 1000}, {"9223372036854775807", INT64_MAX}}) {
    const Result<PageStart> start = ParseContinueToken(text, kFingerprint);
    ASSERT_THAT(start, IsOk()) << text;
    EXPECT_EQ(start->offset, offset);
    EXPECT_EQ(start->token_key, "");
  }
}

TEST(ParseContinueTokenTest, RefusesWhatIsNoTokenAndQuotesIt) {
  const std::string cases[] = {
      "abc",
      "-1",
      "-",
      "+1",
      "1 ",
      " ",
      "9223372036854775808",
      "A",
      "AA",
      "AAAA",
      "%%%",
      "====",
      std::string(17, 'A'),
      std::string("1\0", 2),
      "\xff",
      // A token of Kubernetes itself.
      "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MTE2Nywic3RhcnQiOiJpbmZyYS9hcGkifQ",
  };
  for (const std::string& text : cases) {
    EXPECT_THAT(ParseContinueToken(text, kFingerprint),
                FailsWith(StatusReason::kBadRequest, StartsWith("continue: \"")))
        << text;
  }
  EXPECT_THAT(ParseContinueToken("abc", kFingerprint),
              FailsWith(StatusReason::kBadRequest, HasSubstr("\"abc\"")));
  EXPECT_THAT(ParseContinueToken("-1", kFingerprint),
              FailsWith(StatusReason::kBadRequest, "continue: \"-1\" is negative"));
}

TEST(ParseContinueTokenTest, RefusesTheTokenOfAnotherQuery) {
  const std::string token = FormatContinueToken("another query", "key");
  EXPECT_THAT(ParseContinueToken(token, kFingerprint),
              FailsWith(StatusReason::kBadRequest, HasSubstr("belongs to another query")));
}

TEST(ParseContinueTokenTest, RefusesATokenWithAnyCharacterChanged) {
  const std::string token = FormatContinueToken(kFingerprint, "cluster-1/team-a/web");
  for (size_t i = 0; i < token.size(); ++i) {
    for (const char c : std::string(kAlphabet) + "=+/ ") {
      std::string damaged = token;
      damaged[i] = c;
      if (damaged == token) continue;
      EXPECT_THAT(ParseContinueToken(damaged, kFingerprint),
                  FailsWith(StatusReason::kBadRequest, StartsWith("continue: ")))
          << damaged;
    }
  }
}

TEST(ParseContinueTokenTest, RefusesATokenThatWasCutOrExtended) {
  const std::string token = FormatContinueToken(kFingerprint, "cluster-1/team-a/web");
  for (size_t size = 1; size < token.size(); ++size) {
    EXPECT_THAT(ParseContinueToken(token.substr(0, size), kFingerprint),
                FailsWith(StatusReason::kBadRequest, StartsWith("continue: ")));
  }
  for (const char* end : {"A", "AA", "AAAA", "=", "=="}) {
    EXPECT_THAT(ParseContinueToken(token + end, kFingerprint),
                FailsWith(StatusReason::kBadRequest, StartsWith("continue: ")));
  }
}

// It would start from the first page again, without end.
TEST(ParseContinueTokenTest, RefusesATokenWithoutASortKey) {
  EXPECT_THAT(ParseContinueToken(FormatContinueToken(kFingerprint, ""), kFingerprint),
              FailsWith(StatusReason::kBadRequest, StartsWith("continue: ")));
}

TEST(ParseContinueTokenTest, KeepsTheAnswerToALongTextShort) {
  EXPECT_THAT(ParseContinueToken(std::string(64 * 1024, '?'), kFingerprint),
              FailsWith(StatusReason::kBadRequest, SizeIs(Lt(300U))));
}

}  // namespace
}  // namespace pedia::query
