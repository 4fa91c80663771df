// Every fault of a member, at first sync, in steady state and under churn: the store converges, and
// nothing is deleted wrongly.
#include <string>
#include <thread>

#include "tests/synchro/sync_fixture.h"

namespace pedia::synchro {
namespace {

using member::Fault;
using member::FaultKind;
using member::RequestKind;
using member::WatchBreak;
using std::chrono::milliseconds;

struct FaultCase {
  std::string name;
  Fault fault;
};

Fault FaultOf(FaultKind kind, RequestKind request, int count) {
  Fault fault;
  fault.kind = kind;
  fault.request = request;
  fault.count = count;
  return fault;
}

Fault After(Fault fault, size_t bytes) {
  fault.after_bytes = bytes;
  return fault;
}

Fault WithCode(Fault fault, int code, int retry_after_seconds = 0) {
  fault.code = code;
  fault.retry_after_seconds = retry_after_seconds;
  return fault;
}

Fault OnLaterPages(Fault fault) {
  fault.continue_only = true;
  return fault;
}

Fault Delayed(Fault fault, milliseconds delay) {
  fault.delay = delay;
  return fault;
}

class FaultTest : public SyncTest, public ::testing::WithParamInterface<FaultCase> {};

TEST_P(FaultTest, DuringTheFirstSyncOnlyDelaysIt) {
  Member& east = GivenAMember("east", 150);
  const uint64_t id = east.server->faults().Add(GetParam().fault);
  StartPedia();
  Eventually("the fault has hit", [&] { return east.server->faults().Hits(id) > 0; });
  east.churn->Step(50);
  ExpectTheStoreEqualsTheMembers();
}

TEST_P(FaultTest, AfterARestartDeletesNothingThatIsStillThere) {
  Member& east = GivenAMember("east", 150);
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  StopPedia();
  const int64_t revision = Revision();
  const uint64_t id = east.server->faults().Add(GetParam().fault);
  StartPedia();
  Eventually("the fault has hit", [&] { return east.server->faults().Hits(id) > 0; });
  UntilEverythingIsListed();
  EXPECT_EQ(pedia_->counters().deleted, 0);
  EXPECT_EQ(Revision(), revision);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, FaultTest,
    ::testing::Values(
        FaultCase{"ListServerError",
                  WithCode(FaultOf(FaultKind::kStatus, RequestKind::kList, 20), 500)},
        FaultCase{"ListTooManyRequests",
                  WithCode(FaultOf(FaultKind::kStatus, RequestKind::kList, 5), 429, 1)},
        FaultCase{"ListForbidden",
                  WithCode(FaultOf(FaultKind::kStatus, RequestKind::kList, 5), 403)},
        FaultCase{"ListExpiredInTheMiddle",
                  OnLaterPages(FaultOf(FaultKind::kExpire, RequestKind::kList, 5))},
        FaultCase{"ListDropped", FaultOf(FaultKind::kDrop, RequestKind::kList, 10)},
        FaultCase{"ListDroppedInTheMiddle",
                  After(FaultOf(FaultKind::kDrop, RequestKind::kList, 10), 30'000)},
        FaultCase{"ListTruncated",
                  After(FaultOf(FaultKind::kTruncate, RequestKind::kList, 10), 30'000)},
        FaultCase{
            "LaterPageTruncated",
            OnLaterPages(After(FaultOf(FaultKind::kTruncate, RequestKind::kList, 5), 10'000))},
        FaultCase{"ListEmptied", FaultOf(FaultKind::kTruncate, RequestKind::kList, 10)},
        FaultCase{"ListGarbled",
                  After(FaultOf(FaultKind::kGarbage, RequestKind::kList, 10), 20'000)},
        FaultCase{"ListStalled", After(FaultOf(FaultKind::kStall, RequestKind::kList, 3), 20'000)},
        FaultCase{"ListSlow",
                  Delayed(FaultOf(FaultKind::kSlow, RequestKind::kList, 10), milliseconds(50))},
        FaultCase{"WatchServerError",
                  WithCode(FaultOf(FaultKind::kStatus, RequestKind::kWatch, 40), 500)},
        FaultCase{"WatchTooManyRequests",
                  WithCode(FaultOf(FaultKind::kStatus, RequestKind::kWatch, 5), 429, 1)},
        FaultCase{"WatchExpired", FaultOf(FaultKind::kExpire, RequestKind::kWatch, 10)},
        FaultCase{"WatchDropped", After(FaultOf(FaultKind::kDrop, RequestKind::kWatch, 20), 500)},
        FaultCase{"WatchTruncated",
                  After(FaultOf(FaultKind::kTruncate, RequestKind::kWatch, 20), 500)},
        FaultCase{"WatchGarbled",
                  After(FaultOf(FaultKind::kGarbage, RequestKind::kWatch, 20), 500)},
        FaultCase{"DiscoveryServerError",
                  WithCode(FaultOf(FaultKind::kStatus, RequestKind::kDiscovery, 5), 503)},
        FaultCase{"DiscoveryTruncated",
                  After(FaultOf(FaultKind::kTruncate, RequestKind::kDiscovery, 5), 300)},
        FaultCase{"DiscoveryGarbled",
                  After(FaultOf(FaultKind::kGarbage, RequestKind::kDiscovery, 5), 300)},
        FaultCase{"HealthUnready",
                  WithCode(FaultOf(FaultKind::kStatus, RequestKind::kHealth, 5), 500)}),
    [](const auto& param) { return param.param.name; });

class BrokenWatchTest : public SyncTest,
                        public ::testing::WithParamInterface<std::pair<std::string, WatchBreak>> {};

TEST_P(BrokenWatchTest, UnderChurnLosesNoChange) {
  Member& east = GivenAMember("east");
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  for (int i = 0; i < 5; ++i) {
    east.churn->Step(30);
    east.server->BreakWatches(GetParam().second);
    east.churn->Step(30);
    std::this_thread::sleep_for(milliseconds(20));
  }
  ExpectTheStoreEqualsTheMembers();
  EXPECT_EQ(pedia_->counters().dropped, 0);
}

INSTANTIATE_TEST_SUITE_P(Breaks, BrokenWatchTest,
                         ::testing::Values(std::pair{"Close", WatchBreak::kClose},
                                           std::pair{"Drop", WatchBreak::kDrop},
                                           std::pair{"Expire", WatchBreak::kExpire},
                                           std::pair{"Error", WatchBreak::kError},
                                           std::pair{"Truncate", WatchBreak::kTruncate},
                                           std::pair{"Garbage", WatchBreak::kGarbage},
                                           std::pair{"Freeze", WatchBreak::kFreeze}),
                         [](const auto& param) { return param.param.first; });

TEST_F(SyncTest, HistoryThatIsGoneLeadsToAnotherList) {
  Member& east = GivenAMember("east");
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  east.server->StopListening();
  Eventually("the sync is paused", [&] {
    return Registered("east").FindCondition("SynchroRunning")->reason == "Pending";
  });
  east.churn->Step(100);
  east.world.Compact();
  ASSERT_THAT(east.server->StartListening(), pedia::testing::IsOk());
  ExpectTheStoreEqualsTheMembers();
  EXPECT_GT(pedia_->counters().relists, 0);
}

TEST_F(SyncTest, AListThatIsAlwaysCutOffNeverDeletes) {
  Member& east = GivenAMember("east", 150);
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  StopPedia();
  Fault fault = OnLaterPages(After(FaultOf(FaultKind::kTruncate, RequestKind::kList, -1), 5'000));
  fault.path_prefix = "/api/v1/pods";
  const uint64_t id = east.server->faults().Add(fault);
  StartPedia();
  Eventually("the list was cut off often", [&] { return east.server->faults().Hits(id) > 10; });
  EXPECT_EQ(CountStored("east", kPods), 150u);
  EXPECT_EQ(pedia_->counters().deleted, 0);
}

TEST_F(SyncTest, OneKindThatFailsDelaysNoOther) {
  Member& east = GivenAMember("east");
  Fault fault = WithCode(FaultOf(FaultKind::kStatus, RequestKind::kAny, -1), 500);
  fault.path_prefix = "/api/v1/pods";
  east.server->faults().Add(fault);
  options_.lists_per_cluster = 1;
  StartPedia();
  Eventually("the config maps are stored",
             [&] { return CountStored("east", kConfigMaps) == east.world.Count(kConfigMaps); });
  EXPECT_EQ(CountStored("east", kPods), 0u);
  east.server->faults().Clear();
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(SyncTest, FaultsOfEveryKindUnderChurnEndInEquality) {
  Member& east = GivenAMember("east", 150);
  Member& west = GivenAMember("west", 150);
  for (Member* member : {&east, &west}) {
    for (const FaultKind kind :
         {FaultKind::kStatus, FaultKind::kDrop, FaultKind::kTruncate, FaultKind::kGarbage}) {
      Fault fault = After(FaultOf(kind, RequestKind::kAny, -1), 3'000);
      fault.probability = 0.08;
      member->server->faults().Add(fault);
    }
    member->churn->SetRate(200);
  }
  StartPedia();
  for (int i = 0; i < 6; ++i) {
    std::this_thread::sleep_for(milliseconds(250));
    east.server->BreakWatches(i % 2 == 0 ? WatchBreak::kDrop : WatchBreak::kExpire);
    if (i == 3) west.server->RefuseFor(milliseconds(400));
  }
  east.churn->SetRate(0);
  west.churn->SetRate(0);
  east.server->faults().Clear();
  west.server->faults().Clear();
  ExpectTheStoreEqualsTheMembers();
}

}  // namespace
}  // namespace pedia::synchro
