#include "synchro/negotiation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "meta/status.h"

namespace pedia::synchro {
namespace {

using discovery::ApiResource;
using discovery::ClusterCatalog;
using ::testing::ElementsAreArray;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

ApiResource Resource(std::string group, std::string version, std::string name, std::string kind,
                     std::string singular,
                     std::vector<std::string> verbs = {"get", "list", "watch"}) {
  return {{std::move(group), std::move(version), std::move(name)},
          std::move(kind),
          std::move(singular),
          true,
          {},
          {},
          std::move(verbs)};
}

ClusterCatalog Served() {
  return {{
      Resource("", "v1", "bindings", "Binding", "binding", {"create"}),
      Resource("", "v1", "componentstatuses", "ComponentStatus", "componentstatus",
               {"get", "list"}),
      Resource("", "v1", "pods", "Pod", "pod"),
      Resource("", "v1", "secrets", "Secret", "secret"),
      Resource("apps", "v1", "deployments", "Deployment", ""),
      Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler",
               "horizontalpodautoscaler"),
      Resource("autoscaling", "v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler",
               "horizontalpodautoscaler"),
      Resource("coordination.k8s.io", "v1", "leases", "Lease", "lease"),
      Resource("example.com", "v4", "secrets", "Secret", "secret"),
      Resource("example.com", "v4", "widgets", "Widget", "widget"),
      Resource("example.com", "v3", "widgets", "Widget", "widget"),
      Resource("example.com", "v2", "widgets", "Widget", "widget"),
      Resource("example.com", "v1", "widgets", "Widget", "widget"),
  }};
}

std::vector<std::string> Negotiated(std::vector<SyncRule> rules, std::vector<std::string> skip = {},
                                    bool all_custom = false) {
  const ClusterSpec spec{"c", BadRequest("not used"), std::move(rules), all_custom,
                         std::move(skip)};
  std::vector<std::string> names;
  for (const ApiResource& resource : NegotiateResources(spec, Served()))
    names.push_back(resource.gvr.ToString());
  return names;
}

struct RuleCase {
  std::string name;
  std::vector<SyncRule> rules;
  std::vector<std::string> skip;
  bool all_custom;
  std::vector<std::string> want;
};

class NegotiationTest : public ::testing::TestWithParam<RuleCase> {};

TEST_P(NegotiationTest, SelectsWhatTheRulesSay) {
  const RuleCase& test = GetParam();
  EXPECT_THAT(Negotiated(test.rules, test.skip, test.all_custom), ElementsAreArray(test.want));
}

const std::vector<std::string> kHpa = {"autoscaling/v2/horizontalpodautoscalers",
                                       "autoscaling/v1/horizontalpodautoscalers"};

INSTANTIATE_TEST_SUITE_P(
    Rules, NegotiationTest,
    ::testing::Values(
        // Names.
        RuleCase{"Plural", {{"", {}, {"pods"}}}, {}, false, {"v1/pods"}},
        RuleCase{"SingularInAnyCase",
                 {{"", {}, {"POD"}}, {"apps", {}, {"Deployment"}}},
                 {},
                 false,
                 {"v1/pods", "apps/v1/deployments"}},
        RuleCase{"OtherGroupDoesNotCount", {{"apps", {}, {"pods"}}}, {}, false, {}},
        RuleCase{"AllOfAGroup", {{"", {}, {"*"}}}, {}, false, {"v1/pods", "v1/secrets"}},
        RuleCase{"NothingTwice",
                 {{"", {}, {"*"}}, {"", {}, {"pods", "pod"}}},
                 {},
                 false,
                 {"v1/pods", "v1/secrets"}},
        RuleCase{
            "NoListOrWatchNoSync", {{"", {}, {"bindings", "componentstatuses"}}}, {}, false, {}},
        RuleCase{"EveryGroup",
                 {{"*", {}, {"pods", "leases"}}},
                 {},
                 false,
                 {"v1/pods", "coordination.k8s.io/v1/leases"}},
        // Versions.
        RuleCase{"WithoutVersionsTheFirstThree",
                 {{"example.com", {}, {"widgets"}}},
                 {},
                 false,
                 {"example.com/v4/widgets", "example.com/v3/widgets", "example.com/v2/widgets"}},
        RuleCase{"BothOfTwo", {{"autoscaling", {}, {"*"}}}, {}, false, kHpa},
        RuleCase{
            "VersionsThatConvertGoTogether", {{"autoscaling", {"v1"}, {"*"}}}, {}, false, kHpa},
        RuleCase{"AllVersions",
                 {{"example.com", {"*"}, {"widgets"}}},
                 {},
                 false,
                 {"example.com/v4/widgets", "example.com/v3/widgets", "example.com/v2/widgets",
                  "example.com/v1/widgets"}},
        RuleCase{"NamedVersionsThatAreServed",
                 {{"example.com", {"v1", "v9"}, {"widgets"}}},
                 {},
                 false,
                 {"example.com/v1/widgets"}},
        // Skipped.
        RuleCase{"SkippedBareNameMeansBuiltInGroups",
                 {{"*", {}, {"secrets"}}},
                 {"Secrets"},
                 false,
                 {"example.com/v4/secrets"}},
        RuleCase{"SkippedQualifiedName",
                 {{"*", {}, {"secrets", "leases"}}},
                 {"lease.coordination.k8s.io"},
                 false,
                 {"v1/secrets", "example.com/v4/secrets"}},
        // Custom resources.
        RuleCase{"AllCustomResourcesInAllVersions",
                 {},
                 {},
                 true,
                 {"example.com/v4/secrets", "example.com/v4/widgets", "example.com/v3/widgets",
                  "example.com/v2/widgets", "example.com/v1/widgets"}},
        RuleCase{"SkippedCustomResource",
                 {},
                 {"widgets.example.com"},
                 true,
                 {"example.com/v4/secrets"}}),
    [](const auto& param) { return param.param.name; });

std::map<std::string, std::string> Sources(const std::vector<ApiResource>& resources) {
  std::map<std::string, std::string> names;
  for (const auto& [stored, source] : ChooseSources(resources))
    names[stored.ToString()] = source.gvr.ToString();
  return names;
}

TEST(ChooseSourcesTest, ReadsOneVersionOfThoseThatConvert) {
  EXPECT_THAT(Sources({Resource("autoscaling", "v1", "horizontalpodautoscalers", "H", "h"),
                       Resource("autoscaling", "v2beta2", "horizontalpodautoscalers", "H", "h"),
                       Resource("autoscaling", "v2beta1", "horizontalpodautoscalers", "H", "h"),
                       Resource("", "v1", "pods", "Pod", "pod")}),
              UnorderedElementsAre(Pair("autoscaling/v2/horizontalpodautoscalers",
                                        "autoscaling/v2beta2/horizontalpodautoscalers"),
                                   Pair("v1/pods", "v1/pods")));
}

TEST(ChooseSourcesTest, VersionsThatDoNotConvertAreReadEach) {
  EXPECT_THAT(Sources({Resource("example.com", "v2", "widgets", "Widget", "widget"),
                       Resource("example.com", "v1", "widgets", "Widget", "widget")}),
              UnorderedElementsAre(Pair("example.com/v1/widgets", "example.com/v1/widgets"),
                                   Pair("example.com/v2/widgets", "example.com/v2/widgets")));
}

TEST(ChooseSourcesTest, AnotherGroupOfTheSameKindIsReadIfItIsAllThereIs) {
  EXPECT_THAT(Sources({Resource("events.k8s.io", "v1", "events", "Event", "event")}),
              UnorderedElementsAre(Pair("v1/events", "events.k8s.io/v1/events")));
}

}  // namespace
}  // namespace pedia::synchro
