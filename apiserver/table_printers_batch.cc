// Tables of the group batch.
#include <chrono>

#include "apiserver/table_cells.h"
#include "meta/time.h"

namespace pedia::apiserver {
namespace {

// From {conditions, deletion timestamp}. The first that holds.
void JobStatusCell(RawValues values, CellWriter* cells) {
  const auto is = [&](std::string_view type) { return IsConditionTrue(values[0], type); };
  if (is("Complete")) return cells->Text("Complete");
  if (is("Failed")) return cells->Text("Failed");
  if (!values[1].empty()) return cells->Text("Terminating");
  for (const char* type : {"Suspended", "FailureTarget", "SuccessCriteriaMet"}) {
    if (is(type)) return cells->Text(type);
  }
  cells->Text("Running");
}

// From {succeeded, completions, parallelism}: "1/3", "1/1 of 4".
void CompletionsCell(RawValues values, CellWriter* cells) {
  std::string text = std::to_string(Integer(values[0])) + "/";
  if (!values[1].empty()) {
    text += std::to_string(Integer(values[1]));
  } else {
    text += "1";
    if (Integer(values[2]) > 1) text += " of " + std::to_string(Integer(values[2]));
  }
  cells->Text(text);
}

// From {start, completion}: how long it ran, or has been running.
void DurationCell(RawValues values, CellWriter* cells) {
  const std::optional<int64_t> start = Time(values[0]);
  if (!start) return cells->Text("");
  cells->Text(HumanDuration(std::chrono::seconds(Time(values[1]).value_or(cells->now()) - *start)));
}

void SuspendCell(RawValues values, CellWriter* cells) {
  cells->Text(values[0].empty() ? "<unset>" : Bool(values[0]) ? "True" : "False");
}

void LastScheduleCell(RawValues values, CellWriter* cells) {
  cells->Text(values[0].empty() ? "<none>" : Age(values[0], cells->now()));
}

void TimezoneCell(RawValues values, CellWriter* cells) {
  cells->Text(values[0].empty() ? "<none>" : Text(values[0]));
}

}  // namespace

std::vector<TableDefinition> BatchTables() {
  return {
      {"batch",
       "jobs",
       {NameColumn(),
        {"Status", "string", 0, {"status.conditions", "metadata.deletionTimestamp"}, JobStatusCell},
        {"Completions",
         "string",
         0,
         {"status.succeeded", "spec.completions", "spec.parallelism"},
         CompletionsCell},
        {"Duration", "string", 0, {"status.startTime", "status.completionTime"}, DurationCell},
        AgeColumn(),
        ContainersColumn("spec.template.spec.containers"),
        ImagesColumn(),
        LabelSelectorColumn("spec.selector")}},
      {"batch",
       "cronjobs",
       {NameColumn(),
        {"Schedule", "string", 0, {"spec.schedule"}, TextCell},
        {"Timezone", "string", 0, {"spec.timeZone"}, TimezoneCell},
        {"Suspend", "boolean", 0, {"spec.suspend"}, SuspendCell},
        {"Active", "integer", 0, {"status.active"}, CountCell},
        {"Last Schedule", "string", 0, {"status.lastScheduleTime"}, LastScheduleCell},
        AgeColumn(),
        ContainersColumn("spec.jobTemplate.spec.template.spec.containers"),
        ImagesColumn(),
        LabelSelectorColumn("spec.jobTemplate.spec.selector")}},
  };
}

}  // namespace pedia::apiserver
