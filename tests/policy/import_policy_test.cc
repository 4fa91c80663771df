#include "policy/import_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/matchers.h"

namespace pedia::policy {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

const GroupVersionResource kClusters{"fleet.example", "v1", "clusters"};

ImportPolicy Policy() {
  ImportPolicy policy;
  policy.meta.name = "fleet";
  policy.meta.uid = "u1";
  policy.spec.source = {"fleet.example", "", "clusters"};
  policy.spec.name_template = "fleet-{{ .source.metadata.name }}";
  policy.spec.templates = {"spec: {}", "true"};
  return policy;
}

std::string ReasonOf(const ImportPolicy& policy, std::string* message = nullptr) {
  Cause cause;
  if (ImportRule::Make(policy, &cause)) return "";
  if (message != nullptr) *message = cause.message;
  return cause.reason;
}

TEST(ImportRuleTest, TakesAPolicy) { EXPECT_EQ(ReasonOf(Policy()), ""); }

TEST(ImportRuleTest, SaysWhichTemplateIsNoneAndWhere) {
  ImportPolicy policy = Policy();
  std::string message;
  policy.spec.name_template = "{{ nonsense .source }}";
  EXPECT_EQ(ReasonOf(policy, &message), "FailedParseLifecycleName");
  EXPECT_THAT(message, HasSubstr("spec.nameTemplate: "));
  EXPECT_THAT(message, HasSubstr("nonsense"));
  policy = Policy();
  policy.spec.selector = "{{ if }}";
  EXPECT_EQ(ReasonOf(policy, &message), "FailedParseSourceSelector");
  EXPECT_THAT(message, HasSubstr("spec.source.selectorTemplate: "));
}

TEST(ImportRuleTest, SaysWhatElseOfThePolicyIsInvalid) {
  const std::pair<void (*)(ImportPolicy*), const char*> cases[] = {
      {[](ImportPolicy* p) { p->spec.source.resource = ""; }, "spec.source.resource is required"},
      {[](ImportPolicy* p) { p->spec.templates.pedia_cluster = "{{"; }, "spec.template: "},
      {[](ImportPolicy* p) { p->spec.templates.creation_condition = "{{ fail2 }}"; },
       "spec.creationCondition: "},
      {[](ImportPolicy* p) {
         p->spec.references = {{"", {"", "", "secrets"}, {}, "", "n"}};
       },
       "references[0].key is required"},
      {[](ImportPolicy* p) {
         p->spec.references = {{"k", {"", "", "secrets"}, {}, "", ""}};
       },
       "references[0].nameTemplate is required"},
      {[](ImportPolicy* p) {
         p->spec.references = {{"k", {"", "", "secrets"}, {}, "", "n"},
                               {"k", {"", "", "secrets"}, {}, "", "n"}};
       },
       "\"k\" is there twice"},
      {[](ImportPolicy* p) {
         p->spec.references = {{"k", {"", "", "secrets"}, {}, "{{", "n"}};
       },
       "references[0].namespaceTemplate: "},
      {[](ImportPolicy* p) {
         p->spec.references = {{"k", {"", "", "secrets"}, {}, "", "{{"}};
       },
       "references[0].nameTemplate: "},
  };
  for (const auto& [change, expected] : cases) {
    ImportPolicy policy = Policy();
    change(&policy);
    std::string message;
    EXPECT_EQ(ReasonOf(policy, &message), "InvalaidPolicy") << expected;
    EXPECT_THAT(message, HasSubstr(expected));
  }
}

TEST(ImportRuleTest, SelectsAndNames) {
  ImportPolicy policy = Policy();
  policy.spec.selector = "\n {{ eq .source.spec.mode \"Push\" }} \n";
  Cause cause;
  const auto rule = ImportRule::Make(policy, &cause);
  ASSERT_TRUE(rule);
  auto name = rule->Select(R"({"metadata":{"name":"a"},"spec":{"mode":"Push"}})");
  ASSERT_THAT(name, IsOk());
  EXPECT_THAT(*name, Optional(std::string("fleet-a")));
  name = rule->Select(R"({"metadata":{"name":"a"},"spec":{"mode":"Pull"}})");
  ASSERT_THAT(name, IsOk());
  EXPECT_EQ(*name, std::nullopt);
}

TEST(ImportRuleTest, SaysWhichTemplateFailed) {
  ImportPolicy policy = Policy();
  policy.spec.selector = "{{ index .source.spec 7 }}";
  Cause cause;
  auto rule = ImportRule::Make(policy, &cause);
  ASSERT_TRUE(rule);
  EXPECT_THAT(rule->Select(R"({"metadata":{"name":"a"},"spec":[]})"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("selectorTemplate")));
  policy = Policy();
  policy.spec.name_template = "{{ .source.metadata.name }}/..";
  rule = ImportRule::Make(policy, &cause);
  ASSERT_TRUE(rule);
  EXPECT_THAT(rule->Select(R"({"metadata":{"name":"a"}})"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("\"a/..\" cannot be a name")));
}

class PlanLifecyclesTest : public ::testing::Test {
 protected:
  static SelectedSource Source(const std::string& name,
                               Result<std::optional<std::string>> lifecycle) {
    return {{kClusters, "n", name}, std::move(lifecycle)};
  }
  static SelectedSource Selected(const std::string& name) {
    return Source(name, std::optional<std::string>("fleet-" + name));
  }
  static SelectedSource Troubled(const std::string& name) {
    return Source(name, BadRequest("it is broken"));
  }
  void Add(const std::string& name, const char* owner_uid = "u1") {
    Lifecycle lifecycle;
    lifecycle.meta.name = "fleet-" + name;
    if (owner_uid != nullptr)
      lifecycle.meta.owners = {
          {"policy.clusterpedia.io/v1alpha1", "ClusterImportPolicy", "p", owner_uid, true}};
    lifecycle.spec = {{kClusters, "n", name}, references_, policy_.spec.templates};
    lifecycles_.emplace(lifecycle.meta.name, lifecycle);
  }
  LifecyclePlan Plan(const std::vector<SelectedSource>& sources) {
    return PlanLifecycles(policy_, references_, sources, lifecycles_);
  }

  ImportPolicy policy_ = Policy();
  std::vector<ReferenceTemplate> references_ = {{"k", {"", "v1", "secrets"}, {}, "a", "b"}};
  LifecycleMap lifecycles_;
};

TEST_F(PlanLifecyclesTest, MakesOneForEachSelectedObject) {
  const LifecyclePlan plan = Plan({Selected("a"), Source("b", std::optional<std::string>())});
  ASSERT_THAT(plan.create, SizeIs(1));
  EXPECT_EQ(plan.create[0].first, "fleet-a");
  EXPECT_EQ(plan.create[0].second,
            (LifecycleSpec{{kClusters, "n", "a"}, references_, policy_.spec.templates}));
  EXPECT_THAT(plan.problems, IsEmpty());
}

TEST_F(PlanLifecyclesTest, DoesNothingWhenAllIsAsItShouldBe) {
  Add("a");
  const LifecyclePlan plan = Plan({Selected("a")});
  EXPECT_THAT(plan.create, IsEmpty());
  EXPECT_THAT(plan.update, IsEmpty());
  EXPECT_THAT(plan.remove, IsEmpty());
  EXPECT_THAT(plan.problems, IsEmpty());
}

TEST_F(PlanLifecyclesTest, UpdatesWhatDiffersAndTakesOverWhatNobodyControls) {
  Add("a");
  Add("b", nullptr);
  lifecycles_.at("fleet-a").spec.templates.creation_condition = "old";
  const LifecyclePlan plan = Plan({Selected("a"), Selected("b")});
  ASSERT_THAT(plan.update, SizeIs(2));
  EXPECT_EQ(plan.update[0].first->meta.name, "fleet-a");
  EXPECT_EQ(plan.update[0].second.templates.creation_condition, "true");
  EXPECT_EQ(plan.update[1].first->meta.name, "fleet-b");
}

TEST_F(PlanLifecyclesTest, RemovesThoseOfObjectsThatAreGoneOrNotSelectedAnyMore) {
  Add("gone");
  Add("unselected");
  Add("of-another", "u2");
  Add("of-nobody", nullptr);
  const LifecyclePlan plan = Plan({Source("unselected", std::optional<std::string>())});
  ASSERT_THAT(plan.remove, SizeIs(2));
  EXPECT_EQ(plan.remove[0]->meta.name, "fleet-gone");
  EXPECT_EQ(plan.remove[1]->meta.name, "fleet-unselected");
}

TEST_F(PlanLifecyclesTest, ATemplateThatFailsKeepsWhatThereIs) {
  Add("a");
  lifecycles_.at("fleet-a").spec.source.gvr.version = "v1beta1";  // The same object all the same.
  const LifecyclePlan plan = Plan({Troubled("a"), Troubled("b")});
  EXPECT_THAT(plan.remove, IsEmpty());
  EXPECT_THAT(plan.problems, ElementsAre("fleet.example/v1/clusters n/a: it is broken",
                                         "fleet.example/v1/clusters n/b: it is broken"));
}

TEST_F(PlanLifecyclesTest, OfTwoObjectsWithOneNameTheFirstCounts) {
  const LifecyclePlan plan =
      Plan({Selected("a"), Source("b", std::optional<std::string>("fleet-a"))});
  ASSERT_THAT(plan.create, SizeIs(1));
  EXPECT_EQ(plan.create[0].second.source.name, "a");
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("the name \"fleet-a\" is that of")));
}

TEST_F(PlanLifecyclesTest, LeavesThoseOfOthersAlone) {
  Add("a", "u2");
  const LifecyclePlan plan = Plan({Selected("a")});
  EXPECT_THAT(plan.update, IsEmpty());
  EXPECT_THAT(plan.problems, ElementsAre(HasSubstr("belongs to the ClusterImportPolicy \"p\"")));
}

TEST_F(PlanLifecyclesTest, WaitsForWhatIsBeingDeleted) {
  Add("a");
  Add("b");
  for (auto& [name, lifecycle] : lifecycles_) {
    lifecycle.meta.deleting = true;
    lifecycle.spec.templates.creation_condition = "old";
  }
  const LifecyclePlan plan = Plan({Selected("a")});
  EXPECT_THAT(plan.create, IsEmpty());
  EXPECT_THAT(plan.update, IsEmpty());
  EXPECT_THAT(plan.remove, IsEmpty());
}

}  // namespace
}  // namespace pedia::policy
