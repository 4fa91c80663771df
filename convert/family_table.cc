#include "convert/family_table.h"

namespace pedia::convert {
namespace {

constexpr std::array<FieldRename, 2> kIngressRenames = {{
    {"spec.backend.serviceName", "spec.defaultBackend.service.name"},
    {"spec.backend", "spec.defaultBackend"},
}};

constexpr std::array<FieldRename, 1> kPriorityLevelRenames = {{
    {"spec.limited.assuredConcurrencyShares", "spec.limited.nominalConcurrencyShares"},
}};

std::vector<FamilyRow> RewrittenFamilies() {
  const FamilyMember budget = {"policy/v1beta1", DisruptionBudgetFromV1Beta1,
                               DisruptionBudgetToV1Beta1};
  const FamilyMember slice = {"discovery.k8s.io/v1beta1", EndpointSliceFromV1Beta1,
                              EndpointSliceToV1Beta1};
  const auto autoscaler_v1 = FamilyMember{"autoscaling/v1", AutoscalerFromV1, AutoscalerToV1};
  const auto autoscaler_v2beta1 =
      FamilyMember{"autoscaling/v2beta1", AutoscalerFromV2Beta1, AutoscalerToV2Beta1};
  const auto ingress = [](std::string_view version) {
    return FamilyMember{version, IngressFromV1Beta1, IngressToV1Beta1, kIngressRenames};
  };
  const auto event = [](std::string_view version) {
    return FamilyMember{version, EventFromEventsGroup, EventToEventsGroup, kEventRenames};
  };
  const auto level = [](std::string_view version) {
    return FamilyMember{version, PriorityLevelFromV1Beta2, PriorityLevelToV1Beta2,
                        kPriorityLevelRenames};
  };
  return {
      {{"poddisruptionbudgets"}, {{"policy/v1"}, budget}},
      {{"horizontalpodautoscalers"},
       {{"autoscaling/v2"}, {"autoscaling/v2beta2"}, autoscaler_v2beta1, autoscaler_v1}},
      {{"endpointslices"}, {{"discovery.k8s.io/v1"}, slice}},
      {{"ingresses"},
       {{"networking.k8s.io/v1"},
        ingress("networking.k8s.io/v1beta1"),
        ingress("extensions/v1beta1")}},
      {{"prioritylevelconfigurations"},
       {{"flowcontrol.apiserver.k8s.io/v1"},
        {"flowcontrol.apiserver.k8s.io/v1beta3", PriorityLevelFromV1Beta3, PriorityLevelToV1Beta3},
        level("flowcontrol.apiserver.k8s.io/v1beta2"),
        level("flowcontrol.apiserver.k8s.io/v1beta1"),
        level("flowcontrol.apiserver.k8s.io/v1alpha1")}},
      {{"events"}, {{"v1"}, event("events.k8s.io/v1"), event("events.k8s.io/v1beta1")}},
  };
}

// Kinds that only changed their version.
std::vector<FamilyRow> RenamedFamilies() {
  return {
      {{"cronjobs"}, {{"batch/v1"}, {"batch/v1beta1"}, {"batch/v2alpha1"}}},
      {{"flowschemas"},
       {{"flowcontrol.apiserver.k8s.io/v1"},
        {"flowcontrol.apiserver.k8s.io/v1beta3"},
        {"flowcontrol.apiserver.k8s.io/v1beta2"},
        {"flowcontrol.apiserver.k8s.io/v1beta1"},
        {"flowcontrol.apiserver.k8s.io/v1alpha1"}}},
      {{"mutatingwebhookconfigurations", "validatingwebhookconfigurations",
        "validatingadmissionpolicies", "validatingadmissionpolicybindings"},
       {{"admissionregistration.k8s.io/v1"}, {"admissionregistration.k8s.io/v1beta1"}}},
      {{"apiservices"}, {{"apiregistration.k8s.io/v1"}, {"apiregistration.k8s.io/v1beta1"}}},
      // apps/v1beta1 and extensions/v1beta1 are left out: their rollbacks and update strategies
      // have no place in v1, and every cluster that serves them serves apps/v1 too.
      {{"deployments", "statefulsets", "daemonsets", "replicasets", "controllerrevisions"},
       {{"apps/v1"}, {"apps/v1beta2"}}},
      {{"leases"}, {{"coordination.k8s.io/v1"}, {"coordination.k8s.io/v1beta1"}}},
      {{"ingressclasses", "ipaddresses", "servicecidrs"},
       {{"networking.k8s.io/v1"}, {"networking.k8s.io/v1beta1"}}},
      {{"networkpolicies"}, {{"networking.k8s.io/v1"}, {"extensions/v1beta1"}}},
      {{"runtimeclasses"}, {{"node.k8s.io/v1"}, {"node.k8s.io/v1beta1"}}},
      {{"podsecuritypolicies"}, {{"policy/v1beta1"}, {"extensions/v1beta1"}}},
      {{"roles", "clusterroles"},
       {{"rbac.authorization.k8s.io/v1"},
        {"rbac.authorization.k8s.io/v1beta1"},
        {"rbac.authorization.k8s.io/v1alpha1"}}},
      // Subjects of v1alpha1 have a version instead of a group.
      {{"rolebindings", "clusterrolebindings"},
       {{"rbac.authorization.k8s.io/v1"}, {"rbac.authorization.k8s.io/v1beta1"}}},
      {{"priorityclasses"},
       {{"scheduling.k8s.io/v1"}, {"scheduling.k8s.io/v1beta1"}, {"scheduling.k8s.io/v1alpha1"}}},
      {{"csidrivers", "csinodes", "storageclasses"},
       {{"storage.k8s.io/v1"}, {"storage.k8s.io/v1beta1"}}},
      {{"volumeattachments", "csistoragecapacities", "volumeattributesclasses"},
       {{"storage.k8s.io/v1"}, {"storage.k8s.io/v1beta1"}, {"storage.k8s.io/v1alpha1"}}},
  };
}

std::vector<FamilyRow> AllFamilies() {
  std::vector<FamilyRow> all = RewrittenFamilies();
  for (const FamilyRow& row : RenamedFamilies()) all.push_back(row);
  return all;
}

}  // namespace

const std::vector<FamilyRow>& FamilyTable() {
  static const auto* const table = new std::vector<FamilyRow>(AllFamilies());  // Lives for ever.
  return *table;
}

}  // namespace pedia::convert
