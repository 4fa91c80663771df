// Tables of the groups rbac.authorization.k8s.io and certificates.k8s.io.
#include <chrono>

#include "apiserver/table_cells.h"
#include "meta/time.h"

namespace pedia::apiserver {
namespace {

// From {kind, name}: "ClusterRole/admin".
void RoleCell(RawValues values, CellWriter* cells) {
  cells->Text(Text(values[0]) + "/" + Text(values[1]));
}

// Three cells: users, groups, and service accounts as "namespace/name".
void SubjectsCells(RawValues values, CellWriter* cells) {
  std::vector<std::string> users, groups, accounts;
  ForEachElement(values[0], [&](std::string_view subject) {
    const auto [kind, raw_name, raw_namespace] = Members(subject, "kind", "name", "namespace");
    const std::string name = Text(raw_name);
    if (IsText(kind, "User")) users.push_back(name);
    if (IsText(kind, "Group")) groups.push_back(name);
    if (IsText(kind, "ServiceAccount")) {
      const std::string space = Text(raw_namespace);
      accounts.push_back(space.empty() ? name : space + "/" + name);
    }
  });
  for (const auto* names : {&users, &groups, &accounts}) cells->Text(Join(*names, ", "));
}

std::vector<ColumnDefinition> BindingColumns() {
  return {NameColumn(),
          {"Role", "string", 0, {"roleRef.kind", "roleRef.name"}, RoleCell},
          AgeColumn(),
          {"Users", "string", 1, {"subjects"}, SubjectsCells},
          {"Groups", "string", 1},
          {"ServiceAccounts", "string", 1}};
}

void RequestedDurationCell(RawValues values, CellWriter* cells) {
  cells->Text(values[0].empty() ? "<none>"
                                : HumanDuration(std::chrono::seconds(Integer(values[0]))));
}

// From {conditions, certificate}: "Approved,Issued".
void RequestConditionCell(RawValues values, CellWriter* cells) {
  bool approved = false, denied = false, failed = false;
  ForEachElement(values[0], [&](std::string_view condition) {
    const std::string_view type = Member(condition, "type");
    approved = approved || IsText(type, "Approved");
    denied = denied || IsText(type, "Denied");
    failed = failed || IsText(type, "Failed");
  });
  std::string text = denied ? "Denied" : approved ? "Approved" : "Pending";
  if (failed) text += ",Failed";
  if (!Text(values[1]).empty()) text += ",Issued";
  cells->Text(text);
}

}  // namespace

std::vector<TableDefinition> RbacTables() {
  return {
      {"rbac.authorization.k8s.io", "rolebindings", BindingColumns()},
      {"rbac.authorization.k8s.io", "clusterrolebindings", BindingColumns()},
      {"certificates.k8s.io",
       "certificatesigningrequests",
       {NameColumn(),
        AgeColumn(),
        {"SignerName", "string", 0, {"spec.signerName"}, TextOrNoneCell},
        {"Requestor", "string", 0, {"spec.username"}, TextCell},
        {"RequestedDuration", "string", 0, {"spec.expirationSeconds"}, RequestedDurationCell},
        {"Condition",
         "string",
         0,
         {"status.conditions", "status.certificate"},
         RequestConditionCell}}},
  };
}

}  // namespace pedia::apiserver
