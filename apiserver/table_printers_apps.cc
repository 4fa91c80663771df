// Tables of the group apps and of what runs Pods like it.
#include <algorithm>

#include "apiserver/table_cells.h"

namespace pedia::apiserver {
namespace {

constexpr char kTemplateContainers[] = "spec.template.spec.containers";

// Deployments alone show an empty selector as nothing at all.
void DeploymentSelectorCell(RawValues values, CellWriter* cells) {
  cells->Text(FormatLabelSelector(values[0], ""));
}

// "statefulset.apps/db", from the owner that is the controller.
void ControllerCell(RawValues values, CellWriter* cells) {
  std::string controller = "<none>";
  ForEachElement(values[0], [&](std::string_view owner) {
    const auto [version, raw_kind, name, is_controller] =
        Members(owner, "apiVersion", "kind", "name", "controller");
    if (!Bool(is_controller) || controller != "<none>") return;
    std::string kind = Text(raw_kind);
    const std::string group_version = Text(version);
    const size_t slash = group_version.find('/');
    if (slash != std::string::npos) kind += "." + group_version.substr(0, slash);
    std::transform(kind.begin(), kind.end(), kind.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    controller = kind + "/" + Text(name);
  });
  cells->Text(controller);
}

}  // namespace

std::vector<TableDefinition> AppsTables() {
  return {
      {"apps",
       "deployments",
       {NameColumn(),
        {"Ready", "string", 0, {"status.readyReplicas", "spec.replicas"}, ReadyOfDesiredCell},
        {"Up-to-date", "string", 0, {"status.updatedReplicas"}, IntegerCell},
        {"Available", "string", 0, {"status.availableReplicas"}, IntegerCell},
        AgeColumn(),
        ContainersColumn(kTemplateContainers),
        ImagesColumn(),
        {"Selector", "string", 1, {"spec.selector"}, DeploymentSelectorCell}}},
      {"apps",
       "replicasets",
       {NameColumn(),
        {"Desired", "integer", 0, {"spec.replicas"}, IntegerCell},
        {"Current", "integer", 0, {"status.replicas"}, IntegerCell},
        {"Ready", "integer", 0, {"status.readyReplicas"}, IntegerCell},
        AgeColumn(),
        ContainersColumn(kTemplateContainers),
        ImagesColumn(),
        LabelSelectorColumn("spec.selector")}},
      {"apps",
       "statefulsets",
       {NameColumn(),
        {"Ready", "string", 0, {"status.readyReplicas", "spec.replicas"}, ReadyOfDesiredCell},
        AgeColumn(),
        ContainersColumn(kTemplateContainers),
        ImagesColumn()}},
      {"apps",
       "daemonsets",
       {NameColumn(),
        {"Desired", "integer", 0, {"status.desiredNumberScheduled"}, IntegerCell},
        {"Current", "integer", 0, {"status.currentNumberScheduled"}, IntegerCell},
        {"Ready", "integer", 0, {"status.numberReady"}, IntegerCell},
        {"Up-to-date", "integer", 0, {"status.updatedNumberScheduled"}, IntegerCell},
        {"Available", "integer", 0, {"status.numberAvailable"}, IntegerCell},
        {"Node Selector", "string", 0, {"spec.template.spec.nodeSelector"}, LabelsCell},
        AgeColumn(),
        ContainersColumn(kTemplateContainers),
        ImagesColumn(),
        LabelSelectorColumn("spec.selector")}},
      {"apps",
       "controllerrevisions",
       {NameColumn(),
        {"Controller", "string", 0, {"metadata.ownerReferences"}, ControllerCell},
        {"Revision", "string", 0, {"revision"}, IntegerCell},
        AgeColumn()}},
      {"",
       "replicationcontrollers",
       {NameColumn(),
        {"Desired", "integer", 0, {"spec.replicas"}, IntegerCell},
        {"Current", "integer", 0, {"status.replicas"}, IntegerCell},
        {"Ready", "integer", 0, {"status.readyReplicas"}, IntegerCell},
        AgeColumn(),
        ContainersColumn(kTemplateContainers),
        ImagesColumn(),
        {"Selector", "string", 1, {"spec.selector"}, LabelsCell}}},
  };
}

}  // namespace pedia::apiserver
