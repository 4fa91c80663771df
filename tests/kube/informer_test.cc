#include "kube/informer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>

#include "tests/kube/collection_server.h"
#include "tests/kube/recording_informer.h"

namespace pedia::kube {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

constexpr const char* kPath = "/apis/example.com/v1/things";

class InformerTest : public ::testing::Test {
 protected:
  static InformerOptions Options() {
    InformerOptions options;
    options.path = kPath;
    options.backoff_initial = milliseconds(5);
    options.backoff_max = milliseconds(50);
    return options;
  }
  void Start(InformerOptions options = Options()) {
    informer_.emplace(client_, std::move(options), handler_);
  }

  RecordingInformer handler_;
  CollectionServer server_;
  EventLoop loop_;
  Client client_{loop_, server_.config()};
  std::optional<Informer> informer_;
};

TEST_F(InformerTest, ListsThenWatches) {
  server_.Put("a", R"("old")");
  server_.Put("n1/b");
  Start();
  ASSERT_TRUE(handler_.WaitForSynced());
  EXPECT_EQ(handler_.size(), 2u);
  ASSERT_TRUE(server_.WaitForWatches(1));
  server_.Put("c");
  server_.Put("a", R"("new")");
  server_.Delete("n1/b");
  EXPECT_TRUE(handler_.WaitForNames({"a", "c"}));
  EXPECT_TRUE(handler_.WaitForText("a", "new"));
  EXPECT_EQ(handler_.synced(), 1);
  EXPECT_THAT(handler_.errors(), IsEmpty());
}

TEST_F(InformerTest, AsksForPagesAndBookmarksOfWhatIsSelected) {
  InformerOptions options = Options();
  options.field_selector = "metadata.name=a b";
  options.label_selector = "x in (y,z)";
  Start(options);
  ASSERT_TRUE(server_.WaitForWatches(1));
  const std::string selectors =
      std::string(kPath) +
      R"(\?fieldSelector=metadata.name%3Da%20b&labelSelector=x%20in%20%28y%2Cz%29)";
  EXPECT_THAT(
      server_.targets(),
      ElementsAre(MatchesRegex(selectors + "&limit=500"),
                  MatchesRegex(selectors + "&watch=1&allowWatchBookmarks=true&resourceVersion=10"
                                           "&timeoutSeconds=[3-6][0-9][0-9]")));
}

TEST_F(InformerTest, ReadsAllPages) {
  for (int i = 0; i < 1201; ++i) server_.Put("thing-" + std::to_string(i));
  Start();
  ASSERT_TRUE(handler_.WaitForSynced());
  EXPECT_EQ(handler_.size(), 1201u);
  EXPECT_EQ(server_.CountRequests("continue="), 2u);
}

TEST_F(InformerTest, KnowsWhenItHasSyncedAndHeardTheServer) {
  server_.AnswerLists(CollectionServer::Response(503, "{}"));
  const auto start = std::chrono::steady_clock::now();
  Start();
  ASSERT_TRUE(handler_.WaitForErrors(1));
  EXPECT_FALSE(informer_->synced());
  EXPECT_EQ(informer_->last_heard().time_since_epoch().count(), 0);
  server_.AnswerLists("");
  ASSERT_TRUE(handler_.WaitForSynced());
  ASSERT_TRUE(server_.WaitForWatches(1));
  EXPECT_TRUE(informer_->synced());
  EXPECT_GE(informer_->last_heard(), start);
}

TEST_F(InformerTest, GoesOnFromTheLastVersionWhenAWatchEnds) {
  server_.Put("a");
  Start();
  ASSERT_TRUE(server_.WaitForWatches(1));
  server_.Put("b");
  server_.Bookmark();
  server_.Bookmark();  // Version 14.
  ASSERT_TRUE(handler_.WaitForNames({"a", "b"}));
  server_.EndWatches();
  ASSERT_TRUE(server_.WaitForRequests("watch=1", 2));
  server_.Put("c");
  EXPECT_TRUE(handler_.WaitForNames({"a", "b", "c"}));
  EXPECT_EQ(server_.CountRequests("resourceVersion=14&"), 1u);
  EXPECT_EQ(server_.CountRequests("limit=500"), 1u);
  EXPECT_THAT(handler_.errors(), IsEmpty());
}

TEST_F(InformerTest, TellsAnObjectOncePerVersion) {
  server_.Put("a");
  Start();
  ASSERT_TRUE(handler_.WaitForSynced());
  ASSERT_TRUE(server_.WaitForWatches(1));
  const int calls = handler_.calls();
  server_.SendLine(R"({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"11"}}})");
  server_.SendLine(
      R"({"type":"DELETED","object":{"metadata":{"name":"x","resourceVersion":"11"}}})");
  server_.Put("b");
  ASSERT_TRUE(handler_.WaitForNames({"a", "b"}));
  EXPECT_EQ(handler_.calls(), calls + 1);
}

TEST_F(InformerTest, CallsNothingAfterItWasDestroyedOnAnotherThread) {
  std::atomic<bool> destroyed = false;
  std::atomic<int> late = 0;
  handler_.on_call = [&] { late += destroyed ? 1 : 0; };
  for (int round = 0; round < 50; ++round) {
    destroyed = false;
    Start();
    if (round % 2 == 0) {
      EXPECT_TRUE(handler_.WaitForSynced(1));
    }
    server_.Put("a" + std::to_string(round));
    informer_.reset();
    destroyed = true;
    server_.Put("b" + std::to_string(round));
  }
  std::promise<void> drained;
  loop_.Post([&] { drained.set_value(); });
  drained.get_future().wait();
  EXPECT_EQ(late, 0);
}

TEST_F(InformerTest, WaitsForTheCallThatIsUnderWay) {
  std::promise<void> inside;
  std::promise<void> go_on;
  std::atomic<bool> returned = false;
  handler_.on_call = [&, first = true]() mutable {
    if (!std::exchange(first, false)) return;
    inside.set_value();
    go_on.get_future().wait();
    returned = true;
  };
  Start();
  inside.get_future().wait();
  std::jthread let_go([&] { go_on.set_value(); });
  informer_.reset();
  EXPECT_TRUE(returned);
}

TEST_F(InformerTest, MayBeDestroyedInAnyOfItsCalls) {
  for (int i = 0; i < 3; ++i) server_.Put("a" + std::to_string(i));
  for (int call = 1; call <= 4; ++call) {
    std::promise<void> destroyed;
    std::atomic<int> calls = 0;
    handler_.on_call = [&] {
      if (++calls != call) return;
      informer_.reset();
      destroyed.set_value();
    };
    loop_.Post([&] { Start(); });
    destroyed.get_future().wait();
    std::promise<void> drained;
    loop_.Post([&] { drained.set_value(); });
    drained.get_future().wait();
    EXPECT_EQ(calls, call);
  }
}

TEST_F(InformerTest, SurvivesTheEndOfTheLoop) {
  auto loop = std::make_unique<EventLoop>();
  auto client = std::make_unique<Client>(*loop, server_.config());
  RecordingInformer handler;
  {
    Informer informer(*client, Options(), handler);
    EXPECT_TRUE(handler.WaitForSynced());
  }
  client.reset();
  loop.reset();
  EXPECT_THAT(handler.errors(), IsEmpty());
}

}  // namespace
}  // namespace pedia::kube
