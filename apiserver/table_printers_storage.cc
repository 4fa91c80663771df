// Tables of volumes, claims and the group storage.k8s.io.
#include "apiserver/table_cells.h"

namespace pedia::apiserver {
namespace {

std::string FormatAccessModes(std::string_view raw) {
  static constexpr std::pair<const char*, const char*> kModes[] = {{"ReadWriteOnce", "RWO"},
                                                                   {"ReadOnlyMany", "ROX"},
                                                                   {"ReadWriteMany", "RWX"},
                                                                   {"ReadWriteOncePod", "RWOP"}};
  std::vector<std::string> shown;
  for (const auto& [mode, abbreviation] : kModes) {
    bool has = false;
    ForEachElement(
        raw, [&, name = mode](std::string_view element) { has = has || IsText(element, name); });
    if (has) shown.push_back(abbreviation);
  }
  return Join(shown, ",");
}

void AccessModesCell(RawValues values, CellWriter* cells) {
  cells->Text(FormatAccessModes(values[0]));
}

// Three cells from {volume name, capacity, access modes}: a claim's status counts once it has a
// volume.
void ClaimVolumeCells(RawValues values, CellWriter* cells) {
  const bool has_volume = !Text(values[0]).empty();
  cells->RawText(values[0]);
  cells->Text(has_volume ? TextOr(values[1], "0") : "");
  cells->Text(has_volume ? FormatAccessModes(values[2]) : "");
}

void CapacityCell(RawValues values, CellWriter* cells) { cells->Text(TextOr(values[0], "0")); }

// From {phase, deletion timestamp}.
void PhaseCell(RawValues values, CellWriter* cells) {
  cells->Text(values[1].empty() ? Text(values[0]) : "Terminating");
}

// From {namespace, name} of the claim.
void ClaimCell(RawValues values, CellWriter* cells) {
  const bool has_claim = !values[0].empty() || !values[1].empty();
  cells->Text(has_claim ? Text(values[0]) + "/" + Text(values[1]) : "");
}

// From {beta annotation, field}: the annotation wins.
void StorageClassCell(RawValues values, CellWriter* cells) {
  cells->RawText(values[0].empty() ? values[1] : values[0]);
}

// From {name, two annotations}: "fast (default)".
void StorageClassNameCell(RawValues values, CellWriter* cells) {
  const bool is_default = IsText(values[1], "true") || IsText(values[2], "true");
  cells->Text(Text(values[0]) + (is_default ? " (default)" : ""));
}

void ReclaimPolicyCell(RawValues values, CellWriter* cells) {
  cells->Text(values[0].empty() ? "Delete" : Text(values[0]));
}

void BindingModeCell(RawValues values, CellWriter* cells) {
  cells->Text(values[0].empty() ? "Immediate" : Text(values[0]));
}

void TrueUnlessSetCell(RawValues values, CellWriter* cells) {
  cells->Bool(values[0].empty() || Bool(values[0]));
}

void TokenRequestsCell(RawValues values, CellWriter* cells) {
  if (values[0].empty()) return cells->Text("<unset>");
  std::vector<std::string> audiences;
  ForEachElement(values[0], [&](std::string_view request) {
    audiences.push_back(Text(Member(request, "audience")));
  });
  cells->Text(Join(audiences, ","));
}

void ModesCell(RawValues values, CellWriter* cells) {
  const std::string modes = Join(Texts(values[0]), ",");
  cells->Text(modes.empty() ? "<none>" : modes);
}

constexpr char kBetaClass[] = "metadata.annotations.volume.beta.kubernetes.io/storage-class";

}  // namespace

std::vector<TableDefinition> StorageTables() {
  return {
      {"",
       "persistentvolumes",
       {NameColumn(),
        {"Capacity", "string", 0, {"spec.capacity.storage"}, CapacityCell},
        {"Access Modes", "string", 0, {"spec.accessModes"}, AccessModesCell},
        {"Reclaim Policy", "string", 0, {"spec.persistentVolumeReclaimPolicy"}, TextCell},
        {"Status", "string", 0, {"status.phase", "metadata.deletionTimestamp"}, PhaseCell},
        {"Claim", "string", 0, {"spec.claimRef.namespace", "spec.claimRef.name"}, ClaimCell},
        {"StorageClass", "string", 0, {kBetaClass, "spec.storageClassName"}, StorageClassCell},
        {"VolumeAttributesClass", "string", 0, {"spec.volumeAttributesClassName"}, TextOrUnsetCell},
        {"Reason", "string", 0, {"status.reason"}, TextCell},
        AgeColumn(),
        {"VolumeMode", "string", 1, {"spec.volumeMode"}, TextOrUnsetCell}}},
      {"",
       "persistentvolumeclaims",
       {NameColumn(),
        {"Status", "string", 0, {"status.phase", "metadata.deletionTimestamp"}, PhaseCell},
        {"Volume",
         "string",
         0,
         {"spec.volumeName", "status.capacity.storage", "status.accessModes"},
         ClaimVolumeCells},
        {"Capacity", "string", 0},
        {"Access Modes", "string", 0},
        {"StorageClass", "string", 0, {kBetaClass, "spec.storageClassName"}, StorageClassCell},
        {"VolumeAttributesClass", "string", 0, {"spec.volumeAttributesClassName"}, TextOrUnsetCell},
        AgeColumn(),
        {"VolumeMode", "string", 1, {"spec.volumeMode"}, TextOrUnsetCell}}},
      {"storage.k8s.io",
       "storageclasses",
       {{"Name",
         "string",
         0,
         {"metadata.name", "metadata.annotations.storageclass.kubernetes.io/is-default-class",
          "metadata.annotations.storageclass.beta.kubernetes.io/is-default-class"},
         StorageClassNameCell},
        {"Provisioner", "string", 0, {"provisioner"}, TextCell},
        {"ReclaimPolicy", "string", 0, {"reclaimPolicy"}, ReclaimPolicyCell},
        {"VolumeBindingMode", "string", 0, {"volumeBindingMode"}, BindingModeCell},
        {"AllowVolumeExpansion", "string", 0, {"allowVolumeExpansion"}, BoolCell},
        AgeColumn()}},
      {"storage.k8s.io",
       "csidrivers",
       {NameColumn(),
        {"AttachRequired", "boolean", 0, {"spec.attachRequired"}, TrueUnlessSetCell},
        {"PodInfoOnMount", "boolean", 0, {"spec.podInfoOnMount"}, BoolCell},
        {"StorageCapacity", "boolean", 0, {"spec.storageCapacity"}, BoolCell},
        {"TokenRequests", "string", 0, {"spec.tokenRequests"}, TokenRequestsCell},
        {"RequiresRepublish", "boolean", 0, {"spec.requiresRepublish"}, BoolCell},
        {"Modes", "string", 0, {"spec.volumeLifecycleModes"}, ModesCell},
        AgeColumn()}},
      {"storage.k8s.io",
       "csinodes",
       {NameColumn(), {"Drivers", "integer", 0, {"spec.drivers"}, CountCell}, AgeColumn()}},
      {"storage.k8s.io",
       "volumeattachments",
       {NameColumn(),
        {"Attacher", "string", 0, {"spec.attacher"}, TextCell},
        {"PV", "string", 0, {"spec.source.persistentVolumeName"}, TextCell},
        {"Node", "string", 0, {"spec.nodeName"}, TextCell},
        {"Attached", "boolean", 0, {"status.attached"}, BoolCell},
        AgeColumn()}},
  };
}

}  // namespace pedia::apiserver
