// The import policies of deploy/policies with objects as the projects have them. Each file of
// testdata: the policy, a source, the objects it refers to, the lifecycle's name (null: not selected),
// and the PediaCluster's spec (null: not to be created yet).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "kube/yaml_document.h"
#include "policy/import_policy.h"
#include "policy/lifecycle.h"
#include "tests/testing/matchers.h"

namespace pedia::policy {
namespace {

using Json = nlohmann::json;
using ::pedia::testing::IsOk;
namespace fs = std::filesystem;

std::string ReadText(const fs::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return (std::ostringstream() << file.rdbuf()).str();
}

std::vector<fs::path> Cases() {
  std::vector<fs::path> cases;
  for (const auto& entry :
       fs::directory_iterator(fs::path(PEDIA_SOURCE_ROOT) / "tests" / "policy" / "testdata"))
    cases.push_back(entry.path());
  return cases;
}

class ShippedPolicyTest : public ::testing::TestWithParam<fs::path> {
 protected:
  static ImportPolicy Policy(const std::string& name) {
    const auto yaml = kube::ParseYaml(
        ReadText(fs::path(PEDIA_SOURCE_ROOT) / "deploy" / "policies" / name / "policy.yaml"));
    EXPECT_THAT(yaml, IsOk());
    auto policy = ParseImportPolicy(kube::FormatJson(**yaml));
    EXPECT_THAT(policy, IsOk());
    return *policy;
  }

  // The lifecycle as the controller makes it of the source.
  static Lifecycle MakeLifecycle(const ImportPolicy& policy, const std::string& name,
                                 const Json& source) {
    Lifecycle lifecycle;
    lifecycle.meta.name = name;
    lifecycle.meta.uid = "u1";
    lifecycle.spec.source = {policy.spec.source, source["metadata"].value("namespace", ""),
                             source["metadata"]["name"]};
    lifecycle.spec.references = policy.spec.references;
    for (ReferenceTemplate& reference : lifecycle.spec.references) reference.gvr.version = "v1";
    lifecycle.spec.templates = policy.spec.templates;
    return lifecycle;
  }
};

TEST_P(ShippedPolicyTest, MakesThePediaClusterOfTheSource) {
  const Json expected = Json::parse(ReadText(GetParam()));
  const ImportPolicy policy = Policy(expected["policy"]);
  Cause cause;
  const auto rule = ImportRule::Make(policy, &cause);
  ASSERT_TRUE(rule) << cause.message;
  const std::string source = expected["source"].dump();
  const auto name = rule->Select(source);
  ASSERT_THAT(name, IsOk());
  ASSERT_EQ(name->value_or(""), expected["lifecycle"].is_null() ? "" : expected["lifecycle"]);
  if (!*name) return;
  const Lifecycle lifecycle = MakeLifecycle(policy, **name, expected["source"]);
  LifecycleView view;
  view.find = [&](const ObjectReference& object) -> std::shared_ptr<const std::string> {
    if (object == lifecycle.spec.source) return std::make_shared<const std::string>(source);
    const auto found = expected["references"].find(object.ToString());
    if (found == expected["references"].end()) return nullptr;
    return std::make_shared<const std::string>(found->dump());
  };
  const LifecycleDecision decision = Decide(lifecycle, view, 0);
  ASSERT_EQ(decision.conditions.size(), 1u);
  const Condition& created = decision.conditions[0];
  if (expected["spec"].is_null()) {
    EXPECT_EQ(created.reason, "WaitCreationCondition");
    EXPECT_EQ(created.message, "");
    return;
  }
  ASSERT_EQ(decision.write, LifecycleDecision::Write::kCreate)
      << created.reason << ": " << created.message;
  EXPECT_EQ(Json::parse(decision.body)["spec"], expected["spec"]);
}

INSTANTIATE_TEST_SUITE_P(All, ShippedPolicyTest, ::testing::ValuesIn(Cases()),
                         [](const auto& each) { return each.param.stem().string(); });

TEST(ShippedPoliciesTest, EachOneIsTested) {
  std::set<std::string> tested, shipped;
  for (const fs::path& path : Cases()) tested.insert(Json::parse(ReadText(path))["policy"]);
  for (const auto& entry :
       fs::directory_iterator(fs::path(PEDIA_SOURCE_ROOT) / "deploy" / "policies"))
    shipped.insert(entry.path().filename().string());
  EXPECT_EQ(tested, shipped);
  EXPECT_EQ(shipped.size(), 4u);
}

}  // namespace
}  // namespace pedia::policy
