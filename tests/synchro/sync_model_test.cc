// Random members, random faults of members, network and store, random restarts: when everything is
// well again, the store equals the members, and nothing was written that was there already.
// PEDIA_SYNC_MODEL_SEEDS=1000 PEDIA_SYNC_MODEL_SEED=7 runs seeds 7 to 1006.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "meta/time.h"
#include "tests/synchro/sync_fixture.h"

namespace pedia::synchro {
namespace {

using member::Fault;
using member::FaultKind;
using member::RequestKind;
using member::WatchBreak;
using std::chrono::milliseconds;

constexpr int kRounds = 3;
constexpr int kStepsPerRound = 80;
constexpr size_t kStepsTold = 200;
constexpr uint64_t kNamespaces = 3;
constexpr uint64_t kNames = 25;  // In each; few, so that names come back.

constexpr std::array kFaultKinds = {
    FaultKind::kStatus,     FaultKind::kExpire,   FaultKind::kDrop,    FaultKind::kDrop,
    FaultKind::kStall,      FaultKind::kTruncate, FaultKind::kGarbage, FaultKind::kSlow,
    FaultKind::kNameless,   FaultKind::kStale,    FaultKind::kReplay,  FaultKind::kDuplicate,
    FaultKind::kNoBookmarks};
constexpr std::array kRequestKinds = {
    RequestKind::kList,      RequestKind::kList,   RequestKind::kWatch, RequestKind::kWatch,
    RequestKind::kDiscovery, RequestKind::kHealth, RequestKind::kAny};
constexpr std::array kCodes = {500, 503, 404, 403, 401, 429, 410, 504};
constexpr std::array kPaths = {"", "", "/api/v1/configmaps", "/api/v1/pods",
                               "/apis/example.com/v1/widgets"};
constexpr std::array kBreaks = {WatchBreak::kClose, WatchBreak::kDrop,     WatchBreak::kExpire,
                                WatchBreak::kError, WatchBreak::kTruncate, WatchBreak::kGarbage,
                                WatchBreak::kFreeze};

uint64_t FromEnvironment(const char* name, uint64_t usual) {
  const char* text = std::getenv(name);
  return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

class SyncModelTest : public SyncTest, public ::testing::WithParamInterface<uint64_t> {
 protected:
  SyncModelTest() : random_(GetParam()) {
    options_.page_size = 7;
    options_.queue_bytes = 20'000;
    options_.batch_changes = 20;
    options_.batch_delay = milliseconds(1);
    options_.store_check_interval = milliseconds(50);
    options_.health_interval = milliseconds(50);
    options_.backoff_initial = milliseconds(2);
    options_.backoff_max = milliseconds(20);
    options_.watch_timeout_min = std::chrono::seconds(1);
    options_.discovery_interval = milliseconds(100);
    options_.idle_timeout = milliseconds(300);
    options_.lists_per_cluster = 2;
  }

  void TearDown() override {
    if (!HasFailure()) return;
    std::cerr << "seed " << GetParam() << ", the last steps:\n";
    const size_t first = steps_.size() - std::min(steps_.size(), kStepsTold);
    for (size_t i = first; i < steps_.size(); ++i) std::cerr << "  " << steps_[i] << "\n";
  }

  uint64_t Below(uint64_t limit) { return random_() % limit; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  template <typename T, size_t n>
  T AnyOf(const std::array<T, n>& choices) {
    return choices[Below(n)];
  }
  Member& AnyMember() { return *members_.at(OneIn(2) ? "east" : "west"); }
  void Note(std::string step) { steps_.push_back(std::move(step)); }

  // Changes of the members.
  void PutObject(Member& member, const GroupVersionResource& gvr, const std::string& name_space,
                 const std::string& name);
  void ChangeOne(Member& member);
  void ChangeObjects();
  void ToggleWidgets();
  void MoveHistory();
  // What goes wrong.
  void AddFault();
  void BreakWatches();
  void Refuse();
  void DisturbStore();
  void RestartPedia();
  void TakeAClusterAway();
  void Step();

  void Heal();
  void RestartExpectingNoWrite();
  void RestoreABackup();

  std::mt19937_64 random_;
  std::vector<std::string> steps_;
  uint64_t changes_ = 0;
  // A member has shown an earlier state, so all its objects are compared: until pedia starts anew
  // that may be for nothing.
  bool went_back_ = false;
  int64_t needless_before_ = 0;
};

void SyncModelTest::PutObject(Member& member, const GroupVersionResource& gvr,
                              const std::string& name_space, const std::string& name) {
  const int64_t created = UnixNow() + static_cast<int64_t>(Below(1'000'000'000)) - 500'000'000;
  const std::string kind =
      gvr == kWidgets ? R"("apiVersion":"example.com/v1","kind":"Widget",)" : "";
  const std::string body = "{" + kind + R"("metadata":{"name":")" + name + R"(","namespace":")" +
                           name_space + R"(","creationTimestamp":")" + FormatRfc3339(created) +
                           R"("},"data":{"change":")" + std::to_string(++changes_) +
                           R"(","text":")" + std::string(Below(1'500), 't') + R"("}})";
  (void)member.world.Put(gvr, body);  // Widgets may not be served just now.
}

void SyncModelTest::ChangeOne(Member& member) {
  if (OneIn(4)) return member.churn->Step(1);
  const GroupVersionResource& gvr = OneIn(3) ? kWidgets : kConfigMaps;
  const std::string name_space = "space-" + std::to_string(Below(kNamespaces));
  const std::string name = "object-" + std::to_string(Below(kNames));
  if (OneIn(3)) {
    (void)member.world.Delete(gvr, {name_space, name});
  } else {
    PutObject(member, gvr, name_space, name);
  }
}

void SyncModelTest::ChangeObjects() {
  Member& member = AnyMember();
  const uint64_t count = 1 + Below(8);
  Note(member.server->name() + ": changes objects, " + std::to_string(count));
  for (uint64_t i = 0; i < count; ++i) ChangeOne(member);
}

void SyncModelTest::ToggleWidgets() {
  Member& member = AnyMember();
  const bool served = member.world.FindResource(kWidgets) != nullptr;
  Note(member.server->name() + (served ? ": widgets vanish" : ": widgets come"));
  if (served) {
    EXPECT_THAT(member.world.Delete(kCrds, {"", "widgets.example.com"}), testing::IsOk());
  } else {
    member.CreateWidgets();
  }
}

void SyncModelTest::MoveHistory() {
  Member& member = AnyMember();
  if (OneIn(2)) {
    Note(member.server->name() + ": compacts");
    member.world.Compact();
  } else {
    Note(member.server->name() + ": jumps ahead");
    member.world.RaiseResourceVersion(member.world.resource_version() + Below(2'000));
  }
}

void SyncModelTest::AddFault() {
  Member& member = AnyMember();
  Fault fault;
  fault.kind = AnyOf(kFaultKinds);
  fault.request = AnyOf(kRequestKinds);
  if (fault.kind == FaultKind::kStale || fault.kind == FaultKind::kNameless)
    fault.request = RequestKind::kList;
  fault.path_prefix = fault.request == RequestKind::kList || fault.request == RequestKind::kWatch
                          ? AnyOf(kPaths)
                          : "";
  fault.code = AnyOf(kCodes);
  if (fault.code == 429 && OneIn(4)) fault.retry_after_seconds = 1;
  fault.continue_only =
      fault.request == RequestKind::kList && fault.kind != FaultKind::kStale && OneIn(3);
  fault.after_bytes = Below(6'000);
  fault.delay = milliseconds(Below(20));
  fault.back = 1 + Below(50);
  fault.count = static_cast<int>(1 + Below(3));
  if (fault.kind == FaultKind::kStale) went_back_ = true;
  Note(member.server->name() + ": fault " + std::to_string(static_cast<int>(fault.kind)) +
       " of request " + std::to_string(static_cast<int>(fault.request)) + " " + fault.path_prefix +
       ", code " + std::to_string(fault.code) + ", after " + std::to_string(fault.after_bytes) +
       ", back " + std::to_string(fault.back) + ", times " + std::to_string(fault.count) +
       (fault.continue_only ? ", later pages" : ""));
  member.server->faults().Add(fault);
}

void SyncModelTest::BreakWatches() {
  Member& member = AnyMember();
  const WatchBreak how = AnyOf(kBreaks);
  const std::string path = AnyOf(kPaths);
  Note(member.server->name() + ": breaks watches, " + std::to_string(static_cast<int>(how)) + " " +
       path);
  member.server->BreakWatches(how, path);
}

void SyncModelTest::Refuse() {
  Member& member = AnyMember();
  Note(member.server->name() + ": restarts");
  member.server->RefuseFor(milliseconds(10 + Below(60)));
}

void SyncModelTest::DisturbStore() {
  StoreFaults faults;
  if (OneIn(3)) faults.refuse = 0.5;
  if (OneIn(3)) faults.lose_answer = 0.3;
  if (OneIn(6)) faults.lose_writes = 0.2;
  if (OneIn(3)) faults.delay = milliseconds(1 + Below(10));
  const bool away = OneIn(5);
  Note("store: refuses " + std::to_string(faults.refuse) + ", loses answers " +
       std::to_string(faults.lose_answer) + ", loses writes " + std::to_string(faults.lose_writes) +
       (away ? ", is away" : ""));
  store().SetFaults(faults);
  store().SetOutage(away);
}

void SyncModelTest::RestartPedia() {
  const auto patience = milliseconds(OneIn(2) ? 0 : 30);
  Note("pedia: restarts, having waited " + std::to_string(patience.count()) + " ms");
  StopPedia(patience);
  if (OneIn(2)) ChangeObjects();
  StartPedia();
}

void SyncModelTest::TakeAClusterAway() {
  Note("pedia: west goes and comes");
  pedia_->SetClusters({SpecOf(*members_.at("east"))});
  if (OneIn(2)) std::this_thread::sleep_for(milliseconds(Below(20)));
  pedia_->SetClusters({SpecOf(*members_.at("east")), SpecOf(*members_.at("west"))});
}

void SyncModelTest::Step() {
  const uint64_t dice = Below(100);
  if (dice < 45) return ChangeObjects();
  if (dice < 70) return std::this_thread::sleep_for(milliseconds(Below(12)));
  if (dice < 80) return AddFault();
  if (dice < 87) return BreakWatches();
  if (dice < 90) return MoveHistory();
  if (dice < 93) return DisturbStore();
  if (dice < 95) return ToggleWidgets();
  if (dice < 97) return Refuse();
  if (dice < 99) return RestartPedia();
  TakeAClusterAway();
}

void SyncModelTest::Heal() {
  Note("all is well again");
  store().SetFaults({});
  store().SetOutage(false);
  for (const auto& [name, member] : members_) member->server->faults().Clear();
  ExpectTheStoreEqualsTheMembers();
  if (!went_back_) {
    EXPECT_EQ(store().needless() - needless_before_, 0);
  }
}

void SyncModelTest::RestartExpectingNoWrite() {
  Note("pedia: restarts, and has nothing to write");
  StopPedia();
  const int64_t offered = store().offered();
  const int64_t revision = Revision();
  StartPedia();
  UntilEverythingIsListed();
  EXPECT_EQ(store().offered() - offered, 0);
  EXPECT_EQ(Revision(), revision);
  went_back_ = false;
  needless_before_ = store().needless();
}

void SyncModelTest::RestoreABackup() {
  Member& member = AnyMember();
  const auto change = [&](uint64_t i) {
    PutObject(member, kConfigMaps, "space-0", "object-" + std::to_string(i));
  };
  const member::WorldBackup backup = member.world.Backup();
  for (uint64_t i = 0; i < kNames; ++i) change(i);
  ExpectTheStoreEqualsTheMembers();
  const bool restarts = OneIn(2);
  const bool bumps = OneIn(3);
  Note(member.server->name() + ": an earlier state is restored" +
       (bumps ? ", and told as new" : "") + (restarts ? "; pedia restarts" : ""));
  if (restarts) StopPedia();
  const uint64_t before = member.world.resource_version();
  member.world.Restore(backup);
  if (bumps) {
    member.world.RaiseResourceVersion(before + 1'000);
    member.world.Compact();
  }
  // The same resourceVersions, but for the last, with other contents.
  for (uint64_t i = 0; i < kNames - 1; ++i) change(i);
  member.server->BreakWatches(WatchBreak::kDrop);
  if (restarts) StartPedia();
  went_back_ = true;
  ExpectTheStoreEqualsTheMembers();
  // So that no watch still stands in a future that it would miss.
  member.world.RaiseResourceVersion(before + 1);
  member.world.Compact();
}

TEST_P(SyncModelTest, WhateverHappensTheStoreEndsEqualToTheMembers) {
  GivenAMember("east", 12).CreateWidgets();
  GivenAMember("west", 12);
  StartPedia();
  for (int round = 0; round < kRounds && !HasFailure(); ++round) {
    for (int i = 0; i < kStepsPerRound; ++i) Step();
    Heal();
    if (!HasFailure() && OneIn(2)) RestartExpectingNoWrite();
    if (!HasFailure() && OneIn(2)) RestoreABackup();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SyncModelTest,
                         ::testing::Range(FromEnvironment("PEDIA_SYNC_MODEL_SEED", 1),
                                          FromEnvironment("PEDIA_SYNC_MODEL_SEED", 1) +
                                              FromEnvironment("PEDIA_SYNC_MODEL_SEEDS", 8)));

}  // namespace
}  // namespace pedia::synchro
