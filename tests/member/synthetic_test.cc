#include "tests/member/synthetic.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "meta/json_reader.h"
#include "tests/member/churn.h"
#include "tests/testing/matchers.h"

namespace pedia::member {
namespace {

using pedia::testing::IsOk;

const GroupVersionResource kPods{"", "v1", "pods"};

std::string Pod(const SyntheticCluster& cluster, uint32_t index, uint32_t revision = 0) {
  std::string text = "{";
  cluster.AppendPod(index, revision, 7, &text);
  return text;
}

TEST(SyntheticClusterTest, PodsAreWellFormedAndOfAboutFourKilobytes) {
  const SyntheticCluster cluster({.pods = 1000});
  size_t bytes = 0;
  for (uint32_t i = 0; i < 1100; ++i) {
    const std::string pod = Pod(cluster, i, i % 3);
    ASSERT_TRUE(IsValidJson(pod)) << pod;
    bytes += pod.size();
  }
  EXPECT_GT(bytes / 1100, 3'800u);
  EXPECT_LT(bytes / 1100, 4'700u);
}

TEST(SyntheticClusterTest, NamesAreUniqueAndThoseOfTheBodies) {
  const SyntheticCluster cluster({.pods = 20'000});
  std::set<std::string> names;
  for (uint32_t i = 0; i < 25'000; ++i) names.insert(cluster.PodName(i).Key());
  EXPECT_EQ(names.size(), 25'000u);
  for (const uint32_t i : {0u, 7u, 19'999u, 24'999u}) {
    const auto pod = nlohmann::json::parse(Pod(cluster, i));
    EXPECT_EQ(pod["metadata"]["name"], cluster.PodName(i).name);
    EXPECT_EQ(pod["metadata"]["namespace"], cluster.PodName(i).namespace_name);
  }
}

TEST(SyntheticClusterTest, IsTheSameForTheSameSeedAndDiffersBetweenClusters) {
  const SyntheticCluster one({.cluster = "one"});
  EXPECT_EQ(Pod(one, 5), Pod(SyntheticCluster({.cluster = "one"}), 5));
  const auto a = nlohmann::json::parse(Pod(one, 5));
  const auto b = nlohmann::json::parse(Pod(SyntheticCluster({.cluster = "two"}), 5));
  EXPECT_NE(a["metadata"]["uid"], b["metadata"]["uid"]);
  EXPECT_NE(a["metadata"]["name"], b["metadata"]["name"]);
  EXPECT_NE(Pod(one, 5, 0), Pod(one, 5, 1));
  EXPECT_NE(Pod(one, 5, 1), Pod(one, 5, 2));
}

TEST(SyntheticClusterTest, OnePodInAThousandIsACanary) {
  const SyntheticCluster cluster({.pods = 10'000});
  int canaries = 0;
  for (uint32_t i = 0; i < 10'000; ++i) {
    const std::string pod = Pod(cluster, i);
    if (pod.find(R"("canary":"true")") != std::string::npos) ++canaries;
  }
  EXPECT_EQ(canaries, 10);
}

TEST(SyntheticClusterTest, OwnersOfPodsExist) {
  World world;
  ASSERT_THAT(
      LoadSynthetic(world, std::make_shared<SyntheticCluster>(SyntheticOptions{.pods = 60})),
      IsOk());
  std::set<std::string> uids;
  for (const auto& [path, body] : world.Dump())
    uids.insert(nlohmann::json::parse(body)["metadata"]["uid"]);
  size_t owned = 0;
  for (const auto& [path, body] : world.Dump()) {
    const auto object = nlohmann::json::parse(body);
    for (const auto& owner : object["metadata"].value("ownerReferences", nlohmann::json::array())) {
      EXPECT_TRUE(uids.contains(owner["uid"])) << path;
      ++owned;
    }
  }
  EXPECT_EQ(owned, 66u);  // Pods and replica sets.
  EXPECT_EQ(uids.size(), world.Dump().size());
}

TEST(ChurnTest, StepsAreReproducibleAndKeepTheWorldConsistent) {
  const auto run = [] {
    World world;
    const auto cluster = std::make_shared<SyntheticCluster>(SyntheticOptions{.pods = 50});
    EXPECT_THAT(LoadSynthetic(world, cluster), IsOk());
    const uint64_t start = world.resource_version();
    Churn churn(world, cluster, 3);
    churn.Step(200);
    EXPECT_EQ(world.resource_version(), start + 200);
    EXPECT_EQ(world.ReadEvents(kPods, start, 1000).events.size(), 200u);
    return world.Dump();
  };
  EXPECT_EQ(run(), run());
}

TEST(ChurnTest, RunsAtARateUntilStopped) {
  World world;
  const auto cluster = std::make_shared<SyntheticCluster>(SyntheticOptions{.pods = 50});
  ASSERT_THAT(LoadSynthetic(world, cluster), IsOk());
  Churn churn(world, cluster);
  churn.SetRate(2000);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (churn.changes() < 20 && std::chrono::steady_clock::now() < give_up)
    std::this_thread::yield();
  churn.SetRate(0);
  const uint64_t changes = churn.changes();
  EXPECT_GE(changes, 20u);
  const uint64_t version = world.resource_version();
  churn.Step(1);
  EXPECT_EQ(world.resource_version(), version + 1);
}

}  // namespace
}  // namespace pedia::member
