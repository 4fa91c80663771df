#include "synchro/shard_leases.h"

#include <gtest/gtest.h>

namespace pedia::synchro {
namespace {

using State = ShardLife::State;
using std::chrono::seconds;

kube::Lease Lease(const std::string& name, const std::string& holder,
                  const std::string& renewed = "2026-11-24T00:00:00Z",
                  const std::string& group = "") {
  const std::string labels =
      group.empty() ? "{}" : R"({"clusterpedia.io/lease-group":")" + group + "\"}";
  return {name, "1", R"({"labels":)" + labels + "}", {holder, 15, "", renewed, 1}};
}

class ShardLeasesTest : public ::testing::Test {
 protected:
  State Of(const std::string& shard) const { return leases_.Of(shard, seconds(15)).state; }
  ShardLeases leases_;
  const kube::BootClock::time_point now_ = kube::BootClock::now();
};

TEST_F(ShardLeasesTest, NothingIsKnownBeforeTheFirstList) {
  EXPECT_EQ(Of(""), State::kUnknown);
  leases_.See({}, now_);
  EXPECT_EQ(Of(""), State::kAbsent);
}

TEST_F(ShardLeasesTest, ALeaseThatDoesNotChangeIsDeadOnlyAfterItsTime) {
  const std::vector leases = {Lease("clusterpedia-clustersynchro-manager", "x")};
  leases_.See(leases, now_);
  EXPECT_EQ(Of(""), State::kAlive);
  EXPECT_EQ(Of("a"), State::kAbsent);
  leases_.See(leases, now_ + seconds(60));
  EXPECT_EQ(Of(""), State::kDead);
  EXPECT_EQ(leases_.Of("", seconds(15)).renewed, "2026-11-24T00:00:00Z");
  leases_.See({Lease("clusterpedia-clustersynchro-manager", "x", "2026-11-24T00:01:00Z")},
              kube::BootClock::now());
  EXPECT_EQ(Of(""), State::kAlive);
}

TEST_F(ShardLeasesTest, AGroupLivesAsLongAsOneOfIt) {
  const std::string group = "clusterpedia-clustersynchro-manager-a";
  leases_.See({Lease(group + "-1", "1", "t1", group), Lease(group + "-2", "2", "t1", group)}, now_);
  leases_.See({Lease(group + "-1", "1", "t1", group), Lease(group + "-2", "2", "t2", group)},
              kube::BootClock::now() + seconds(10));
  EXPECT_EQ(Of("a"), State::kAlive);
  EXPECT_EQ(Of("a-1"), State::kAbsent) << "a member's Lease is no shard's";
  leases_.See({Lease(group + "-1", "1", "t1", group), Lease(group + "-2", "2", "t2", group)},
              kube::BootClock::now() + seconds(60));
  EXPECT_EQ(Of("a"), State::kDead);
  EXPECT_EQ(leases_.Of("a", seconds(15)).renewed, "t2");
}

TEST_F(ShardLeasesTest, ALeaseThatWasGivenBackIsNoDeath) {
  const std::vector leases = {Lease("clusterpedia-clustersynchro-manager", "")};
  leases_.See(leases, now_);
  leases_.See(leases, now_ + seconds(60));
  EXPECT_EQ(Of(""), State::kAbsent);
}

TEST_F(ShardLeasesTest, OtherLeasesDoNotCount) {
  leases_.See({Lease("clusterpedia-controller-manager", "x")}, now_);
  EXPECT_EQ(Of(""), State::kAbsent);
}

}  // namespace
}  // namespace pedia::synchro
