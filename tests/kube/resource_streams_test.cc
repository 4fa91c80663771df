#include "kube/resource_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ListPathTest, EscapesTheContinueToken) {
  EXPECT_EQ(ListPath("/api/v1/pods", 0, "ignored"), "/api/v1/pods");
  EXPECT_EQ(ListPath("/api/v1/pods", 500, ""), "/api/v1/pods?limit=500");
  EXPECT_EQ(ListPath("/apis/apps/v1/deployments", 5, "a+b/c=&\r\n d"),
            "/apis/apps/v1/deployments?limit=5&continue=a%2Bb%2Fc%3D%26%0D%0A%20d");
  EXPECT_EQ(ListPath("/api/v1/pods?labelSelector=a", 5, ""),
            "/api/v1/pods?labelSelector=a&limit=5");
}

TEST(WatchRequestTest, AsksForBookmarksFromAVersionOn) {
  const Request request = WatchRequest("/api/v1/pods", "12 3", std::chrono::seconds(900),
                                       std::chrono::milliseconds(60'000));
  EXPECT_EQ(
      request.path_and_query,
      "/api/v1/pods?watch=1&allowWatchBookmarks=true&resourceVersion=12%203&timeoutSeconds=900");
  EXPECT_EQ(
      WatchRequest("/api/v1/pods?labelSelector=a", "1", std::chrono::seconds(1), {}).path_and_query,
      "/api/v1/pods?labelSelector=a&watch=1&allowWatchBookmarks=true&resourceVersion=1"
      "&timeoutSeconds=1");
}

// Hundreds of watches of one cluster must leave room for its lists and health checks.
TEST(WatchRequestTest, CountsAsAWatchAndEndsWhenNothingComesAnyMore) {
  const Request request = WatchRequest("/api/v1/pods", "1", std::chrono::seconds(900),
                                       std::chrono::milliseconds(60'000));
  EXPECT_EQ(request.timeout.count(), 0);
  EXPECT_EQ(request.idle_timeout.count(), 960'000);
}

// Plays a response to a handler and remembers what came out.
class ListPageTest : public ::testing::Test {
 protected:
  void Answer(int code, std::string_view body, const Status& transport = {}) {
    ListPageHandler handler({[this] { return flow_; },
                             [this](std::string_view item) { items_.emplace_back(item); },
                             [this](const ListPageEnd& end) { end_ = end; }});
    handler.OnHead({code, "application/json", std::nullopt, ""});
    for (size_t at = 0; at < body.size(); at += 7) {
      if (handler.OnData(body.substr(at, 7)) == Flow::kAbort) break;
    }
    handler.OnDone(transport);
  }
  Flow flow_ = Flow::kContinue;
  std::vector<std::string> items_;
  ListPageEnd end_;
};

TEST_F(ListPageTest, GivesTheItemsAndWhereTheListGoesOn) {
  Answer(
      200,
      R"({"kind":"PodList","metadata":{"resourceVersion":"7","continue":"x","remainingItemCount":3},"items":[{"a":1},{"b":2}]})");
  EXPECT_THAT(end_.status, IsOk());
  EXPECT_THAT(items_, ElementsAre(R"({"a":1})", R"({"b":2})"));
  EXPECT_EQ(end_.resource_version, "7");
  EXPECT_EQ(end_.continue_token, "x");
  EXPECT_EQ(end_.remaining, "3");
}

TEST_F(ListPageTest, TakesNothingElseForAList) {
  for (const char* body :
       {"{}", R"({"items":[]})", R"({"kind":"PodList","metadata":{},"items":[]})",
        R"({"kind":"Maintenance","metadata":{"resourceVersion":"7"},"items":[]})", "", "<html>",
        R"({"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"a":1})"}) {
    Answer(200, body);
    EXPECT_FALSE(end_.status.ok()) << body;
    EXPECT_TRUE(end_.malformed) << body;
  }
}

TEST_F(ListPageTest, ReportsTheMembersOwnStatus) {
  Answer(410, R"({"kind":"Status","reason":"Expired","message":"too old","code":410})");
  EXPECT_THAT(end_.status, FailsWith(StatusReason::kExpired, "too old"));
  EXPECT_EQ(end_.code, 410);
  EXPECT_FALSE(end_.malformed);
}

TEST_F(ListPageTest, ABrokenConnectionIsNoEndOfAList) {
  Answer(200, R"({"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[]})",
         ServiceUnavailable("broken off"));
  EXPECT_THAT(end_.status, FailsWith(StatusReason::kServiceUnavailable, "broken off"));
}

TEST_F(ListPageTest, EndsWhenNobodyWantsIt) {
  flow_ = Flow::kAbort;
  Answer(200, R"({"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"a":1}]})",
         ServiceUnavailable("cancelled"));
  EXPECT_THAT(items_, IsEmpty());
}

class WatchHandlerTest : public ::testing::Test {
 protected:
  void Answer(int code, std::string_view body, const Status& transport = {}) {
    WatchHandler handler({[] { return Flow::kContinue; }, [this] { ++started_; },
                          [this](const WatchEvent& event) {
                            objects_.emplace_back(event.object);
                            return objects_.size() < limit_;
                          },
                          [this](const StreamEnd& end) { end_ = end; }});
    handler.OnHead({code, "application/json", std::nullopt, ""});
    aborted_ = handler.OnData(body) == Flow::kAbort;
    handler.OnDone(transport);
  }
  size_t limit_ = 100;
  int started_ = 0;
  bool aborted_ = false;
  std::vector<std::string> objects_;
  StreamEnd end_;
};

constexpr std::string_view kTwoEvents =
    "{\"type\":\"ADDED\",\"object\":{\"a\":1}}\n{\"type\":\"DELETED\",\"object\":{\"b\":2}}\n";

TEST_F(WatchHandlerTest, GivesTheEvents) {
  Answer(200, kTwoEvents);
  EXPECT_THAT(objects_, ElementsAre(R"({"a":1})", R"({"b":2})"));
  EXPECT_EQ(started_, 1);
  EXPECT_THAT(end_.status, IsOk());
}

TEST_F(WatchHandlerTest, StopsWhenTheReceiverHasEnough) {
  limit_ = 1;
  Answer(200, kTwoEvents);
  EXPECT_TRUE(aborted_);
  EXPECT_THAT(objects_, ElementsAre(R"({"a":1})"));
}

TEST_F(WatchHandlerTest, ReportsAMalformedEvent) {
  Answer(200, "{\"type\":\"ADDED\"\n");
  EXPECT_TRUE(end_.malformed);
  EXPECT_THAT(end_.status, FailsWith(StatusReason::kBadRequest, HasSubstr("malformed")));
}

TEST_F(WatchHandlerTest, ReportsAnEventThatWasCutOff) {
  Answer(200, R"({"type":"ADD)");
  EXPECT_TRUE(end_.malformed);
  EXPECT_THAT(end_.status, FailsWith(StatusReason::kBadRequest, HasSubstr("within an event")));
}

TEST_F(WatchHandlerTest, ReportsARefusalWithoutHavingStarted) {
  Answer(429, R"({"kind":"Status","reason":"TooManyRequests","message":"later","code":429})");
  EXPECT_EQ(started_, 0);
  EXPECT_THAT(end_.status, FailsWith(StatusReason::kTooManyRequests, "later"));
}

}  // namespace
}  // namespace pedia::kube
