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
  for (const ApiResource& resource : NegotiateResources(spec, Served()).resources)
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

ClusterSpec SpecWith(std::vector<SyncRule> rules) {
  return {"c", BadRequest("not used"), std::move(rules), false, {}, {}, {}};
}

SyncRule RuleFor(const std::string& group, std::vector<std::string> resources) {
  SyncRule rule;
  rule.group = group;
  rule.resources = std::move(resources);
  return rule;
}

ClusterCatalog Workloads() {
  ClusterCatalog served{{
      Resource("", "v1", "events", "Event", "event"),
      Resource("", "v1", "nodes", "Node", "node"),
      Resource("", "v1", "pods", "Pod", "pod"),
      Resource("", "v1", "secrets", "Secret", "secret"),
      Resource("apps", "v1", "deployments", "Deployment", "deployment"),
      Resource("apps", "v1", "replicasets", "ReplicaSet", "replicaset"),
      Resource("events.k8s.io", "v1", "events", "Event", "event"),
  }};
  served.resources[1].namespaced = false;
  return served;
}

// "v1/pods" and the path that is asked for.
std::map<std::string, std::string> Read(std::vector<SyncRule> rules,
                                        std::vector<std::string> skip = {}) {
  ClusterSpec spec = SpecWith(std::move(rules));
  spec.skip = std::move(skip);
  const Negotiation negotiation = NegotiateResources(spec, Workloads());
  std::map<std::string, std::string> paths;
  for (const auto& [stored, filter] : negotiation.filters)
    paths[stored.ToString()] = filter.CollectionPath(stored, true);
  auto sources = ChooseSources(negotiation.resources);
  sources.merge(ChooseSources(negotiation.aside));
  EXPECT_EQ(paths.size(), sources.size());
  return paths;
}

TEST(SyncControlsNegotiationTest, ExcludesFromWildcardsOnly) {
  SyncRule rule = RuleFor("apps", {"*", "deployments"});
  rule.exclude_resources = {"ReplicaSet", "deployments"};
  EXPECT_THAT(Read({rule}),
              UnorderedElementsAre(Pair("apps/v1/deployments", "/apis/apps/v1/deployments")));
  rule = RuleFor("*", {"*"});
  rule.exclude_resources = {"events", "nodes", "pod", "replicasets.apps", "secrets.apps"};
  EXPECT_THAT(Read({rule}),
              UnorderedElementsAre(Pair("apps/v1/deployments", "/apis/apps/v1/deployments"),
                                   Pair("v1/secrets", "/api/v1/secrets")));
}

TEST(SyncControlsNegotiationTest, NamespacesLeaveOutWhatHasNone) {
  SyncRule rule = RuleFor("", {"nodes", "pods"});
  rule.namespaces = {"shop"};
  EXPECT_THAT(Read({rule}), UnorderedElementsAre(Pair("v1/pods", "/api/v1/namespaces/shop/pods")));
  rule.exclude_namespaces = {"shop"};
  EXPECT_THAT(Read({rule}), UnorderedElementsAre());
  rule.namespaces = {};
  EXPECT_THAT(Read({rule}),
              UnorderedElementsAre(
                  Pair("v1/nodes", "/api/v1/nodes"),
                  Pair("v1/pods", "/api/v1/pods?fieldSelector=metadata.namespace%21%3Dshop")));
}

TEST(SyncControlsNegotiationTest, RulesAddUp) {
  SyncRule web = RuleFor("", {"pods"});
  web.label_selector = {{"app", LabelOperator::kExists, {}}};
  EXPECT_THAT(Read({web}), UnorderedElementsAre(Pair("v1/pods", "/api/v1/pods?labelSelector=app")));
  EXPECT_THAT(Read({web, RuleFor("", {"pods"})}),
              UnorderedElementsAre(Pair("v1/pods", "/api/v1/pods")));
}

TEST(SyncControlsNegotiationTest, EventsOfInvolvedResourcesAreReadOnce) {
  const auto events = [](SyncRule rule, std::vector<std::string> involved) {
    rule.events_involved_resources = std::move(involved);
    return rule;
  };
  EXPECT_EQ(Read({events(RuleFor("", {"pods"}), {"Pods"})})["v1/events"],
            "/api/v1/events?fieldSelector=involvedObject.kind%3DPod");
  EXPECT_EQ(Read({events(RuleFor("apps", {"*"}), {"*"})})["v1/events"], "/api/v1/events");
  EXPECT_EQ(Read({events(RuleFor("", {"pods"}), {"nodes"})}).count("v1/events"), 0u);
  EXPECT_EQ(Read({events(RuleFor("", {"pods"}), {"pods"})}, {"events"}).count("v1/events"), 0u);
  EXPECT_EQ(Read({events(RuleFor("", {"pods"}), {"pods"}), RuleFor("", {"events"})})["v1/events"],
            "/api/v1/events");
  const auto shown = [&](std::vector<SyncRule> rules) {
    return NegotiateResources(SpecWith(std::move(rules)), Workloads()).resources.size();
  };
  EXPECT_EQ(shown({events(RuleFor("", {"pods"}), {"pods"})}), 1u);
  EXPECT_EQ(shown({events(RuleFor("", {"pods", "events"}), {"pods"})}), 2u);
  SyncRule in_shop = events(RuleFor("", {"pods"}), {"*"});
  in_shop.namespaces = {"shop"};
  in_shop.label_selector = {{"app", LabelOperator::kExists, {}}};
  EXPECT_EQ(Read({in_shop})["v1/events"],
            "/api/v1/namespaces/shop/events?fieldSelector=involvedObject.kind%3DPod");
}

TEST(SyncControlsNegotiationTest, NamesWhatCannotBeSynced) {
  const auto unmet = [](std::vector<SyncRule> rules) {
    return NegotiateResources(SpecWith(std::move(rules)), Served()).unmet;
  };
  EXPECT_THAT(unmet({RuleFor("", {"pods", "*"}), RuleFor("*", {"deployment"})}),
              ElementsAreArray(std::vector<std::string>{}));
  SyncRule other_version = RuleFor("example.com", {"widgets"});
  other_version.versions = {"v9"};
  EXPECT_THAT(unmet({RuleFor("apps", {"pods"}), RuleFor("", {"bindings"}), other_version,
                     RuleFor("*", {"gizmos"})}),
              ElementsAreArray({"bindings (cannot be listed and watched)",
                                "gizmos (not served by the cluster)",
                                "pods.apps (not served by the cluster)",
                                "widgets.example.com (not served in these versions)"}));
}

TEST(SecretDataOfTest, TheMostSparingRuleCounts) {
  const auto with = [](SyncRule rule, SecretData data) {
    rule.secret_data = data;
    return rule;
  };
  const auto data = [](std::vector<SyncRule> rules) {
    return SecretDataOf(SpecWith(std::move(rules)));
  };
  const SyncRule secrets = RuleFor("", {"Secret"});
  EXPECT_EQ(data({}), SecretData::kFull);
  EXPECT_EQ(data({secrets}), SecretData::kFull);
  EXPECT_EQ(data({secrets, with(RuleFor("*", {"*"}), SecretData::kHash)}), SecretData::kHash);
  EXPECT_EQ(data({with(secrets, SecretData::kKeysOnly), with(secrets, SecretData::kHash)}),
            SecretData::kKeysOnly);
  EXPECT_EQ(data({with(RuleFor("", {"pods"}), SecretData::kKeysOnly)}), SecretData::kFull);
}

}  // namespace
}  // namespace pedia::synchro
