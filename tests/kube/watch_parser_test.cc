#include "kube/watch_parser.h"

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
using ::testing::Pair;

using Events = std::vector<std::pair<WatchEventType, std::string>>;

struct Fed {
  Events events;
  Status status;
  bool partial = false;
};

template <typename NextSize>
Fed FeedInPieces(std::string_view stream, NextSize next_size, size_t max_line_bytes = 32 << 20) {
  Fed fed;
  WatchParser parser(max_line_bytes);
  while (!stream.empty() && fed.status.ok()) {
    const std::vector<char> piece(
        stream.begin(),
        stream.begin() + static_cast<long>(std::min<size_t>(next_size(), stream.size())));
    stream.remove_prefix(piece.size());
    fed.status = parser.Feed({piece.data(), piece.size()}, [&](const WatchEvent& event) {
      fed.events.emplace_back(event.type, event.object);
      return true;
    });
  }
  fed.partial = parser.HasPartialLine();
  return fed;
}

Fed FeedWhole(std::string_view stream, size_t max_line_bytes = 32 << 20) {
  return FeedInPieces(
      stream, [] { return std::string_view::npos; }, max_line_bytes);
}

constexpr std::string_view kStream =
    R"({"type":"ADDED","object":{"metadata":{"name":"a\nb"}}})"
    "\n"
    R"( {"object" : {"x":[1,{"type":"DELETED"}]} , "extra":[] , "type" : "MODIFIED"} )"
    "\r\n\n"
    R"({"type":"DELETED","object":{}})"
    "\n"
    R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}})"
    "\n"
    R"({"type":"ERROR","object":{"kind":"Status","code":410}})"
    "\n";

TEST(WatchParserTest, GivesEveryTypeOfEventWithItsKeysInAnyOrder) {
  const Fed fed = FeedWhole(kStream);
  ASSERT_THAT(fed.status, IsOk());
  EXPECT_THAT(
      fed.events,
      ElementsAre(Pair(WatchEventType::kAdded, R"({"metadata":{"name":"a\nb"}})"),
                  Pair(WatchEventType::kModified, R"({"x":[1,{"type":"DELETED"}]})"),
                  Pair(WatchEventType::kDeleted, "{}"),
                  Pair(WatchEventType::kBookmark, R"({"metadata":{"resourceVersion":"9"}})"),
                  Pair(WatchEventType::kError, R"({"kind":"Status","code":410})")));
  EXPECT_FALSE(fed.partial);
}

TEST(WatchParserTest, GivesTheSameByteByByteAndForRandomSplits) {
  const Events whole = FeedWhole(kStream).events;
  EXPECT_EQ(FeedInPieces(kStream, [] { return 1; }).events, whole);
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    EXPECT_EQ(FeedInPieces(kStream, [&] { return random() % 50; }).events, whole) << round;
  }
}

TEST(WatchParserTest, KeepsALineThatIsNotComplete) {
  const Fed fed = FeedWhole("{\"type\":\"ADDED\",\"object\":{}}\n{\"type\"");
  ASSERT_THAT(fed.status, IsOk());
  EXPECT_EQ(fed.events.size(), 1);
  EXPECT_TRUE(fed.partial);
}

TEST(WatchParserTest, StopsWhenTheReceiverWantsNoMore) {
  WatchParser parser;
  int calls = 0;
  EXPECT_THAT(parser.Feed(kStream,
                          [&](const WatchEvent&) {
                            ++calls;
                            return false;
                          }),
              IsOk());
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(parser.HasPartialLine());
}

struct BadLine {
  const char* name;
  std::string line;
  const char* message;
};

class WatchParserRejectsTest : public ::testing::TestWithParam<BadLine> {};

TEST_P(WatchParserRejectsTest, InOnePieceAndByteByByte) {
  const std::string stream = GetParam().line + "\n";
  for (const Fed& fed : {FeedWhole(stream), FeedInPieces(stream, [] { return 1; })}) {
    EXPECT_THAT(fed.status, FailsWith(StatusReason::kBadRequest, HasSubstr(GetParam().message)));
    EXPECT_TRUE(fed.events.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, WatchParserRejectsTest,
    ::testing::Values(
        BadLine{"NotJson", "hello", "not a JSON object"},
        BadLine{"Array", "[]", "not a JSON object"},
        BadLine{"Truncated", R"({"type":"ADDED","object":{"a")", "malformed"},
        BadLine{"Garbage", R"({"type":"ADDED","object":{}}x)", "not a JSON object"},
        BadLine{"UnknownType", R"({"type":"GONE","object":{}})", "unknown type \"GONE\""},
        BadLine{"NoType", R"({"object":{}})", "unknown type \"\""},
        BadLine{"NoObject", R"({"type":"ADDED"})", "\"object\" is missing"},
        BadLine{"NullObject", R"({"type":"ADDED","object":null})", "\"object\" is missing"},
        BadLine{"MalformedObject", R"({"type":"ADDED","object":{"a":01}})", "malformed"},
        BadLine{"BadUtf8", "{\"type\":\"ADDED\",\"object\":{\"a\":\"\xc3\"}}", "malformed"}),
    [](const auto& row) { return row.param.name; });

TEST(WatchParserTest, RejectsALineLongerThanTheLimitEvenWithoutItsEnd) {
  const std::string line = R"({"type":"ADDED","object":{"a":")" + std::string(100, 'x');
  EXPECT_THAT(FeedWhole(line, 64).status,
              FailsWith(StatusReason::kBadRequest, HasSubstr("longer than 64 bytes")));
  EXPECT_THAT(FeedInPieces(
                  line, [] { return 10; }, 64)
                  .status,
              FailsWith(StatusReason::kBadRequest, HasSubstr("longer")));
}

}  // namespace
}  // namespace pedia::kube
