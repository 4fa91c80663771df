// HorizontalPodAutoscalers. v1 has a target for the CPU only. The metrics that it lacks, and what
// both v1 and v2beta1 lack otherwise, stand in annotations: metrics as v2beta1 has them, the scaling
// behavior as Kubernetes' internal type (with capital letters).
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/autoscaling_metrics.h"
#include "convert/rewrites.h"
#include "meta/json_reader.h"

namespace pedia::convert {
namespace {

constexpr std::string_view kMetrics = "autoscaling.alpha.kubernetes.io/metrics";
constexpr std::string_view kCurrentMetrics = "autoscaling.alpha.kubernetes.io/current-metrics";
constexpr std::string_view kConditions = "autoscaling.alpha.kubernetes.io/conditions";
constexpr std::string_view kBehavior = "autoscaling.alpha.kubernetes.io/behavior";
constexpr std::string_view kDefaultUtilization = "80";

// The annotations that keep fields, as JSON; "" where there is none or it is malformed.
struct KeptFields {
  std::string metrics;
  std::string current_metrics;
  std::string conditions;
  std::string behavior;
};

std::string TakeAnnotation(JsonObject& annotations, std::string_view key) {
  std::string json = JsonReader(annotations.Get(key).value_or("")).ReadString();
  annotations.Remove(key);
  return IsValidJson(json) ? json : "";
}

KeptFields TakeKeptFields(JsonObject& autoscaler) {
  KeptFields kept;
  autoscaler.ChangeObject("metadata", [&](JsonObject& metadata) {
    auto annotations = metadata.GetObject("annotations");
    if (!annotations) return;
    kept.metrics = TakeAnnotation(*annotations, kMetrics);
    kept.current_metrics = TakeAnnotation(*annotations, kCurrentMetrics);
    kept.conditions = TakeAnnotation(*annotations, kConditions);
    kept.behavior = TakeAnnotation(*annotations, kBehavior);
    if (annotations->empty()) return metadata.Remove("annotations");
    metadata.Set("annotations", annotations->ToString());
  });
  return kept;
}

void KeepField(JsonObject& autoscaler, std::string_view key, std::string_view json) {
  if (json.empty()) return;
  autoscaler.ChangeObject("metadata", [&](JsonObject& metadata) {
    if (!metadata.GetObject("annotations")) metadata.Set("annotations", "{}");
    metadata.ChangeObject("annotations", [&](JsonObject& annotations) {
      annotations.SetText(key, EscapedForHtml(json));
    });
  });
}

// The elements, if all are objects, which Kubernetes demands of an annotation.
std::vector<std::string_view> ReadObjects(std::string_view json) {
  std::vector<std::string_view> elements =
      ReadArray(json).value_or(std::vector<std::string_view>());
  for (const std::string_view element : elements)
    if (!element.starts_with('{')) return {};
  return elements;
}

// The elements of a field that are objects.
std::vector<JsonObject> ObjectsOf(const JsonObject& object, std::string_view key) {
  std::vector<JsonObject> found;
  const auto value = object.Get(key);
  const auto elements = value ? ReadArray(*value) : std::nullopt;
  if (!elements) return found;
  for (const std::string_view element : *elements)
    if (auto read = JsonObject::Read(element)) found.push_back(std::move(*read));
  return found;
}

std::string CpuMetric(std::string_view member, std::string fields) {
  JsonObject source;
  source.SetText("name", "cpu");
  source.Set(member, std::move(fields));
  JsonObject metric;
  metric.SetText("type", "Resource");
  metric.Set("resource", source.ToString());
  return metric.ToString();
}

std::string CpuTarget(std::string_view utilization) {
  JsonObject target;
  target.SetText("type", "Utilization");
  target.Set("averageUtilization", std::string(utilization));
  return CpuMetric("target", target.ToString());
}

std::string CpuCurrent(std::string_view utilization) {
  JsonObject current;
  current.Set("averageUtilization", std::string(utilization));
  return CpuMetric("current", current.ToString());
}

// The utilization in `member` ("target", "current"), if this is a metric of the CPU.
std::optional<std::string> CpuUtilization(const JsonObject& metric, std::string_view member) {
  const auto resource = metric.GetObject("resource");
  if (metric.Get("type") != "\"Resource\"" || !resource || resource->Get("name") != "\"cpu\"")
    return std::nullopt;
  const auto amount = resource->GetObject(member);
  const auto utilization = amount ? amount->Get("averageUtilization") : std::nullopt;
  return utilization ? std::optional(std::string(*utilization)) : std::nullopt;
}

void SpecFromV1(JsonObject& spec, const KeptFields& kept) {
  std::vector<std::string> metrics;
  for (const std::string_view metric : ReadObjects(kept.metrics))
    metrics.push_back(MetricFromV2Beta1(*JsonObject::Read(metric), MetricPart::kTarget));
  if (const auto cpu = spec.Get("targetCPUUtilizationPercentage"))
    metrics.push_back(CpuTarget(*cpu));
  if (metrics.empty()) metrics.push_back(CpuTarget(kDefaultUtilization));
  spec.Rename("targetCPUUtilizationPercentage", "metrics");
  spec.Set("metrics", JoinArray(metrics));
  if (const std::string behavior = BehaviorFromInternal(kept.behavior); !behavior.empty())
    spec.Set("behavior", behavior);
}

void StatusFromV1(JsonObject& status, const KeptFields& kept) {
  std::vector<std::string> metrics;
  if (const auto cpu = status.Get("currentCPUUtilizationPercentage"))
    metrics.push_back(CpuCurrent(*cpu));
  status.Remove("currentCPUUtilizationPercentage");
  const auto kept_metrics = ReadObjects(kept.current_metrics);
  if (!kept_metrics.empty()) metrics.clear();  // They say more.
  for (const std::string_view metric : kept_metrics)
    metrics.push_back(MetricFromV2Beta1(*JsonObject::Read(metric), MetricPart::kCurrent));
  if (!metrics.empty()) status.Set("currentMetrics", JoinArray(metrics));
  if (!ReadObjects(kept.conditions).empty()) status.Set("conditions", kept.conditions);
}

// Returns what has to be kept.
KeptFields SpecToV1(JsonObject& spec) {
  KeptFields kept;
  std::vector<std::string> others;
  std::optional<std::string> cpu;
  for (const JsonObject& metric : ObjectsOf(spec, "metrics")) {
    const auto utilization = CpuUtilization(metric, "target");
    if (!utilization) others.push_back(MetricToV2Beta1(metric, MetricPart::kTarget));
    if (!cpu) cpu = utilization;
  }
  if (!others.empty()) kept.metrics = JoinArray(others);
  kept.behavior = BehaviorToInternal(spec);
  spec.Remove("behavior");
  if (cpu) {
    spec.Rename("metrics", "targetCPUUtilizationPercentage");
    spec.Set("targetCPUUtilizationPercentage", *cpu);
  } else {
    spec.Remove("metrics");
  }
  return kept;
}

KeptFields StatusToV1(JsonObject& status) {
  KeptFields kept;
  std::vector<std::string> metrics;
  std::vector<std::string> conditions;
  std::optional<std::string> cpu;
  for (const JsonObject& metric : ObjectsOf(status, "currentMetrics")) {
    metrics.push_back(MetricToV2Beta1(metric, MetricPart::kCurrent));
    if (auto utilization = CpuUtilization(metric, "current")) cpu = std::move(utilization);
  }
  for (const JsonObject& condition : ObjectsOf(status, "conditions"))
    conditions.push_back(ConditionInOrder(condition));
  // The CPU's too: v1 has no place for its absolute value.
  if (!metrics.empty()) kept.current_metrics = JoinArray(metrics);
  if (!conditions.empty()) kept.conditions = JoinArray(conditions);
  status.Remove("currentMetrics");
  status.Remove("conditions");
  if (cpu) status.Set("currentCPUUtilizationPercentage", *cpu);
  return kept;
}

template <typename Change>
void ChangeMetrics(JsonObject& autoscaler, Change change) {
  const auto change_all = [&](std::string_view part, std::string_view list, MetricPart amount) {
    autoscaler.ChangeObject(part, [&](JsonObject& object) {
      std::vector<std::string> changed;
      for (const JsonObject& metric : ObjectsOf(object, list))
        changed.push_back(change(metric, amount));
      if (object.Get(list)) object.Set(list, JoinArray(changed));
    });
  };
  change_all("spec", "metrics", MetricPart::kTarget);
  change_all("status", "currentMetrics", MetricPart::kCurrent);
}

}  // namespace

void AutoscalerFromV1(JsonObject& autoscaler) {
  const KeptFields kept = TakeKeptFields(autoscaler);
  autoscaler.ChangeObject("spec", [&](JsonObject& spec) { SpecFromV1(spec, kept); });
  const bool has_status = !kept.current_metrics.empty() || !kept.conditions.empty();
  if (has_status && !autoscaler.Get("status")) autoscaler.Set("status", "{}");
  autoscaler.ChangeObject("status", [&](JsonObject& status) { StatusFromV1(status, kept); });
}

void AutoscalerToV1(JsonObject& autoscaler) {
  TakeKeptFields(autoscaler);  // What stood there before is not this object's.
  KeptFields spec_fields;
  KeptFields status_fields;
  autoscaler.ChangeObject("spec", [&](JsonObject& spec) { spec_fields = SpecToV1(spec); });
  autoscaler.ChangeObject("status",
                          [&](JsonObject& status) { status_fields = StatusToV1(status); });
  KeepField(autoscaler, kMetrics, spec_fields.metrics);
  KeepField(autoscaler, kBehavior, spec_fields.behavior);
  KeepField(autoscaler, kCurrentMetrics, status_fields.current_metrics);
  KeepField(autoscaler, kConditions, status_fields.conditions);
}

void AutoscalerFromV2Beta1(JsonObject& autoscaler) {
  const KeptFields kept = TakeKeptFields(autoscaler);
  ChangeMetrics(autoscaler, MetricFromV2Beta1);
  const std::string behavior = BehaviorFromInternal(kept.behavior);
  if (behavior.empty()) return;
  autoscaler.ChangeObject("spec", [&](JsonObject& spec) { spec.Set("behavior", behavior); });
}

void AutoscalerToV2Beta1(JsonObject& autoscaler) {
  TakeKeptFields(autoscaler);
  ChangeMetrics(autoscaler, MetricToV2Beta1);
  std::string behavior;
  autoscaler.ChangeObject("spec", [&](JsonObject& spec) {
    behavior = BehaviorToInternal(spec);
    spec.Remove("behavior");
  });
  KeepField(autoscaler, kBehavior, behavior);
}

}  // namespace pedia::convert
