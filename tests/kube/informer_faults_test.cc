// What an Informer does when the server is late, wrong, hostile or away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "kube/informer.h"
#include "tests/kube/collection_server.h"
#include "tests/kube/recording_informer.h"
#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using ::pedia::testing::FailsWith;
using std::chrono::milliseconds;
using ::testing::_;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class InformerFaultsTest : public ::testing::Test {
 protected:
  void Start() {
    InformerOptions options;
    options.path = "/apis/example.com/v1/things";
    options.backoff_initial = milliseconds(5);
    options.backoff_max = milliseconds(50);
    informer_.emplace(client_, std::move(options), handler_);
  }
  void StartSynced() {
    Start();
    ASSERT_TRUE(handler_.WaitForSynced());
    ASSERT_TRUE(server_.WaitForWatches(1));
  }

  RecordingInformer handler_;
  CollectionServer server_;
  EventLoop loop_;
  Client client_{loop_, server_.config()};
  std::optional<Informer> informer_;
};

TEST_F(InformerFaultsTest, SeesWhatWasDeletedWhileItWasCutOff) {
  server_.Put("a");
  server_.Put("b");
  StartSynced();
  server_.SetDown(true);
  ASSERT_TRUE(server_.WaitForWatches(0));
  server_.Delete("a");
  server_.Put("c");
  server_.SetDown(false);
  EXPECT_TRUE(handler_.WaitForNames({"b", "c"}));
  EXPECT_EQ(handler_.deletes(), 1);
}

TEST_F(InformerFaultsTest, ListsAgainWhenItsVersionIsTooOld) {
  server_.Put("a");
  server_.Put("b");
  StartSynced();
  server_.SetDown(true);
  ASSERT_TRUE(server_.WaitForWatches(0));
  server_.Delete("a");
  server_.Compact();
  server_.SetDown(false);
  EXPECT_TRUE(handler_.WaitForNames({"b"}));
  EXPECT_TRUE(handler_.WaitForSynced(2));
  server_.Put("c");
  EXPECT_TRUE(handler_.WaitForNames({"b", "c"}));
}

TEST_F(InformerFaultsTest, TakesACodeOf410AsTooOldToo) {
  server_.Put("a");
  StartSynced();
  server_.AnswerWatches(CollectionServer::Response(410, "gone"));
  server_.EndWatches();
  EXPECT_TRUE(handler_.WaitForSynced(3));
  server_.AnswerWatches("");
  server_.Put("b");
  EXPECT_TRUE(handler_.WaitForNames({"a", "b"}));
}

TEST_F(InformerFaultsTest, KeepsTryingWhatItIsForbidden) {
  server_.Put("a");
  server_.AnswerLists(CollectionServer::Response(
      403,
      R"({"kind":"Status","status":"Failure","reason":"Forbidden","message":"not you","code":403})"));
  Start();
  ASSERT_TRUE(handler_.WaitForErrors(3));
  EXPECT_THAT(handler_.errors().front(), FailsWith(StatusReason::kForbidden, HasSubstr("not you")));
  EXPECT_FALSE(informer_->synced());
  server_.AnswerLists("");
  EXPECT_TRUE(handler_.WaitForNames({"a"}));
}

TEST_F(InformerFaultsTest, StaysWithWhatItHasWhileWatchesAreForbidden) {
  server_.Put("a");
  server_.AnswerWatches(CollectionServer::Response(403, "{}"));
  Start();
  ASSERT_TRUE(handler_.WaitForErrors(3));
  EXPECT_TRUE(handler_.WaitForNames({"a"}));
  server_.Put("b");  // No watch says so, but it lists again.
  EXPECT_TRUE(handler_.WaitForNames({"a", "b"}));
  EXPECT_EQ(handler_.deletes(), 0);
}

TEST_F(InformerFaultsTest, DeletesNothingForAListThatBreaksOff) {
  server_.Put("a");
  server_.Put("b");
  StartSynced();
  server_.AnswerLists(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3f\r\n"
      R"({"kind":"ThingList","metadata":{"resourceVersion":"99"},"items":[)");
  server_.Compact();
  ASSERT_TRUE(handler_.WaitForErrors(1));
  EXPECT_EQ(handler_.deletes(), 0);
  server_.AnswerLists("");
  EXPECT_TRUE(handler_.WaitForSynced(2));
  EXPECT_EQ(handler_.deletes(), 0);
}

struct Garbage {
  const char* name;
  std::string body;
};
class InformerGarbageTest : public InformerFaultsTest,
                            public ::testing::WithParamInterface<Garbage> {};

TEST_P(InformerGarbageTest, IsAnErrorAndDeletesNothing) {
  server_.Put("a");
  StartSynced();
  server_.AnswerLists(CollectionServer::Response(200, GetParam().body));
  server_.Compact();
  ASSERT_TRUE(handler_.WaitForErrors(2));
  EXPECT_EQ(handler_.deletes(), 0);
  EXPECT_EQ(handler_.synced(), 1);
  server_.AnswerLists("");
  EXPECT_TRUE(handler_.WaitForSynced(2));
}
INSTANTIATE_TEST_SUITE_P(
    Table, InformerGarbageTest,
    ::testing::Values(
        Garbage{"Nothing", ""}, Garbage{"NoJson", "<html>"}, Garbage{"NoList", "{}"},
        Garbage{"NoKind", R"({"metadata":{"resourceVersion":"1"},"items":[]})"},
        Garbage{"NoVersion", R"({"kind":"ThingList","metadata":{},"items":[]})"},
        Garbage{"NoItems", R"({"kind":"ThingList","metadata":{"resourceVersion":"1"}})"},
        Garbage{"NamelessItem",
                R"({"kind":"ThingList","metadata":{"resourceVersion":"1"},"items":[{}]})"},
        Garbage{"ItemsOfNumbers",
                R"({"kind":"ThingList","metadata":{"resourceVersion":"1"},"items":[1]})"},
        Garbage{"Deep", R"({"kind":"ThingList","metadata":{"resourceVersion":"1"},"items":[)" +
                            std::string(100'000, '[')},
        Garbage{"HugeItem",
                R"({"kind":"ThingList","metadata":{"resourceVersion":"1"},"items":[{"a":")" +
                    std::string(33 << 20, 'x')}),
    [](const auto& row) { return row.param.name; });

TEST_F(InformerFaultsTest, ListsAgainAfterAnEventThatNamesNothing) {
  server_.Put("a");
  StartSynced();
  server_.SendLine(R"({"type":"MODIFIED","object":{"metadata":{}}})");
  EXPECT_TRUE(handler_.WaitForSynced(2));
  EXPECT_THAT(handler_.errors(),
              Contains(FailsWith(StatusReason::kBadRequest, HasSubstr("metadata.name"))));
}

TEST_F(InformerFaultsTest, SurvivesEventsThatAreNone) {
  server_.Put("a");
  StartSynced();
  size_t errors = 0;
  for (const char* line : {"{", "[]", "null", R"({"type":"ODD","object":{}})",
                           R"({"type":"ERROR","object":{}})", R"({"type":"ADDED"})"}) {
    ASSERT_TRUE(server_.WaitForBegunWatches(errors + 1));
    server_.SendLine(line);
    EXPECT_TRUE(handler_.WaitForErrors(++errors)) << line;
  }
  server_.EndWatches();
  server_.Put("b");
  EXPECT_TRUE(handler_.WaitForNames({"a", "b"}));
  EXPECT_EQ(handler_.deletes(), 0);
}

TEST_F(InformerFaultsTest, ListsAgainWhenTheServerDoesNotKnowTheVersion) {
  server_.Put("a");
  StartSynced();
  server_.AnswerWatches(CollectionServer::Response(
      504,
      R"({"kind":"Status","status":"Failure","reason":"Timeout","message":"Too large resource version","code":504})"));
  server_.EndWatches();
  EXPECT_TRUE(handler_.WaitForSynced(2));
}

TEST_F(InformerFaultsTest, WaitsNoLongerThanItsOwnLimitWhateverTheServerAsksFor) {
  server_.AnswerLists("HTTP/1.1 429 Busy\r\nRetry-After: 86400\r\nContent-Length: 2\r\n\r\n{}");
  Start();
  ASSERT_TRUE(handler_.WaitForErrors(2));
  EXPECT_THAT(handler_.errors().front(), FailsWith(StatusReason::kTooManyRequests, _));
}

TEST_F(InformerFaultsTest, CallsNoErrorAWatchThatEndsInOrder) {
  server_.Put("a");
  StartSynced();
  for (size_t i = 2; i < 6; ++i) {
    server_.EndWatches();
    ASSERT_TRUE(server_.WaitForRequests("watch=1", i));
    ASSERT_TRUE(server_.WaitForWatches(1));
  }
  EXPECT_THAT(handler_.errors(), IsEmpty());
  EXPECT_EQ(handler_.synced(), 1);
}

TEST_F(InformerFaultsTest, ReadsAllAtOnceWherePagesExpire) {
  for (int i = 0; i < 600; ++i) server_.Put("thing-" + std::to_string(i));
  server_.ExpirePages(true);
  Start();
  ASSERT_TRUE(handler_.WaitForSynced());
  EXPECT_EQ(handler_.size(), 600u);
}

}  // namespace
}  // namespace pedia::kube
