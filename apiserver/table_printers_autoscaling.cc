// The table of horizontal pod autoscalers, in the shapes of autoscaling/v2 and autoscaling/v1.
#include <algorithm>

#include "apiserver/table_cells.h"

namespace pedia::apiserver {
namespace {

std::string Quantity(std::string_view raw) { return TextOr(raw, "0"); }

std::string Percentage(std::string_view raw, std::string_view absent) {
  return raw.empty() ? std::string(absent) : std::to_string(Integer(raw)) + "%";
}

// "10/20" or "10/20 (avg)": of External and Object metrics.
std::string FormatValue(std::string_view target, std::string_view source,
                        std::string_view current) {
  const auto [target_average, target_value] = Members(target, "averageValue", "value");
  const auto [average, value] = Members(current, "averageValue", "value");
  if (!target_average.empty()) {
    return TextOr(average, "<unknown>") + "/" + Quantity(target_average) + " (avg)";
  }
  return (source.empty() ? "<unknown>" : Quantity(value)) + "/" + Quantity(target_value);
}

// "cpu: 35%/80%": of Resource and ContainerResource metrics.
std::string FormatResource(std::string_view name, std::string_view target, std::string_view source,
                           std::string_view current) {
  const auto [target_average, target_utilization] =
      Members(target, "averageValue", "averageUtilization");
  const auto [average, utilization] = Members(current, "averageValue", "averageUtilization");
  const std::string prefix = Text(name) + ": ";
  if (!target_average.empty()) {
    return prefix + (source.empty() ? "<unknown>" : Quantity(average)) + "/" +
           Quantity(target_average);
  }
  return prefix + Percentage(utilization, "<unknown>") + "/" +
         Percentage(target_utilization, "<auto>");
}

// `spec`: one of spec.metrics; `status`: the one of status.currentMetrics with the same index, ""
// if there is none.
std::string FormatMetric(std::string_view spec, std::string_view status) {
  const std::string_view type = Member(spec, "type");
  static constexpr std::pair<const char*, const char*> kSources[] = {
      {"External", "external"},
      {"Pods", "pods"},
      {"Object", "object"},
      {"Resource", "resource"},
      {"ContainerResource", "containerResource"},
  };
  for (const auto& [name, member] : kSources) {
    if (!IsText(type, name)) continue;
    const auto [target, resource] = Members(Member(spec, member), "target", "name");
    const std::string_view source = Member(status, member);
    const std::string_view current = Member(source, "current");
    if (member == std::string_view("pods")) {
      const std::string_view average = Member(current, "averageValue");
      return (source.empty() ? "<unknown>" : Quantity(average)) + "/" +
             Quantity(Member(target, "averageValue"));
    }
    if (member == std::string_view("external") || member == std::string_view("object")) {
      return FormatValue(target, source, current);
    }
    return FormatResource(resource, target, source, current);
  }
  return "<unknown type>";
}

// From {v2 metrics, v2 current metrics, v1 target, v1 current utilization}.
void TargetsCell(RawValues values, CellWriter* cells) {
  constexpr size_t kMaxShown = 2;
  std::vector<std::string_view> statuses;
  ForEachElement(values[1], [&](std::string_view status) { statuses.push_back(status); });
  std::vector<std::string> metrics;
  size_t count = 0;
  ForEachElement(values[0], [&](std::string_view spec) {
    if (count < kMaxShown)
      metrics.push_back(FormatMetric(spec, count < statuses.size() ? statuses[count] : ""));
    ++count;
  });
  if (!values[2].empty()) {
    metrics.push_back("cpu: " + Percentage(values[3], "<unknown>") + "/" +
                      Percentage(values[2], ""));
    ++count;
  }
  if (count == 0) {
    cells->Text("<none>");
    return;
  }
  std::string text = Join(metrics, ", ");
  if (count > metrics.size()) text += " + " + std::to_string(count - metrics.size()) + " more...";
  cells->Text(text);
}

void ReferenceCell(RawValues values, CellWriter* cells) {
  cells->Text(Text(values[0]) + "/" + Text(values[1]));
}

void MinPodsCell(RawValues values, CellWriter* cells) {
  cells->Text(values[0].empty() ? "<unset>" : std::to_string(Integer(values[0])));
}

}  // namespace

std::vector<TableDefinition> AutoscalingTables() {
  return {{"autoscaling",
           "horizontalpodautoscalers",
           {NameColumn(),
            {"Reference",
             "string",
             0,
             {"spec.scaleTargetRef.kind", "spec.scaleTargetRef.name"},
             ReferenceCell},
            {"Targets",
             "string",
             0,
             {"spec.metrics", "status.currentMetrics", "spec.targetCPUUtilizationPercentage",
              "status.currentCPUUtilizationPercentage"},
             TargetsCell},
            {"MinPods", "string", 0, {"spec.minReplicas"}, MinPodsCell},
            {"MaxPods", "string", 0, {"spec.maxReplicas"}, IntegerCell},
            {"Replicas", "string", 0, {"status.currentReplicas"}, IntegerCell},
            AgeColumn()}}};
}

}  // namespace pedia::apiserver
