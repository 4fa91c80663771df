// The texts of synthetic objects, with slots. Private to SyntheticCluster.
#pragma once
#include <array>
#include <string_view>

#include "tests/member/json_template.h"

namespace pedia::member {

// Slots of all templates; the same order as kSlotNames. Every value is safe inside a JSON string,
// except those of the kinds "fragment", which are JSON text.
enum class Slot : size_t {
  kName,
  kGenerateName,
  kNamespace,
  kUid,
  kResourceVersion,
  kGeneration,
  kCreated,
  kApp,
  kEnv,
  kTeam,
  kTier,
  kVersion,
  kRegion,
  kTemplateHash,
  kCanary,
  kAnnotations,
  kOwnerName,
  kOwnerUid,
  kNode,
  kHostIp,
  kPodIp,
  kPhase,
  kReady,
  kReason,
  kState,
  kRestarts,
  kContainerId,
  kCpu,
  kMemory,
  kServiceAccount,
  kReplicas,
  kNumber,
  kChanged,
  kKind,
  kCount,
};
// clang-format off
inline constexpr std::array<std::string_view, static_cast<size_t>(Slot::kCount)> kSlotNames = {
    "name", "generate_name", "namespace", "uid", "rv", "generation", "created", "app", "env", "team", "tier", "version",
    "region", "hash", "canary", "annotations", "owner_name", "owner_uid", "node", "host_ip", "pod_ip", "phase", "ready",
    "reason", "state", "restarts", "container_id", "cpu", "memory", "service_account", "replicas", "number", "changed", "kind"};
// clang-format on

// Each starts after the opening brace of its object, as World stores texts.
const JsonTemplate& PodTemplate();
const JsonTemplate&
PodLastAppliedTemplate();  // The member `"kubectl...": "..."` of a pod's annotations, with a comma.
const JsonTemplate& DeploymentTemplate();
const JsonTemplate& ReplicaSetTemplate();
const JsonTemplate& ServiceTemplate();
const JsonTemplate& ConfigMapTemplate();
const JsonTemplate& NamespaceTemplate();
const JsonTemplate& NodeTemplate();
const JsonTemplate& WidgetTemplate();

}  // namespace pedia::member
