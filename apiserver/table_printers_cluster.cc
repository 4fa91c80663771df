// Tables of what a cluster consists of and how it runs: nodes, namespaces, events, leases, API
// services, flow control.
#include <algorithm>
#include <set>

#include "apiserver/table_cells.h"

namespace pedia::apiserver {
namespace {

// From {conditions, unschedulable}: "NotReady,SchedulingDisabled".
void NodeStatusCell(RawValues values, CellWriter* cells) {
  std::string text = "Unknown";
  ForEachElement(values[0], [&](std::string_view condition) {
    const auto [type, status] = Members(condition, "type", "status");
    if (IsText(type, "Ready")) text = IsText(status, "True") ? "Ready" : "NotReady";
  });
  if (Bool(values[1])) text += ",SchedulingDisabled";
  cells->Text(text);
}

void RolesCell(RawValues values, CellWriter* cells) {
  constexpr std::string_view kRolePrefix = "node-role.kubernetes.io/";
  std::set<std::string> roles;
  ForEachMember(values[0], [&](std::string_view key, std::string_view value) {
    if (key.size() > kRolePrefix.size() && key.starts_with(kRolePrefix)) {
      roles.insert(std::string(key.substr(kRolePrefix.size())));
    } else if (key == "kubernetes.io/role" && !Text(value).empty()) {
      roles.insert(Text(value));
    }
  });
  cells->Text(roles.empty() ? "<none>" : Join({roles.begin(), roles.end()}, ","));
}

std::string FindAddress(std::string_view addresses, std::string_view type) {
  std::string found = "<none>";
  bool done = false;
  ForEachElement(addresses, [&](std::string_view element) {
    const auto [raw_type, address] = Members(element, "type", "address");
    if (done || !IsText(raw_type, type)) return;
    found = Text(address);
    done = true;
  });
  return found;
}

void InternalIpCell(RawValues values, CellWriter* cells) {
  cells->Text(FindAddress(values[0], "InternalIP"));
}

void ExternalIpCell(RawValues values, CellWriter* cells) {
  cells->Text(FindAddress(values[0], "ExternalIP"));
}

void TextOrUnknownCell(RawValues values, CellWriter* cells) {
  cells->Text(TextOr(values[0], "<unknown>"));
}

// The fields of an event under the names they have in its version, all in one place.
const std::vector<const char*> kEventPaths = {
    "lastTimestamp", "firstTimestamp",      "eventTime",          "series",           "count",
    "source",        "reportingController", "reportingComponent", "reportingInstance"};
const std::vector<const char*> kEventsGroupPaths = {"deprecatedLastTimestamp",
                                                    "deprecatedFirstTimestamp",
                                                    "eventTime",
                                                    "series",
                                                    "deprecatedCount",
                                                    "deprecatedSource",
                                                    "reportingController",
                                                    "reportingComponent",
                                                    "reportingInstance"};

// From {last, first, event time, series}.
void LastSeenCell(RawValues values, CellWriter* cells) {
  if (!values[3].empty())
    return cells->Text(Age(Member(values[3], "lastObservedTime"), cells->now()));
  for (const size_t i : {0u, 1u}) {
    if (!values[i].empty()) return cells->Text(Age(values[i], cells->now()));
  }
  cells->Text(Age(values[2], cells->now()));
}

// From {kind, name}: "deployment/web".
void ObjectCell(RawValues values, CellWriter* cells) {
  std::string kind = Text(values[0]);
  std::transform(kind.begin(), kind.end(), kind.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  const std::string name = Text(values[1]);
  cells->Text(name.empty() ? kind : kind + "/" + name);
}

// From the event paths: "kubelet, node-1".
void SourceCell(RawValues values, CellWriter* cells) {
  const auto [component, host] = Members(values[5], "component", "host");
  const std::string controller = TextOr(component, TextOr(values[6], Text(values[7])));
  const std::string instance = TextOr(host, Text(values[8]));
  cells->Text(instance.empty() ? controller : controller + ", " + instance);
}

void MessageCell(RawValues values, CellWriter* cells) {
  constexpr const char* kSpace = " \t\r\n\v\f";
  const std::string message = Text(values[0]);
  const size_t first = message.find_first_not_of(kSpace);
  if (first == std::string::npos) return cells->Text("");
  cells->Text(
      std::string_view(message).substr(first, message.find_last_not_of(kSpace) - first + 1));
}

// From {last, first, event time}.
void FirstSeenCell(RawValues values, CellWriter* cells) {
  cells->Text(Age(values[1].empty() ? values[2] : values[1], cells->now()));
}

void EventCountCell(RawValues values, CellWriter* cells) {
  if (!values[3].empty()) return cells->Integer(Integer(Member(values[3], "count")));
  cells->Integer(values[4].empty() || Integer(values[4]) == 0 ? 1 : Integer(values[4]));
}

// `paths`: one of the two lists above. `object`: where the object that the event is about stands.
std::vector<ColumnDefinition> EventColumns(const std::vector<const char*>& paths,
                                           std::vector<const char*> object, const char* field_path,
                                           const char* message) {
  return {{"Last Seen", "string", 0, paths, LastSeenCell},
          {"Type", "string", 0, {"type"}, TextCell},
          {"Reason", "string", 0, {"reason"}, TextCell},
          {"Object", "string", 0, std::move(object), ObjectCell},
          {"Subobject", "string", 1, {field_path}, TextCell},
          {"Source", "string", 1, paths, SourceCell},
          {"Message", "string", 0, {message}, MessageCell},
          {"First Seen", "string", 1, paths, FirstSeenCell},
          {"Count", "string", 1, paths, EventCountCell},
          {"Name", "string", 1, {"metadata.name"}, TextCell}};
}

// From {service}: "Local", or "namespace/name".
void ApiServiceCell(RawValues values, CellWriter* cells) {
  if (values[0].empty()) return cells->Text("Local");
  const auto [space, name] = Members(values[0], "namespace", "name");
  cells->Text(Text(space) + "/" + Text(name));
}

// "True", or "False (MissingEndpoints)".
void AvailableCell(RawValues values, CellWriter* cells) {
  std::string text = "Unknown";
  ForEachElement(values[0], [&](std::string_view condition) {
    const auto [type, status, reason] = Members(condition, "type", "status", "reason");
    if (!IsText(type, "Available")) return;
    text = IsText(status, "True") ? "True" : Text(status) + " (" + Text(reason) + ")";
  });
  cells->Text(text);
}

void MissingPriorityLevelCell(RawValues values, CellWriter* cells) {
  const std::string_view status = ConditionStatus(values[0], "Dangling");
  cells->Text(status.empty() ? "?" : Text(status));
}

void IntegerOrNoneCell(RawValues values, CellWriter* cells) {
  if (values[0].empty()) {
    cells->Text("<none>");
  } else {
    cells->Integer(Integer(values[0]));
  }
}

// The first condition of type Healthy: three cells.
void ComponentHealthCells(RawValues values, CellWriter* cells) {
  std::string status = "Unknown", message, error;
  bool done = false;
  ForEachElement(values[0], [&](std::string_view condition) {
    const auto [type, raw_status, raw_message, raw_error] =
        Members(condition, "type", "status", "message", "error");
    if (done || !IsText(type, "Healthy")) return;
    status = IsText(raw_status, "True") ? "Healthy" : "Unhealthy";
    message = Text(raw_message);
    error = Text(raw_error);
    done = true;
  });
  for (const auto* text : {&status, &message, &error}) cells->Text(*text);
}

std::vector<TableDefinition> FlowControlTables() {
  static constexpr char kGroup[] = "flowcontrol.apiserver.k8s.io";
  return {
      {kGroup,
       "flowschemas",
       {NameColumn(),
        {"PriorityLevel", "string", 0, {"spec.priorityLevelConfiguration.name"}, TextCell},
        {"MatchingPrecedence", "string", 0, {"spec.matchingPrecedence"}, IntegerCell},
        {"DistinguisherMethod", "string", 0, {"spec.distinguisherMethod.type"}, TextOrNoneCell},
        AgeColumn(),
        {"MissingPL", "string", 0, {"status.conditions"}, MissingPriorityLevelCell}}},
      {kGroup,
       "prioritylevelconfigurations",
       {NameColumn(),
        {"Type", "string", 0, {"spec.type"}, TextCell},
        {"NominalConcurrencyShares",
         "string",
         0,
         {"spec.limited.nominalConcurrencyShares"},
         IntegerOrNoneCell},
        {"Queues", "string", 0, {"spec.limited.limitResponse.queuing.queues"}, IntegerOrNoneCell},
        {"HandSize",
         "string",
         0,
         {"spec.limited.limitResponse.queuing.handSize"},
         IntegerOrNoneCell},
        {"QueueLengthLimit",
         "string",
         0,
         {"spec.limited.limitResponse.queuing.queueLengthLimit"},
         IntegerOrNoneCell},
        AgeColumn()}},
  };
}

}  // namespace

std::vector<TableDefinition> ClusterTables() {
  std::vector<TableDefinition> tables = {
      {"",
       "nodes",
       {NameColumn(),
        {"Status", "string", 0, {"status.conditions", "spec.unschedulable"}, NodeStatusCell},
        {"Roles", "string", 0, {"metadata.labels"}, RolesCell},
        AgeColumn(),
        {"Version", "string", 0, {"status.nodeInfo.kubeletVersion"}, TextCell},
        {"Internal-IP", "string", 1, {"status.addresses"}, InternalIpCell},
        {"External-IP", "string", 1, {"status.addresses"}, ExternalIpCell},
        {"OS-Image", "string", 1, {"status.nodeInfo.osImage"}, TextOrUnknownCell},
        {"Kernel-Version", "string", 1, {"status.nodeInfo.kernelVersion"}, TextOrUnknownCell},
        {"Container-Runtime",
         "string",
         1,
         {"status.nodeInfo.containerRuntimeVersion"},
         TextOrUnknownCell}}},
      {"",
       "namespaces",
       {NameColumn(), {"Status", "string", 0, {"status.phase"}, TextCell}, AgeColumn()}},
      {"", "events",
       EventColumns(kEventPaths, {"involvedObject.kind", "involvedObject.name"},
                    "involvedObject.fieldPath", "message")},
      {"events.k8s.io", "events",
       EventColumns(kEventsGroupPaths, {"regarding.kind", "regarding.name"}, "regarding.fieldPath",
                    "note")},
      {"",
       "componentstatuses",
       {NameColumn(),
        {"Status", "string", 0, {"conditions"}, ComponentHealthCells},
        {"Message", "string", 0},
        {"Error", "string", 0}}},
      {"coordination.k8s.io",
       "leases",
       {NameColumn(), {"Holder", "string", 0, {"spec.holderIdentity"}, TextCell}, AgeColumn()}},
      {"apiregistration.k8s.io",
       "apiservices",
       {NameColumn(),
        {"Service", "string", 0, {"spec.service"}, ApiServiceCell},
        {"Available", "string", 0, {"status.conditions"}, AvailableCell},
        AgeColumn()}},
  };
  for (TableDefinition& table : FlowControlTables()) tables.push_back(std::move(table));
  return tables;
}

}  // namespace pedia::apiserver
