#include <gmock/gmock.h>

#include <string>

#include "tests/member/member_server_fixture.h"

namespace pedia::member {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST_F(MemberServerTest, StatusFaultsHitAsOftenAsTold) {
  const uint64_t fault = server_->faults().Add({.kind = FaultKind::kStatus,
                                                .request = RequestKind::kList,
                                                .path_prefix = "/api/v1/pods",
                                                .code = 429,
                                                .retry_after_seconds = 3,
                                                .count = 2});
  const Answer busy = Get("/api/v1/pods");
  EXPECT_EQ(busy.code, 429);
  EXPECT_EQ(busy.headers.at("retry-after"), "3");
  EXPECT_EQ(Code("/api/v1/nodes"), 200);
  EXPECT_EQ(Code("/api/v1/pods?limit=1"), 429);
  EXPECT_EQ(Code("/api/v1/pods?limit=1"), 200);
  EXPECT_EQ(server_->faults().Hits(fault), 2);
}

TEST_F(MemberServerTest, TheSecondPageCanExpire) {
  server_->faults().Add({.kind = FaultKind::kExpire,
                         .request = RequestKind::kList,
                         .continue_only = true,
                         .count = 1});
  const Json first = GetJson("/api/v1/pods?limit=10");
  ASSERT_EQ(first["items"].size(), 10u);
  EXPECT_EQ(Code("/api/v1/pods?continue=" + first["metadata"]["continue"].get<std::string>()), 410);
}

TEST_F(MemberServerTest, UnreadyShowsInHealthChecksOnly) {
  server_->faults().Add({.kind = FaultKind::kStatus, .path_prefix = "/readyz"});
  EXPECT_EQ(Code("/readyz"), 500);
  EXPECT_EQ(Code("/healthz"), 200);
  EXPECT_EQ(Code("/api/v1/nodes"), 200);
}

TEST_F(MemberServerTest, ADroppedListEndsInATransportError) {
  server_->faults().Add({.kind = FaultKind::kDrop,
                         .request = RequestKind::kList,
                         .after_bytes = 100'000,
                         .count = 1});
  const Answer broken = Get("/api/v1/pods");
  EXPECT_NE(broken.error, CURLE_OK);
  EXPECT_LE(broken.body.size(), 100'000u);
  EXPECT_EQ(Get("/api/v1/pods").error, CURLE_OK);
  server_->faults().Add({.kind = FaultKind::kDrop, .count = 1});
  const Answer silent = Get("/api/v1/pods");
  EXPECT_NE(silent.error, CURLE_OK);
  EXPECT_EQ(silent.code, 0);
}

TEST_F(MemberServerTest, ATruncatedListIsCompleteHttpAndIncompleteJson) {
  server_->faults().Add(
      {.kind = FaultKind::kTruncate, .request = RequestKind::kList, .after_bytes = 5'000});
  const Answer cut = Get("/api/v1/pods");
  EXPECT_EQ(cut.error, CURLE_OK);
  EXPECT_EQ(cut.code, 200);
  EXPECT_EQ(cut.body.size(), 5'000u);
}

TEST_F(MemberServerTest, GarbageIsNoJson) {
  server_->faults().Add({.kind = FaultKind::kGarbage, .count = 1});
  const Answer garbage = Get("/api/v1/pods");
  EXPECT_EQ(garbage.code, 200);
  EXPECT_THAT(garbage.body, EndsWith("not JSON</html>\n"));
}

TEST_F(MemberServerTest, AStalledRequestGetsNothingUntilFaultsAreCleared) {
  const uint64_t fault =
      server_->faults().Add({.kind = FaultKind::kStall, .request = RequestKind::kList});
  Answer stalled;
  std::jthread client([&] { stalled = Get("/api/v1/pods"); });
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (server_->faults().Hits(fault) == 0 && std::chrono::steady_clock::now() < give_up)
    std::this_thread::yield();
  EXPECT_EQ(Code("/readyz"), 200);  // Others are served meanwhile.
  const Answer impatient = Fetch(*server_, "/api/v1/pods", {.timeout_ms = 100});
  EXPECT_EQ(impatient.error, CURLE_OPERATION_TIMEDOUT);
  EXPECT_EQ(impatient.code, 0);
  server_->faults().Clear();
  client.join();
  EXPECT_NE(stalled.error, CURLE_OK);
  EXPECT_EQ(stalled.code, 0);
}

TEST_F(MemberServerTest, AStallInsideABodyStopsAfterItsBytes) {
  server_->faults().Add(
      {.kind = FaultKind::kStall, .request = RequestKind::kList, .after_bytes = 1'000});
  const Answer half = Fetch(*server_, "/api/v1/pods", {.timeout_ms = 1'000});
  EXPECT_EQ(half.error, CURLE_OPERATION_TIMEDOUT);
  EXPECT_EQ(half.body.size(), 1'000u);
}

TEST_F(MemberServerTest, SlowListsAndWatchesStillComplete) {
  server_->faults().Add({.kind = FaultKind::kSlow, .delay = std::chrono::milliseconds(5)});
  EXPECT_EQ(GetJson("/api/v1/pods?limit=50")["items"].size(), 50u);
  WatchClient watch(*server_, WatchPath(world_.resource_version()));
  for (int i = 0; i < 5; ++i) PutConfigMap("c" + std::to_string(i));
  EXPECT_EQ(watch.WaitUntil([](const auto& lines) {
                   return lines.size() >= 5 && lines[4].find("\"c4\"") != std::string::npos;
                 }).size() >= 5,
            true);
}

TEST_F(MemberServerTest, AWatchCanFailAtItsStart) {
  server_->faults().Add({.kind = FaultKind::kExpire, .request = RequestKind::kWatch, .count = 1});
  server_->faults().Add({.kind = FaultKind::kTruncate,
                         .request = RequestKind::kWatch,
                         .after_bytes = 40,
                         .count = 1});
  WatchClient expired(*server_, WatchPath(world_.resource_version()));
  EXPECT_THAT(expired.WaitForLines(1).at(0), HasSubstr(R"("code":410)"));
  WatchClient cut(*server_, "/api/v1/pods?watch=true");
  EXPECT_EQ(cut.WaitForEnd().error, CURLE_OK);
  EXPECT_EQ(cut.WaitForEnd().body.size(), 40u);
}

struct BreakCase {
  WatchBreak how;
  bool transport_error;
  std::string last;  // What came last.
};

class BreakWatchesTest : public MemberServerTest,
                         public ::testing::WithParamInterface<BreakCase> {};

TEST_P(BreakWatchesTest, EndsARunningWatchAsTold) {
  WatchClient watch(*server_, WatchPath(world_.resource_version()));
  PutConfigMap("a");
  ASSERT_GE(watch.WaitForLines(1).size(), 1u);
  server_->BreakWatches(GetParam().how, "/api/v1/configmaps");
  const Answer end = watch.WaitForEnd();
  EXPECT_EQ(end.error != CURLE_OK, GetParam().transport_error);
  EXPECT_THAT(watch.WaitForLines(0).back() + end.body, HasSubstr(GetParam().last));
  EXPECT_TRUE(watch.ended());
}

INSTANTIATE_TEST_SUITE_P(All, BreakWatchesTest,
                         ::testing::Values(BreakCase{WatchBreak::kClose, false, "resourceVersion"},
                                           BreakCase{WatchBreak::kDrop, true, "resourceVersion"},
                                           BreakCase{WatchBreak::kExpire, false, R"("code":410)"},
                                           BreakCase{WatchBreak::kError, false, R"("code":500)"},
                                           BreakCase{WatchBreak::kTruncate, false,
                                                     R"({"type":"MODIFIED","object":{"kind)"},
                                           BreakCase{WatchBreak::kGarbage, false, "]]}"}));

TEST_F(MemberServerTest, AFrozenWatchStaysOpenAndSilent) {
  WatchClient watch(*server_, WatchPath(world_.resource_version()));
  PutConfigMap("a");
  watch.WaitForLines(1);
  server_->BreakWatches(WatchBreak::kFreeze);
  WatchClient other(*server_, WatchPath(world_.resource_version()));
  const uint64_t last = PutConfigMap("frozen-out");
  other.WaitForLines(1);
  EXPECT_FALSE(watch.ended());
  for (const std::string& line : watch.WaitForLines(0))
    EXPECT_THAT(line, ::testing::Not(HasSubstr(std::to_string(last))));
}

}  // namespace
}  // namespace pedia::member
