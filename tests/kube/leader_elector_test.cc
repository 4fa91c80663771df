#include "kube/leader_elector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <set>

#include "tests/kube/lease_server.h"

namespace pedia::kube {
namespace {

using std::chrono::milliseconds;
using ::testing::Each;
using ::testing::MatchesRegex;
using Json = LeaseServer::Json;

// A Lease says whole seconds, so one second is the shortest.
constexpr LeaseTimes kTimes{milliseconds(1'000), milliseconds(700), milliseconds(60)};

// What one process has: its own network thread, and an elector.
class Candidate {
 public:
  Candidate(LeaseServer& server, const std::string& identity, LeaseTimes times = kTimes)
      : client_(loop_, server.config()) {
    LeaderElectorOptions options;
    options.name_space = "ns";
    options.lease = "lease";
    options.identity = identity;
    options.times = times;
    elector_.emplace(client_, options, [this] { ++changes_; });
  }
  bool leading() const { return elector_->leading(); }
  std::string holder() const { return elector_->holder(); }
  int changes() const { return changes_; }
  EventLoop& loop() { return loop_; }
  void Leave() { elector_.reset(); }

 private:
  EventLoop loop_;
  Client client_;
  std::atomic<int> changes_ = 0;
  std::optional<LeaderElector> elector_;
};

class LeaderElectorTest : public ::testing::Test {
 protected:
  static bool WaitUntilLeading(const Candidate& candidate) {
    return Eventually([&] { return candidate.leading(); });
  }
  static Json Held(const std::string& holder, const std::string& renewed, int seconds = 1) {
    return {{"holderIdentity", holder},
            {"leaseDurationSeconds", seconds},
            {"renewTime", renewed},
            {"leaseTransitions", 4}};
  }
  // Until so many more requests of this method have come.
  bool WaitForMore(const std::string& method, int count) {
    const int end = server_.Count(method) + count;
    return Eventually([&] { return server_.Count(method) >= end; });
  }

  LeaseServer server_;
};

TEST_F(LeaderElectorTest, MakesALeaseThatIsNotThere) {
  Candidate candidate(server_, "host_1");
  ASSERT_TRUE(WaitUntilLeading(candidate));
  const Json lease = server_.Get("lease");
  EXPECT_EQ(lease["metadata"]["namespace"], "ns");
  EXPECT_EQ(lease["spec"]["holderIdentity"], "host_1");
  EXPECT_EQ(lease["spec"]["leaseDurationSeconds"], 1);
  EXPECT_EQ(lease["spec"]["leaseTransitions"], 0);
  EXPECT_THAT(lease["spec"]["acquireTime"].get<std::string>(),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{6}Z"));
  EXPECT_EQ(candidate.holder(), "host_1");
  EXPECT_EQ(candidate.changes(), 1);
}

TEST_F(LeaderElectorTest, RenewsItsLeaseAndKeepsWhatOthersWroteToIt) {
  Candidate candidate(server_, "host_1");
  ASSERT_TRUE(WaitUntilLeading(candidate));
  Json before = server_.Get("lease");
  server_.Put("lease", before["spec"], {{"team", "a"}});
  ASSERT_TRUE(WaitForMore("PUT", 5));
  const Json lease = server_.Get("lease");
  EXPECT_EQ(lease["metadata"]["labels"]["team"], "a");
  EXPECT_EQ(lease["spec"]["acquireTime"], before["spec"]["acquireTime"]);
  EXPECT_NE(lease["spec"]["renewTime"], before["spec"]["renewTime"]);
  EXPECT_EQ(lease["spec"]["leaseTransitions"], 0);
  EXPECT_TRUE(candidate.leading());
  EXPECT_EQ(candidate.changes(), 1);
}

TEST_F(LeaderElectorTest, OneOfTwoLeadsAndTheOtherWhenItIsGivenBack) {
  Candidate first(server_, "first");
  ASSERT_TRUE(WaitUntilLeading(first));
  Candidate second(server_, "second");
  ASSERT_TRUE(Eventually([&] { return second.holder() == "first"; }));
  EXPECT_FALSE(second.leading());
  first.Leave();
  ASSERT_TRUE(WaitUntilLeading(second));
  EXPECT_EQ(server_.Get("lease")["spec"]["leaseTransitions"], 1);
  second.Leave();
  EXPECT_EQ(server_.HolderOf("lease"), "");
}

TEST_F(LeaderElectorTest, TakesTheLeaseOfADeadHolderWhateverItsClockSaid) {
  server_.Put("lease", Held("dead", "2099-01-01T00:00:00.000000Z"));
  Candidate candidate(server_, "host_1");
  ASSERT_TRUE(Eventually([&] { return candidate.holder() == "dead"; }));
  EXPECT_FALSE(candidate.leading());
  ASSERT_TRUE(WaitUntilLeading(candidate));
  EXPECT_EQ(server_.Get("lease")["spec"]["leaseTransitions"], 5);
}

TEST_F(LeaderElectorTest, NeverTakesALeaseThatIsRenewedWhateverTheClocksSay) {
  server_.Put("lease", Held("alive", "1970-01-01T00:00:00.000000Z"));
  int renewals = 0;
  server_.SetHook([&](const std::string& method, const std::string&) {
    if (method != "GET") return;
    Json& lease = server_.lease("lease");
    lease["spec"]["renewTime"] =
        "1970-01-01T00:00:00." + std::to_string(100'000 + ++renewals) + "Z";
    server_.Touch(lease);
  });
  Candidate candidate(server_, "host_1");
  ASSERT_TRUE(WaitForMore("GET", 40));  // Twice as long as the Lease lasts.
  EXPECT_EQ(candidate.changes(), 0);
  EXPECT_EQ(server_.HolderOf("lease"), "alive");
}

TEST_F(LeaderElectorTest, AConflictMeansThatSomebodyElseWasFirst) {
  server_.Put("lease", Held("", "2026-01-01T00:00:00.000000Z"));
  server_.SetHook([&](const std::string& method, const std::string&) {
    if (method != "PUT") return;
    Json& lease = server_.lease("lease");
    if (lease["spec"]["holderIdentity"] != "") return;
    lease["spec"]["holderIdentity"] = "faster";
    server_.Touch(lease);
  });
  Candidate candidate(server_, "host_1");
  ASSERT_TRUE(Eventually([&] { return candidate.holder() == "faster"; }));
  EXPECT_FALSE(candidate.leading());
  EXPECT_EQ(candidate.changes(), 0);
  ASSERT_TRUE(WaitUntilLeading(candidate));  // It does not renew, so it is dead.
}

TEST_F(LeaderElectorTest, StopsLeadingWhenAnotherHoldsTheLeaseAndNotOnlyAtTheDeadline) {
  Candidate candidate(server_, "host_1",
                      {milliseconds(90'000), milliseconds(80'000), milliseconds(60)});
  ASSERT_TRUE(WaitUntilLeading(candidate));
  server_.Put("lease", Held("usurper", "2026-01-01T00:00:00.000000Z", 3600));
  ASSERT_TRUE(Eventually([&] { return !candidate.leading(); }));
  ASSERT_TRUE(WaitForMore("GET", 3));
  EXPECT_EQ(candidate.changes(), 2);
  EXPECT_EQ(server_.HolderOf("lease"), "usurper");
}

TEST_F(LeaderElectorTest, MakesItsLeaseAgainWhenItIsDeleted) {
  Candidate candidate(server_, "host_1");
  ASSERT_TRUE(WaitUntilLeading(candidate));
  server_.Delete("lease");
  ASSERT_TRUE(Eventually([&] { return server_.HolderOf("lease") == "host_1"; }));
  EXPECT_TRUE(candidate.leading());
  EXPECT_EQ(candidate.changes(), 1);
}

TEST_F(LeaderElectorTest, StopsLeadingWhileTheServerIsAwayAndLeadsAgainAfterwards) {
  Candidate candidate(server_, "host_1");
  ASSERT_TRUE(WaitUntilLeading(candidate));
  server_.SetDown(true);
  ASSERT_TRUE(Eventually([&] { return candidate.changes() == 2; }));
  EXPECT_FALSE(candidate.leading());
  server_.SetDown(false);
  ASSERT_TRUE(WaitUntilLeading(candidate));
  EXPECT_EQ(server_.Get("lease")["spec"]["leaseTransitions"], 0);
}

TEST_F(LeaderElectorTest, StopsLeadingWhileTheServerDoesNotAnswer) {
  Candidate candidate(server_, "host_1");
  ASSERT_TRUE(WaitUntilLeading(candidate));
  server_.SetHanging(true);
  ASSERT_TRUE(Eventually([&] { return candidate.changes() == 2; }));
  EXPECT_FALSE(candidate.leading());
  server_.SetHanging(false);
  EXPECT_TRUE(WaitUntilLeading(candidate));
}

TEST_F(LeaderElectorTest, APausedLeaderKnowsOnWakingThatItLeadsNoMore) {
  Candidate first(server_, "first");
  ASSERT_TRUE(WaitUntilLeading(first));
  Candidate second(server_, "second");
  std::optional<PausedLoop> pause(first.loop());
  ASSERT_TRUE(WaitUntilLeading(second));
  EXPECT_FALSE(first.leading());
  const size_t before = server_.writers().size();
  pause.reset();
  ASSERT_TRUE(Eventually([&] { return first.holder() == "second"; }));
  ASSERT_TRUE(WaitForMore("GET", 3));
  EXPECT_FALSE(first.leading());
  EXPECT_EQ(first.changes(), 2);
  EXPECT_TRUE(second.leading());
  const std::vector<std::string> writers = server_.writers();
  EXPECT_THAT(
      std::set<std::string>(writers.begin() + static_cast<ptrdiff_t>(before), writers.end()),
      Each("second"));
}

TEST_F(LeaderElectorTest, ACandidateThatWasPausedDoesNotTakeTheLeaseOfALivingHolder) {
  Candidate first(server_, "first");
  ASSERT_TRUE(WaitUntilLeading(first));
  Candidate second(server_, "second");
  ASSERT_TRUE(Eventually([&] { return second.holder() == "first"; }));
  {
    const PausedLoop pause(second.loop());
    ASSERT_TRUE(WaitForMore("PUT", 25));  // Longer than the Lease lasts.
  }
  ASSERT_TRUE(WaitForMore("GET", 3));
  EXPECT_EQ(second.changes(), 0);
  EXPECT_EQ(first.changes(), 1);
}

TEST_F(LeaderElectorTest, GarbageInsteadOfALeaseIsNobodysTurn) {
  for (const char* garbage :
       {"", "{", "null", "[[]]", "{}", R"({"metadata":{"name":3}})", R"({"spec":{}})", "<html>"}) {
    server_.Answer("GET", garbage);
    Candidate candidate(server_, "host_1");
    ASSERT_TRUE(WaitForMore("GET", 2)) << garbage;
    EXPECT_FALSE(candidate.leading()) << garbage;
  }
  EXPECT_EQ(server_.Count("PUT") + server_.Count("POST"), 0);
  server_.Answer("GET", {});
  Candidate candidate(server_, "host_1");
  EXPECT_TRUE(WaitUntilLeading(candidate));
}

TEST_F(LeaderElectorTest, AWriteWhoseAnswerIsGarbageDoesNotMakeALeader) {
  server_.Answer("POST", "{");
  server_.Answer("PUT", R"({"metadata":{"name":"lease"},"spec":{"holderIdentity":"other"}})");
  server_.Put("lease", Held("", ""));
  Candidate candidate(server_, "host_1");
  ASSERT_TRUE(WaitForMore("PUT", 2));
  server_.Delete("lease");
  ASSERT_TRUE(WaitForMore("POST", 2));
  EXPECT_EQ(candidate.changes(), 0);
  server_.Answer("POST", {});
  EXPECT_TRUE(WaitUntilLeading(candidate));
}

TEST_F(LeaderElectorTest, EndsWhileTheServerIsAway) {
  Candidate candidate(server_, "host_1");
  ASSERT_TRUE(WaitUntilLeading(candidate));
  server_.SetHanging(true);
  candidate.Leave();
  server_.SetHanging(false);
}

TEST_F(LeaderElectorTest, GivesBackOnlyWhatItHolds) {
  Candidate first(server_, "first");
  ASSERT_TRUE(WaitUntilLeading(first));
  Candidate second(server_, "second");
  ASSERT_TRUE(Eventually([&] { return second.holder() == "first"; }));
  second.Leave();
  EXPECT_EQ(server_.HolderOf("lease"), "first");
  EXPECT_EQ(first.changes(), 1);
}

}  // namespace
}  // namespace pedia::kube
