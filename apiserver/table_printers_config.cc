// Tables of configuration and policy: config maps, secrets, quotas, disruption budgets, classes,
// webhooks.
#include <map>

#include "apiserver/table_cells.h"

namespace pedia::apiserver {
namespace {

// A number or text such as "50%", shown as text.
void IntOrStringCell(RawValues values, CellWriter* cells) {
  if (values[0].empty()) return cells->Text("N/A");
  cells->Text(values[0].front() == '"' ? Text(values[0]) : std::to_string(Integer(values[0])));
}

void PreemptionPolicyCell(RawValues values, CellWriter* cells) {
  cells->Text(values[0].empty() ? "PreemptLowerPriority" : Text(values[0]));
}

// Two cells from {hard, used}: "pods: 3/10, requests.cpu: 1/4" and what starts with "limits".
void QuotaCells(RawValues values, CellWriter* cells) {
  std::map<std::string, std::string> used;
  ForEachMember(values[1], [&](std::string_view key, std::string_view value) {
    used[DecodeJsonString(key)] = Text(value);
  });
  std::map<std::string, std::string> hard;
  ForEachMember(values[0], [&](std::string_view key, std::string_view value) {
    hard[DecodeJsonString(key)] = Text(value);
  });
  std::string requests, limits;
  for (const auto& [resource, quantity] : hard) {
    std::string& cell = resource.starts_with("limits") ? limits : requests;
    if (!cell.empty()) cell += ", ";
    const auto it = used.find(resource);
    cell += resource + ": " + (it == used.end() ? "0" : it->second) + "/" + quantity;
  }
  cells->Text(requests);
  cells->Text(limits);
}

std::vector<ColumnDefinition> WebhookColumns() {
  return {NameColumn(), {"Webhooks", "integer", 0, {"webhooks"}, CountCell}, AgeColumn()};
}

}  // namespace

std::vector<TableDefinition> ConfigTables() {
  return {
      {"",
       "configmaps",
       {NameColumn(), {"Data", "string", 0, {"data", "binaryData"}, CountCell}, AgeColumn()}},
      {"",
       "secrets",
       {NameColumn(),
        {"Type", "string", 0, {"type"}, TextCell},
        {"Data", "string", 0, {"data"}, CountCell},
        AgeColumn()}},
      {"",
       "serviceaccounts",
       {NameColumn(), {"Secrets", "string", 0, {"secrets"}, CountCell}, AgeColumn()}},
      {"",
       "resourcequotas",
       {NameColumn(),
        AgeColumn(),
        {"Request", "string", 0, {"status.hard", "status.used"}, QuotaCells},
        {"Limit", "string", 0}}},
      {"policy",
       "poddisruptionbudgets",
       {NameColumn(),
        {"Min Available", "string", 0, {"spec.minAvailable"}, IntOrStringCell},
        {"Max Unavailable", "string", 0, {"spec.maxUnavailable"}, IntOrStringCell},
        {"Allowed Disruptions", "integer", 0, {"status.disruptionsAllowed"}, IntegerCell},
        AgeColumn()}},
      {"scheduling.k8s.io",
       "priorityclasses",
       {NameColumn(),
        {"Value", "integer", 0, {"value"}, IntegerCell},
        {"Global-Default", "boolean", 0, {"globalDefault"}, BoolCell},
        AgeColumn(),
        {"PreemptionPolicy", "string", 0, {"preemptionPolicy"}, PreemptionPolicyCell}}},
      {"node.k8s.io",
       "runtimeclasses",
       {NameColumn(), {"Handler", "string", 0, {"handler"}, TextCell}, AgeColumn()}},
      {"admissionregistration.k8s.io", "mutatingwebhookconfigurations", WebhookColumns()},
      {"admissionregistration.k8s.io", "validatingwebhookconfigurations", WebhookColumns()},
  };
}

}  // namespace pedia::apiserver
