#include "kube/lease_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>

#include "meta/guarded.h"
#include "tests/kube/lease_server.h"

namespace pedia::kube {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = LeaseServer::Json;
using Identities = std::vector<std::string>;

constexpr LeaseTimes kTimes{milliseconds(1'000), milliseconds(700), milliseconds(60)};
// For Leases that do not say how long they last: written ones do, in whole seconds.
constexpr LeaseTimes kShortTimes{milliseconds(100), milliseconds(90), milliseconds(30)};

// What one process has: its own network thread, and a member.
class Member {
 public:
  Member(LeaseServer& server, const std::string& identity, LeaseTimes times = kTimes)
      : client_(loop_, server.config()) {
    LeaseGroupOptions options;
    options.name_space = "ns";
    options.group = "team";
    options.identity = identity;
    options.times = times;
    group_.emplace(client_, options, [this, group = made_.get_future().share()] {
      const Identities members = group.get()->Members();
      told_.With([&](std::vector<Identities>& told) { told.push_back(members); });
    });
    made_.set_value(&*group_);
  }
  Identities Members() const { return group_->Members(); }
  bool WaitFor(const Identities& members) const {
    return Eventually([&] { return Members() == members; });
  }
  // What Members() was each time it was said to have changed.
  std::vector<Identities> told() const {
    return told_.With([](const auto& told) { return told; });
  }
  EventLoop& loop() { return loop_; }
  void Leave() { group_.reset(); }

 private:
  EventLoop loop_;
  Client client_;
  Guarded<std::vector<Identities>> told_;
  std::promise<LeaseGroup*> made_;
  std::optional<LeaseGroup> group_;
};

class LeaseGroupTest : public ::testing::Test {
 protected:
  void PutMember(const std::string& name, Json spec) {
    server_.Put(name, std::move(spec), {{"clusterpedia.io/lease-group", "team"}});
  }
  bool WaitForMore(const std::string& method, int count) {
    const int end = server_.Count(method) + count;
    return Eventually([&] { return server_.Count(method) >= end; });
  }

  LeaseServer server_;
};

TEST_F(LeaseGroupTest, MembersSeeEachOther) {
  Member b(server_, "Host.B_2");
  ASSERT_TRUE(b.WaitFor({"Host.B_2"}));
  Member a(server_, "host_1");
  server_.Put("stranger", {{"holderIdentity", "stranger"}}, {{"clusterpedia.io/lease-group", "x"}});
  EXPECT_TRUE(a.WaitFor({"Host.B_2", "host_1"}));
  EXPECT_TRUE(b.WaitFor({"Host.B_2", "host_1"}));
  EXPECT_THAT(server_.names(), ElementsAre("stranger", "team-host-1", "team-host-b-2"));
  const Json lease = server_.Get("team-host-1");
  EXPECT_EQ(lease["spec"]["holderIdentity"], "host_1");
  EXPECT_EQ(lease["metadata"]["labels"]["clusterpedia.io/lease-group"], "team");
}

TEST_F(LeaseGroupTest, WhoLeavesIsGoneAtOnce) {
  Member a(server_, "a");
  Member b(server_, "b");
  ASSERT_TRUE(a.WaitFor({"a", "b"}));
  b.Leave();
  EXPECT_THAT(server_.names(), ElementsAre("team-a"));
  EXPECT_TRUE(a.WaitFor({"a"}));
}

TEST_F(LeaseGroupTest, WhoDoesNotRenewIsDeadWhateverItsClockSaid) {
  Member a(server_, "a");
  PutMember("team-dead", {{"holderIdentity", "dead"},
                          {"leaseDurationSeconds", 1},
                          {"renewTime", "2099-01-01T00:00:00.000000Z"}});
  PutMember("team-left", {{"holderIdentity", ""}, {"leaseDurationSeconds", 3600}});
  EXPECT_TRUE(a.WaitFor({"a", "dead"}));
  EXPECT_TRUE(a.WaitFor({"a"}));
}

TEST_F(LeaseGroupTest, WhoJoinsAfterADeathIsNotMisledByIt) {
  Member a(server_, "a");
  PutMember("team-dead", {{"holderIdentity", "dead"}, {"leaseDurationSeconds", 1}});
  ASSERT_TRUE(a.WaitFor({"a", "dead"}));
  ASSERT_TRUE(a.WaitFor({"a"}));
  ASSERT_TRUE(Eventually([&] { return server_.Get("team-dead").is_null(); }));
  Member b(server_, "b");
  ASSERT_TRUE(b.WaitFor({"a", "b"}));
  for (const Identities& members : b.told()) EXPECT_THAT(members, Not(Contains("dead")));
}

TEST_F(LeaseGroupTest, RemovesTheLeaseOfWhoIsDeadAndOfNobodyElse) {
  Member a(server_, "a", kShortTimes);
  PutMember("team-dead", {{"holderIdentity", "dead"}});
  PutMember("team-alive", {{"holderIdentity", "alive"}, {"renewTime", "1970-01-01T00:00:00Z"}});
  int renewals = 0;
  server_.SetHook([&](const std::string& method, const std::string& target) {
    if (method != "GET" || target.find('?') == std::string::npos) return;
    Json& lease = server_.lease("team-alive");
    lease["spec"]["renewTime"] =
        "1970-01-01T00:00:00." + std::to_string(100'000 + ++renewals) + "Z";
    server_.Touch(lease);
  });
  ASSERT_TRUE(Eventually([&] { return server_.Get("team-dead").is_null(); }));
  EXPECT_THAT(server_.names(), ElementsAre("team-a", "team-alive"));
}

TEST_F(LeaseGroupTest, WhoComesBackAtTheLastMomentIsNotRemoved) {
  Member a(server_, "a", kShortTimes);
  PutMember("team-late", {{"holderIdentity", "late"}});
  server_.SetHook([&](const std::string& method, const std::string&) {
    if (method == "DELETE") server_.Touch(server_.lease("team-late"));
  });
  ASSERT_TRUE(WaitForMore("DELETE", 3));
  EXPECT_FALSE(server_.Get("team-late").is_null());
}

TEST_F(LeaseGroupTest, AMemberWhoseLeaseIsDeletedMakesItAgain) {
  Member a(server_, "a");
  ASSERT_TRUE(a.WaitFor({"a"}));
  server_.Delete("team-a");
  ASSERT_TRUE(Eventually([&] { return server_.HolderOf("team-a") == "a"; }));
  EXPECT_THAT(a.told(), ElementsAre(ElementsAre("a")));
}

TEST_F(LeaseGroupTest, NobodyIsKnownWhileTheServerIsAway) {
  Member a(server_, "a");
  Member b(server_, "b");
  ASSERT_TRUE(a.WaitFor({"a", "b"}));
  server_.SetDown(true);
  EXPECT_TRUE(Eventually([&] { return a.told().back().empty() && b.told().back().empty(); }));
  EXPECT_THAT(a.Members(), IsEmpty());
  server_.SetDown(false);
  EXPECT_TRUE(a.WaitFor({"a", "b"}));
  EXPECT_TRUE(b.WaitFor({"a", "b"}));
}

TEST_F(LeaseGroupTest, NobodyIsKnownWhileTheOthersAreNot) {
  Member a(server_, "a");
  ASSERT_TRUE(a.WaitFor({"a"}));
  // The holder does not read: its writes go on.
  server_.Answer("GET", R"({"items":)");
  EXPECT_TRUE(Eventually([&] { return a.told().back().empty(); }));
  EXPECT_EQ(server_.HolderOf("team-a"), "a");
  server_.Answer("GET", {});
  EXPECT_TRUE(a.WaitFor({"a"}));
}

TEST_F(LeaseGroupTest, WhoWasPausedIsNoMemberAndNeverTakesTheOthersForDead) {
  Member a(server_, "a");
  Member b(server_, "b");
  ASSERT_TRUE(a.WaitFor({"a", "b"}));
  ASSERT_TRUE(b.WaitFor({"a", "b"}));
  const size_t told = b.told().size();
  {
    const PausedLoop pause(b.loop());
    EXPECT_TRUE(a.WaitFor({"a"}));
    EXPECT_THAT(b.Members(), IsEmpty());
  }
  EXPECT_TRUE(b.WaitFor({"a", "b"}));
  EXPECT_TRUE(a.WaitFor({"a", "b"}));
  const std::vector<Identities> later = b.told();
  EXPECT_THAT(std::vector<Identities>(later.begin() + static_cast<ptrdiff_t>(told), later.end()),
              Not(Contains(Identities{"b"})));
}

TEST_F(LeaseGroupTest, LeasesThatAreNoneAreNoMembers) {
  server_.Answer("GET",
                 R"({"items":[null,7,{"metadata":{"name":"x"}},{"spec":{"holderIdentity":"y"}},
      {"metadata":{"name":"z"},"spec":{"holderIdentity":["z"],"leaseDurationSeconds":{}}}]})");
  Member a(server_, "a");
  // Its own Lease cannot be read, so it is no member.
  ASSERT_TRUE(WaitForMore("GET", 6));
  EXPECT_THAT(a.Members(), IsEmpty());
  server_.Answer("GET", {});
  EXPECT_TRUE(a.WaitFor({"a"}));
}

}  // namespace
}  // namespace pedia::kube
