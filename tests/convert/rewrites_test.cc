// Field by field, from Kubernetes' API reference of both versions and its own conversions.
#include "convert/rewrites.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/convert/convert_fixture.h"

namespace pedia::convert {
namespace {

struct Case {
  const char* other;
  const char* stored;
};

template <size_t n>
void ExpectBothWays(const Pair& pair, const Case (&cases)[n]) {
  for (const Case& c : cases) {
    EXPECT_EQ(pair.ToStored(c.other), c.stored);
    EXPECT_EQ(pair.FromStored(c.stored), c.other);
  }
}

const Pair kEvents("events", "v1", "events.k8s.io/v1");

TEST(EventTest, RenamesItsFieldsInTheirPlaces) {
  const Case cases[] = {
      {R"("note":"a","regarding":{"kind":"Pod"},"deprecatedSource":{"component":"c"},)"
       R"("deprecatedFirstTimestamp":"t1","deprecatedLastTimestamp":"t2","deprecatedCount":3,)"
       R"("reportingController":"rc","reportingInstance":"ri")",
       R"("message":"a","involvedObject":{"kind":"Pod"},"source":{"component":"c"},)"
       R"("firstTimestamp":"t1","lastTimestamp":"t2","count":3,)"
       R"("reportingComponent":"rc","reportingInstance":"ri")"},
      {R"("eventTime":null,"series":{"count":2,"lastObservedTime":"t"},"action":"Bound")",
       R"("eventTime":null,"series":{"count":2,"lastObservedTime":"t"},"action":"Bound")"},
      {R"("related":{"kind":"Node"},"type":"Warning","reason":"Failed","deprecatedSource":{})",
       R"("related":{"kind":"Node"},"type":"Warning","reason":"Failed","source":{})"},
      {R"("metadata":{"note":"a","annotations":{"regarding":"b"}})",
       R"("metadata":{"note":"a","annotations":{"regarding":"b"}})"}};
  ExpectBothWays(kEvents, cases);
  ExpectBothWays(Pair("events", "v1", "events.k8s.io/v1beta1"), cases);
}

TEST(EventTest, HasNoEmptyReporter) {
  EXPECT_EQ(kEvents.FromStored(R"("reportingComponent":"","reportingInstance":"","count":1)"),
            R"("deprecatedCount":1)");
}

TEST(EventTest, HasEachFieldOnce) {
  EXPECT_EQ(kEvents.ToStored(R"("message":1,"note":"a")"), R"("message":"a")");
}

const Pair kBudgets("poddisruptionbudgets", "policy/v1", "policy/v1beta1");

#define PDB_LABEL "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match"

TEST(DisruptionBudgetTest, KeepsWhichPodsASelectorMeans) {
  const Case cases[] = {
      // No pod.
      {R"("spec":{"selector":{},"minAvailable":1})",
       R"("spec":{"selector":{"matchExpressions":[{"key":")" PDB_LABEL
       R"(","operator":"Exists"}]},"minAvailable":1})"},
      // All pods.
      {R"("spec":{"selector":{"matchExpressions":[{"key":")" PDB_LABEL
       R"(","operator":"DoesNotExist"}]}})",
       R"("spec":{"selector":{}})"},
      // Some.
      {R"("spec":{"selector":{"matchLabels":{"app":"a"}}})",
       R"("spec":{"selector":{"matchLabels":{"app":"a"}}})"},
      {R"("spec":{"selector":{"matchExpressions":[{"key":"a","operator":"Exists"}]}})",
       R"("spec":{"selector":{"matchExpressions":[{"key":"a","operator":"Exists"}]}})"},
      // None is given.
      {R"("spec":{"maxUnavailable":"50%"})", R"("spec":{"maxUnavailable":"50%"})"},
      {R"("spec":{"selector":null})", R"("spec":{"selector":null})"},
      {R"("spec":{"selector":[]},"status":{"disruptionsAllowed":1})",
       R"("spec":{"selector":[]},"status":{"disruptionsAllowed":1})"}};
  ExpectBothWays(kBudgets, cases);
}

TEST(DisruptionBudgetTest, IsForNoPodOnlyIfThatIsAllItsSelectorSays) {
  EXPECT_EQ(kBudgets.FromStored(R"("spec":{"selector":{"matchLabels":{"app":"a"},)"
                                R"("matchExpressions":[{"key":")" PDB_LABEL
                                R"(","operator":"Exists"}]}})"),
            R"("spec":{"selector":{"matchLabels":{"app":"a"}}})");
  EXPECT_EQ(kBudgets.FromStored(R"("spec":{"selector":{"matchExpressions":[{"key":")" PDB_LABEL
                                R"(","operator":"DoesNotExist"}]}})"),
            R"("spec":{"selector":{"matchExpressions":[{"key":")" PDB_LABEL
            R"(","operator":"DoesNotExist"}]}})");
}

TEST(DisruptionBudgetTest, TakesEmptyPartsForAnEmptySelector) {
  EXPECT_EQ(kBudgets.ToStored(R"("spec":{"selector":{"matchLabels":{},"matchExpressions":[]}})"),
            R"("spec":{"selector":{"matchExpressions":[{"key":")" PDB_LABEL
            R"(","operator":"Exists"}]}})");
}

TEST(DisruptionBudgetTest, DropsTheLabelBesideOtherConditions) {
  EXPECT_EQ(
      kBudgets.ToStored(R"("spec":{"selector":{"matchLabels":{"app":"a"},"matchExpressions":[)"
                        R"({"key":")" PDB_LABEL R"(","operator":"Exists"}]}})"),
      R"("spec":{"selector":{"matchLabels":{"app":"a"}}})");
  EXPECT_EQ(kBudgets.FromStored(R"("spec":{"selector":{"matchExpressions":[{"key":")" PDB_LABEL
                                R"(","operator":"Exists"},{"key":"b","operator":"Exists"}]}})"),
            R"("spec":{"selector":{"matchExpressions":[{"key":"b","operator":"Exists"}]}})");
}

const Pair kSlices("endpointslices", "discovery.k8s.io/v1", "discovery.k8s.io/v1beta1");

TEST(EndpointSliceTest, KeepsNodeAndZoneInFieldsInsteadOfTheTopology) {
  const Case cases[] = {
      {R"("addressType":"IPv4","endpoints":[{"addresses":["1"],"nodeName":"n","topology":{)"
       R"("topology.kubernetes.io/zone":"z","kubernetes.io/hostname":"n"}}],"ports":[])",
       R"("addressType":"IPv4","endpoints":[{"addresses":["1"],"nodeName":"n","zone":"z"}],)"
       R"("ports":[])"},
      {R"("endpoints":[{"topology":{"r":"x","topology.kubernetes.io/zone":"z"},"hostname":"h"}])",
       R"("endpoints":[{"deprecatedTopology":{"r":"x"},"hostname":"h","zone":"z"}])"},
      // A topology that names another node.
      {R"("endpoints":[{"topology":{"kubernetes.io/hostname":"a"},"nodeName":"b"}])",
       R"("endpoints":[{"deprecatedTopology":{"kubernetes.io/hostname":"a"},"nodeName":"b"}])"},
      {R"("endpoints":[{"addresses":["1"],"conditions":{"ready":true}}])",
       R"("endpoints":[{"addresses":["1"],"conditions":{"ready":true}}])"},
      {R"("endpoints":null)", R"("endpoints":null)"},
      {R"("endpoints":[1,null,[]])", R"("endpoints":[1,null,[]])"}};
  for (const Case& c : cases) EXPECT_EQ(kSlices.ToStored(c.other), c.stored);
  EXPECT_EQ(kSlices.FromStored(cases[0].stored),
            R"("addressType":"IPv4","endpoints":[{"addresses":["1"],"nodeName":"n","topology":{)"
            R"("topology.kubernetes.io/zone":"z","kubernetes.io/hostname":"n"}}],"ports":[])");
  for (size_t i = 1; i < std::size(cases); ++i)
    EXPECT_EQ(kSlices.FromStored(cases[i].stored), cases[i].other);
}

TEST(EndpointSliceTest, TakesTheNodeFromTheTopology) {
  EXPECT_EQ(kSlices.ToStored(R"("endpoints":[{"topology":{"kubernetes.io/hostname":"n"}}])"),
            R"("endpoints":[{"nodeName":"n"}])");
}

TEST(EndpointSliceTest, FillsAnEmptyHostOfTheTopology) {
  EXPECT_EQ(kSlices.FromStored(R"("endpoints":[{"nodeName":"n",)"
                               R"("deprecatedTopology":{"kubernetes.io/hostname":""}}])"),
            R"("endpoints":[{"nodeName":"n","topology":{"kubernetes.io/hostname":"n"}}])");
}

TEST(EndpointSliceTest, DropsATopologyThatIsNone) {
  EXPECT_EQ(kSlices.ToStored(R"("endpoints":[{"topology":null},{"topology":{}},{"topology":3}])"),
            R"("endpoints":[{},{},{}])");
}

const Pair kIngresses("ingresses", "networking.k8s.io/v1", "networking.k8s.io/v1beta1");

TEST(IngressTest, FoldsTheServiceOfABackend) {
  const Case cases[] = {
      {R"("spec":{"ingressClassName":"c","backend":{"serviceName":"a","servicePort":80}})",
       R"("spec":{"ingressClassName":"c",)"
       R"("defaultBackend":{"service":{"name":"a","port":{"number":80}}}})"},
      {R"("spec":{"backend":{"serviceName":"a","servicePort":"http"}})",
       R"("spec":{"defaultBackend":{"service":{"name":"a","port":{"name":"http"}}}})"},
      {R"("spec":{"backend":{"resource":{"kind":"Bucket","name":"b"}}})",
       R"("spec":{"defaultBackend":{"resource":{"kind":"Bucket","name":"b"}}})"},
      {R"("spec":{"rules":[{"host":"h","http":{"paths":[{"path":"/","pathType":"Prefix",)"
       R"("backend":{"serviceName":"a","servicePort":8080}}]}}],"tls":[{"hosts":["h"]}]})",
       R"("spec":{"rules":[{"host":"h","http":{"paths":[{"path":"/","pathType":"Prefix",)"
       R"("backend":{"service":{"name":"a","port":{"number":8080}}}}]}}],"tls":[{"hosts":["h"]}]})"},
      {R"("spec":{"rules":[{"host":"h"}]},"status":{"loadBalancer":{}})",
       R"("spec":{"rules":[{"host":"h"}]},"status":{"loadBalancer":{}})"},
      {R"("spec":{"rules":[1,{"http":2},{"http":{"paths":3}}],"backend":4})",
       R"("spec":{"rules":[1,{"http":2},{"http":{"paths":3}}],"defaultBackend":4})"}};
  ExpectBothWays(kIngresses, cases);
  ExpectBothWays(Pair("ingresses", "networking.k8s.io/v1", "extensions/v1beta1"), cases);
}

TEST(IngressTest, GivesPathsTheTypeThatV1Requires) {
  EXPECT_EQ(kIngresses.ToStored(R"("spec":{"rules":[{"http":{"paths":[{"path":"/"}]}}]})"),
            R"("spec":{"rules":[{"http":{"paths":[)"
            R"({"path":"/","pathType":"ImplementationSpecific"}]}}]})");
}

TEST(IngressTest, HasNoServiceWithoutNameAndPort) {
  EXPECT_EQ(kIngresses.ToStored(R"("spec":{"backend":{"resource":{"name":"b"},"servicePort":0}})"),
            R"("spec":{"defaultBackend":{"resource":{"name":"b"}}})");
  EXPECT_EQ(kIngresses.ToStored(R"("spec":{"backend":{"serviceName":"a"}})"),
            R"("spec":{"defaultBackend":{"service":{"name":"a","port":{}}}})");
  EXPECT_EQ(kIngresses.FromStored(R"("spec":{"defaultBackend":{"service":{"name":"a"}}})"),
            R"("spec":{"backend":{"serviceName":"a","servicePort":0}})");
}

const char* const kPriorityLevels = "prioritylevelconfigurations";
const char* const kFlowV1 = "flowcontrol.apiserver.k8s.io/v1";

TEST(PriorityLevelTest, RenamesTheShares) {
  const Case cases[] = {
      {R"("spec":{"type":"Limited","limited":{"assuredConcurrencyShares":30,"lendablePercent":0}})",
       R"("spec":{"type":"Limited","limited":{"nominalConcurrencyShares":30,)"
       R"("lendablePercent":0}})"},
      {R"("spec":{"type":"Exempt","exempt":{"nominalConcurrencyShares":0}})",
       R"("spec":{"type":"Exempt","exempt":{"nominalConcurrencyShares":0}})"}};
  for (const char* version : {"v1beta2", "v1beta1", "v1alpha1"}) {
    ExpectBothWays(
        Pair(kPriorityLevels, kFlowV1, "flowcontrol.apiserver.k8s.io/" + std::string(version)),
        cases);
  }
}

TEST(PriorityLevelTest, SaysInAnAnnotationThatThereAreReallyNoShares) {
  const Pair v1beta3(kPriorityLevels, kFlowV1, "flowcontrol.apiserver.k8s.io/v1beta3");
  const Case cases[] = {
      {R"("metadata":{"name":"a","annotations":{"b":"c",)"
       R"("flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares":""}},)"
       R"("spec":{"limited":{"nominalConcurrencyShares":0}})",
       R"("metadata":{"name":"a","annotations":{"b":"c"}},)"
       R"("spec":{"limited":{"nominalConcurrencyShares":0}})"},
      {R"("metadata":{"name":"a"},"spec":{"limited":{"nominalConcurrencyShares":5}})",
       R"("metadata":{"name":"a"},"spec":{"limited":{"nominalConcurrencyShares":5}})"}};
  ExpectBothWays(v1beta3, cases);
}

}  // namespace
}  // namespace pedia::convert
