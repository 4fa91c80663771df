#include "kube/list_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Parsed {
  std::vector<std::string> items;
  std::string resource_version, continue_token, remaining, kind;
  Status status;
  bool operator==(const Parsed& other) const {
    return items == other.items && resource_version == other.resource_version &&
           continue_token == other.continue_token && remaining == other.remaining &&
           kind == other.kind && status.message() == other.status.message();
  }
};

// Feeds `document` in pieces of the sizes that `next_size` gives.
template <typename NextSize>
Parsed ParseInPieces(std::string_view document, NextSize next_size,
                     size_t max_item_bytes = 32 << 20) {
  Parsed parsed;
  ListParser parser([&](std::string_view item) { parsed.items.emplace_back(item); },
                    max_item_bytes);
  while (!document.empty() && parsed.status.ok()) {
    // A copy of its own, so that a read past its end is seen by AddressSanitizer.
    const std::vector<char> piece(
        document.begin(),
        document.begin() + static_cast<long>(std::min<size_t>(next_size(), document.size())));
    document.remove_prefix(piece.size());
    parsed.status = parser.Feed({piece.data(), piece.size()});
  }
  if (parsed.status.ok()) parsed.status = parser.Finish();
  parsed.resource_version = parser.resource_version();
  parsed.continue_token = parser.continue_token();
  parsed.remaining = parser.remaining_item_count();
  parsed.kind = parser.kind();
  return parsed;
}

Parsed ParseWhole(std::string_view document, size_t max_item_bytes = 32 << 20) {
  return ParseInPieces(
      document, [] { return std::string_view::npos; }, max_item_bytes);
}

constexpr std::string_view kTypical =
    R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"71","continue":"a\u0062c=","remainingItemCount":12},)"
    R"("items":[{"metadata":{"name":"a","annotations":{"x":"}]\"\\"}},"n":[1,-2.5e3,true,null]},{"metadata":{"name":"日本 😀 \ud83d\ude00"}},{}]})"
    "\n";

TEST(ListParserTest, GivesTheItemsAndTheMetadataOfAList) {
  const Parsed parsed = ParseWhole(kTypical);
  ASSERT_THAT(parsed.status, IsOk());
  EXPECT_THAT(
      parsed.items,
      ElementsAre(
          R"({"metadata":{"name":"a","annotations":{"x":"}]\"\\"}},"n":[1,-2.5e3,true,null]})",
          R"({"metadata":{"name":"日本 😀 \ud83d\ude00"}})", "{}"));
  EXPECT_EQ(parsed.resource_version, "71");
  EXPECT_EQ(parsed.continue_token, "abc=");
  EXPECT_EQ(parsed.remaining, "12");
  EXPECT_EQ(parsed.kind, "PodList");
}

TEST(ListParserTest, GivesTheSameByteByByte) {
  EXPECT_EQ(ParseInPieces(kTypical, [] { return 1; }), ParseWhole(kTypical));
}

TEST(ListParserTest, GivesTheSameForAnySplitInTwo) {
  const Parsed whole = ParseWhole(kTypical);
  for (size_t at = 1; at < kTypical.size(); ++at) {
    bool first = true;
    EXPECT_EQ(
        ParseInPieces(kTypical, [&] { return std::exchange(first, false) ? at : kTypical.size(); }),
        whole)
        << at;
  }
}

TEST(ListParserTest, GivesTheSameForRandomSplits) {
  std::mt19937 random(7);
  const Parsed whole = ParseWhole(kTypical);
  for (int round = 0; round < 500; ++round) {
    EXPECT_EQ(ParseInPieces(kTypical, [&] { return random() % 40; }), whole) << round;
  }
}

struct ListCase {
  const char* name;
  std::string document;
  std::vector<std::string> items;
};

class ListParserAcceptsTest : public ::testing::TestWithParam<ListCase> {};

TEST_P(ListParserAcceptsTest, InOnePieceAndByteByByte) {
  const Parsed whole = ParseWhole(GetParam().document);
  ASSERT_THAT(whole.status, IsOk());
  EXPECT_EQ(whole.items, GetParam().items);
  EXPECT_EQ(ParseInPieces(GetParam().document, [] { return 1; }), whole);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ListParserAcceptsTest,
    ::testing::Values(
        ListCase{"Empty", R"({"items":[]})", {}},
        ListCase{"NullItems", R"({"items":null,"kind":"L"})", {}},
        ListCase{"ItemsFirst",
                 R"({"items":[{"a":1}],"metadata":{"resourceVersion":"1"},"kind":"L"})",
                 {R"({"a":1})"}},
        ListCase{"White",
                 " \n{ \"items\" :\t[ { } , {\"a\" : [ ] } ] , \"x\" : 1 } \r\n",
                 {"{ }", "{\"a\" : [ ] }"}},
        ListCase{
            "UnknownMembers",
            R"({"x":[{"items":[{}]}],"y":"]}","z":-1.5e+3,"t":true,"n":null,"items":[{"b":2}]})",
            {R"({"b":2})"}},
        ListCase{"EscapedKey", R"({"\u0069tems":[{"b":2}]})", {R"({"b":2})"}},
        ListCase{"NestedItems",
                 R"({"items":[{"items":[{"items":[]}]}]})",
                 {R"({"items":[{"items":[]}]})"}}),
    [](const auto& row) { return row.param.name; });

struct BadListCase {
  const char* name;
  std::string document;
  const char* message;
};

class ListParserRejectsTest : public ::testing::TestWithParam<BadListCase> {};

TEST_P(ListParserRejectsTest, InOnePieceAndByteByByte) {
  EXPECT_THAT(ParseWhole(GetParam().document).status,
              FailsWith(StatusReason::kBadRequest, HasSubstr(GetParam().message)));
  EXPECT_THAT(ParseInPieces(GetParam().document, [] { return 1; }).status,
              FailsWith(StatusReason::kBadRequest, HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, ListParserRejectsTest,
    ::testing::Values(
        BadListCase{"Nothing", "", "truncated"},
        BadListCase{"Html", "<html>", "expected '{' at byte 0"},
        BadListCase{"Array", "[]", "expected '{'"},
        BadListCase{"NoItems", R"({"kind":"Status"})", "no \"items\""},
        BadListCase{"ItemsObject", R"({"items":{}})", "\"items\" is not an array"},
        BadListCase{"ItemsNumber", R"({"items":1})", "\"items\" is not an array"},
        BadListCase{"ItemsNearlyNull", R"({"items":nul})", "not well-formed"},
        BadListCase{"ItemsTwice", R"({"items":[],"items":[]})", "stands twice"},
        BadListCase{"ItemNull", R"({"items":[null]})", "item 0 is not an object"},
        BadListCase{"ItemNumber", R"({"items":[{},7]})", "item 1 is not an object"},
        BadListCase{"ItemMalformed", R"({"items":[{"a":01}]})", "not well-formed"},
        BadListCase{"ItemWrongBracket", R"({"items":[{"a":[1}]}]})", "not well-formed"},
        BadListCase{"ItemTrailingComma", R"({"items":[{},]})", "item 1 is not an object"},
        BadListCase{"ItemNoComma", R"({"items":[{}{}]})", "expected ',' or ']'"},
        BadListCase{"BadUtf8", "{\"items\":[{\"a\":\"\xff\"}]}", "not well-formed"},
        BadListCase{"ControlInString", "{\"items\":[{\"a\":\"\x01\"}]}", "not well-formed"},
        BadListCase{"NoColon", R"({"items"[]})", "expected ':'"},
        BadListCase{"NoComma", R"({"a":"b""items":[]})", "expected ',' or '}'"},
        BadListCase{"NoKey", R"({items:[]})", "expected a key"},
        BadListCase{"TrailingComma", R"({"items":[],})", "expected a key"},
        BadListCase{"NoValue", R"({"a":,"items":[]})", "expected a value"},
        BadListCase{"WordValue", R"({"a":abc,"items":[]})", "not well-formed"},
        BadListCase{"Garbage", R"({"items":[]}x)", "garbage after the document at byte 12"},
        BadListCase{"TwoDocuments", R"({"items":[]}{"items":[]})", "garbage"}),
    [](const auto& row) { return row.param.name; });

TEST(ListParserTest, FindsEveryTruncation) {
  const std::string_view document = kTypical.substr(0, kTypical.find_last_of('}'));
  for (size_t size = 0; size <= document.size(); ++size) {
    EXPECT_THAT(ParseWhole(document.substr(0, size)).status,
                FailsWith(StatusReason::kBadRequest, HasSubstr("truncated")))
        << size;
  }
}

TEST(ListParserTest, HasGivenTheCompleteItemsBeforeATruncation) {
  EXPECT_THAT(ParseWhole(R"({"items":[{"a":1},{"a":2},{"a")").items,
              ElementsAre(R"({"a":1})", R"({"a":2})"));
}

TEST(ListParserTest, RejectsAnItemLargerThanTheLimitHoweverItComes) {
  const std::string document = R"({"items":[{"a":")" + std::string(100, 'x') + R"("}]})";
  for (const size_t piece : {size_t{1}, size_t{30}, document.size()}) {
    const Parsed parsed = ParseInPieces(
        document, [&] { return piece; }, 50);
    EXPECT_THAT(parsed.status, FailsWith(StatusReason::kBadRequest, HasSubstr("too large")));
    EXPECT_THAT(parsed.items, IsEmpty());
  }
}

TEST(ListParserTest, LimitsItemsNotTheirSum) {
  std::string document = R"({"items":[{})";
  for (int i = 0; i < 100; ++i) document += R"(,{"a":1})";
  EXPECT_THAT(ParseInPieces(
                  document + "]}", [] { return 3; }, 20)
                  .status,
              IsOk());
}

TEST(ListParserTest, StaysDeadAfterAFailure) {
  ListParser parser([](std::string_view) { FAIL() << "no item is expected"; });
  ASSERT_THAT(parser.Feed("["), FailsWith(StatusReason::kBadRequest, HasSubstr("expected '{'")));
  EXPECT_THAT(parser.Feed(R"({"items":[{}]})"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("expected '{'")));
  EXPECT_THAT(parser.Finish(), FailsWith(StatusReason::kBadRequest, HasSubstr("expected '{'")));
}

TEST(ListParserTest, IgnoresMetadataOfOtherTypes) {
  const Parsed parsed = ParseWhole(R"({"metadata":[1],"kind":7,"items":[]})");
  ASSERT_THAT(parsed.status, IsOk());
  EXPECT_EQ(parsed.resource_version, "");
  EXPECT_EQ(ParseWhole(R"({"metadata":{"remainingItemCount":-3},"items":[]})").remaining, "");
}

}  // namespace
}  // namespace pedia::kube
