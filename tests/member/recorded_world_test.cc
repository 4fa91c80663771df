#include "tests/member/recorded_world.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/testing/matchers.h"

namespace pedia::member {
namespace {

using pedia::testing::FailsWith;
using pedia::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::filesystem::path kWorld = PEDIA_SOURCE_ROOT "/tests/testdata/world/world.json.gz";

std::set<std::string> Uids(const World& world) {
  std::set<std::string> uids;
  for (const auto& [path, body] : world.Dump())
    uids.insert(nlohmann::json::parse(body)["metadata"].value("uid", ""));
  return uids;
}

TEST(RecordedWorldTest, ReadsWhatIsNotCompressedToo) {
  for (const std::string minor : {"1.22", "1.19"}) {
    World world;
    const auto file = PEDIA_SOURCE_ROOT "/tests/testdata/world-" + minor + "/world.json";
    ASSERT_THAT(LoadRecordedWorld(world, {file, ""}), IsOk());
    EXPECT_THAT(world.VersionDocument(), HasSubstr("\"v" + minor + "."));
    const auto job = world.Get({"batch", "v1beta1", "cronjobs"}, {"shop", "cleanup"});
    ASSERT_THAT(job, IsOk());
    EXPECT_THAT(*job, HasSubstr("*/15 * * * *"));
  }
}

TEST(RecordedWorldTest, ServesTheObjectsAsRecorded) {
  World world;
  ASSERT_THAT(LoadRecordedWorld(world, {kWorld, ""}), IsOk());
  EXPECT_EQ(world.resource_version(), 1284u);
  const auto recorded = nlohmann::json::parse(*ReadWorldFile(kWorld));
  const auto dump = world.Dump();
  const std::pair<std::string, std::string> cases[] = {
      {"/api/v1/pods", "/api/v1/namespaces/infra/pods/"},
      {"/apis/apps/v1/deployments", "/apis/apps/v1/namespaces/infra/deployments/"},
      {"/apis/example.com/v1/widgets", "/apis/example.com/v1/namespaces/team-a/widgets/"}};
  for (const auto& [list, objects] : cases) {
    nlohmann::json item = recorded[list]["items"][0];
    const auto served =
        nlohmann::json::parse(dump.at(objects + item["metadata"]["name"].get<std::string>()));
    item["kind"] = served["kind"];
    item["apiVersion"] = served["apiVersion"];
    EXPECT_EQ(served, item);
  }
  EXPECT_EQ(world.Count({"", "v1", "pods"}), recorded["/api/v1/pods"]["items"].size());
}

TEST(RecordedWorldTest, ServesTheRecordedDiscovery) {
  World world;
  ASSERT_THAT(LoadRecordedWorld(world, {kWorld, ""}), IsOk());
  const auto recorded = nlohmann::json::parse(*ReadWorldFile(kWorld));
  for (const std::string path :
       {"/apis", "/api/v1", "/apis/apps/v1", "/apis/example.com", "/apis/example.com/v1"}) {
    auto expected = recorded[path];
    const auto served =
        nlohmann::json::parse(*world.DiscoveryDocument(path, DiscoveryFormat::kLegacy));
    EXPECT_EQ(served, expected) << path;
  }
}

TEST(RecordedWorldTest, AnotherClusterHasOtherUidsAndConsistentOwners) {
  World first;
  World second;
  ASSERT_THAT(LoadRecordedWorld(first, {kWorld, "one"}), IsOk());
  ASSERT_THAT(LoadRecordedWorld(second, {kWorld, "two"}), IsOk());
  const std::set<std::string> uids = Uids(first);
  std::set<std::string> both = uids;
  both.merge(Uids(second));
  EXPECT_EQ(both.size(), 2 * uids.size() - (uids.contains("") ? 1 : 0));
  const auto set = nlohmann::json::parse(
      first.Dump().at("/apis/apps/v1/namespaces/infra/replicasets/api-5f004011"));
  EXPECT_TRUE(uids.contains(set["metadata"]["ownerReferences"][0]["uid"]));
  EXPECT_TRUE(first.Dump().contains("/api/v1/nodes/one-node-1"));
}

TEST(RecordedWorldTest, NamesTheFileThatCannotBeRead) {
  World world;
  EXPECT_THAT(LoadRecordedWorld(world, {"/nonexistent.gz", ""}),
              FailsWith(StatusReason::kBadRequest, HasSubstr("/nonexistent.gz")));
  EXPECT_THAT(LoadRecordedWorld(world, {PEDIA_SOURCE_ROOT "/CMakeLists.txt", ""}),
              FailsWith(StatusReason::kBadRequest, HasSubstr("CMakeLists.txt")));
}

}  // namespace
}  // namespace pedia::member
