#include "convert/autoscaling_metrics.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

namespace pedia::convert {
namespace {

// Where v2 has a field: beside the others, in `metric`, or in `target` or `current`.
enum class Place { kHere, kMetric, kAmount };

struct Field {
  std::string_view old_name;
  Place place;
  std::string_view name;
  // Kubernetes writes an amount that v2beta1 requires as 0 if v2 has none, and the other way round.
  bool required = false;
};

// A kind of metric: the member it stands in, and its fields in the order of v2beta1.
struct Source {
  std::string_view member;
  std::span<const Field> target;
  std::span<const Field> current;
};

constexpr std::array<Field, 5> kObjectTarget = {{
    {"target", Place::kHere, "describedObject"},
    {"metricName", Place::kMetric, "name"},
    {"targetValue", Place::kAmount, "value", true},
    {"selector", Place::kMetric, "selector"},
    {"averageValue", Place::kAmount, "averageValue"},
}};
constexpr std::array<Field, 5> kObjectCurrent = {{
    {"target", Place::kHere, "describedObject"},
    {"metricName", Place::kMetric, "name"},
    {"currentValue", Place::kAmount, "value", true},
    {"selector", Place::kMetric, "selector"},
    {"averageValue", Place::kAmount, "averageValue"},
}};
constexpr std::array<Field, 3> kPodsTarget = {{
    {"metricName", Place::kMetric, "name"},
    {"targetAverageValue", Place::kAmount, "averageValue", true},
    {"selector", Place::kMetric, "selector"},
}};
constexpr std::array<Field, 3> kPodsCurrent = {{
    {"metricName", Place::kMetric, "name"},
    {"currentAverageValue", Place::kAmount, "averageValue", true},
    {"selector", Place::kMetric, "selector"},
}};
constexpr std::array<Field, 4> kResourceTarget = {{
    {"name", Place::kHere, "name"},
    {"targetAverageUtilization", Place::kAmount, "averageUtilization"},
    {"targetAverageValue", Place::kAmount, "averageValue"},
    {"container", Place::kHere, "container"},  // Of container resources only.
}};
constexpr std::array<Field, 4> kResourceCurrent = {{
    {"name", Place::kHere, "name"},
    {"currentAverageUtilization", Place::kAmount, "averageUtilization"},
    {"currentAverageValue", Place::kAmount, "averageValue", true},
    {"container", Place::kHere, "container"},
}};
constexpr std::array<Field, 4> kExternalTarget = {{
    {"metricName", Place::kMetric, "name"},
    {"metricSelector", Place::kMetric, "selector"},
    {"targetValue", Place::kAmount, "value"},
    {"targetAverageValue", Place::kAmount, "averageValue"},
}};
constexpr std::array<Field, 4> kExternalCurrent = {{
    {"metricName", Place::kMetric, "name"},
    {"metricSelector", Place::kMetric, "selector"},
    {"currentValue", Place::kAmount, "value", true},
    {"currentAverageValue", Place::kAmount, "averageValue"},
}};
constexpr std::array<Source, 5> kSources = {{
    {"object", kObjectTarget, kObjectCurrent},
    {"pods", kPodsTarget, kPodsCurrent},
    {"resource", kResourceTarget, kResourceCurrent},
    {"containerResource", kResourceTarget, kResourceCurrent},
    {"external", kExternalTarget, kExternalCurrent},
}};

std::span<const Field> FieldsOf(const Source& source, MetricPart part) {
  return part == MetricPart::kTarget ? source.target : source.current;
}

std::string_view AmountName(MetricPart part) {
  return part == MetricPart::kTarget ? "target" : "current";
}

std::optional<std::string> ValueOf(const JsonObject& object, std::string_view name, bool required) {
  const auto value = object.Get(name);
  if (value) return std::string(*value);
  return required ? std::optional<std::string>("\"0\"") : std::nullopt;
}

// The type of a target, which v2beta1 leaves to which of its fields are there.
std::string_view TargetType(const JsonObject& old, std::span<const Field> fields) {
  bool value = false;
  bool value_required = false;
  bool average = false;
  for (const Field& field : fields) {
    const bool has = old.Get(field.old_name).has_value();
    if (field.name == "averageUtilization" && has) return "Utilization";
    if (field.name == "averageValue") average = has;
    if (field.name != "value") continue;
    value = has || field.required;
    value_required = field.required;
  }
  return value && !(value_required && average) ? "Value" : "AverageValue";
}

std::string SourceFromV2Beta1(const JsonObject& old, const Source& source, MetricPart part) {
  JsonObject now;
  JsonObject metric;
  JsonObject amount;
  if (part == MetricPart::kTarget) amount.SetText("type", TargetType(old, FieldsOf(source, part)));
  for (const Field& field : FieldsOf(source, part)) {
    std::optional<std::string> value = ValueOf(old, field.old_name, field.required);
    if (!value) continue;
    JsonObject& at = field.place == Place::kHere     ? now
                     : field.place == Place::kMetric ? metric
                                                     : amount;
    at.Set(field.name, std::move(*value));
  }
  if (!metric.empty()) now.Set("metric", metric.ToString());
  now.Set(AmountName(part), amount.ToString());
  return now.ToString();
}

std::string SourceToV2Beta1(const JsonObject& now, const Source& source, MetricPart part) {
  const JsonObject metric = now.GetObject("metric").value_or(JsonObject());
  const JsonObject amount = now.GetObject(AmountName(part)).value_or(JsonObject());
  JsonObject old;
  for (const Field& field : FieldsOf(source, part)) {
    const JsonObject& at = field.place == Place::kHere     ? now
                           : field.place == Place::kMetric ? metric
                                                           : amount;
    std::optional<std::string> value = ValueOf(at, field.name, field.required);
    if (value) old.Set(field.old_name, std::move(*value));
  }
  return old.ToString();
}

using ConvertSource = std::string (*)(const JsonObject&, const Source&, MetricPart);

std::string ConvertMetric(const JsonObject& metric, MetricPart part, ConvertSource convert) {
  JsonObject converted;
  if (const auto type = metric.Get("type")) converted.Set("type", std::string(*type));
  for (const Source& source : kSources) {
    if (const auto fields = metric.GetObject(source.member))
      converted.Set(source.member, convert(*fields, source, part));
  }
  return converted.ToString();
}

// A member of v2's spec.behavior and of the internal type that Kubernetes puts into the annotation.
struct Name {
  std::string_view internal;
  std::string_view name;
  bool always = true;  // Written as null too.
};
constexpr std::array<Name, 2> kDirections = {{{"ScaleUp", "scaleUp"}, {"ScaleDown", "scaleDown"}}};
constexpr std::array<Name, 4> kRules = {{
    {"StabilizationWindowSeconds", "stabilizationWindowSeconds"},
    {"SelectPolicy", "selectPolicy"},
    {"Policies", "policies"},
    {"Tolerance", "tolerance", false},  // Younger than the annotation.
}};
constexpr std::array<Name, 3> kPolicy = {
    {{"Type", "type"}, {"Value", "value"}, {"PeriodSeconds", "periodSeconds"}}};

JsonObject ToInternal(const JsonObject& object, std::span<const Name> names) {
  JsonObject internal;
  for (const Name& name : names) {
    const auto value = object.Get(name.name);
    if (value || name.always) internal.Set(name.internal, std::string(value.value_or("null")));
  }
  return internal;
}

JsonObject FromInternal(const JsonObject& internal, std::span<const Name> names) {
  JsonObject object;
  for (const Name& name : names) {
    auto value = internal.Get(name.internal);
    if (!value) value = internal.Get(name.name);  // Go does not tell them apart.
    if (value) object.Set(name.name, std::string(*value));
  }
  return object;
}

}  // namespace

std::string MetricFromV2Beta1(const JsonObject& metric, MetricPart part) {
  return ConvertMetric(metric, part, SourceFromV2Beta1);
}

std::string MetricToV2Beta1(const JsonObject& metric, MetricPart part) {
  return ConvertMetric(metric, part, SourceToV2Beta1);
}

std::string ConditionInOrder(const JsonObject& condition) {
  JsonObject ordered;
  for (const std::string_view key : {"type", "status", "lastTransitionTime", "reason", "message"}) {
    const auto value = condition.Get(key);
    if (value || key == "lastTransitionTime") ordered.Set(key, std::string(value.value_or("null")));
  }
  return ordered.ToString();
}

std::string BehaviorToInternal(const JsonObject& spec) {
  const auto behavior = spec.GetObject("behavior");
  if (!behavior) return "";
  JsonObject internal = ToInternal(*behavior, kDirections);
  for (const Name& direction : kDirections) {
    internal.ChangeObject(direction.internal, [](JsonObject& rules) {
      rules.ChangeEach("policies",
                       [](JsonObject& policy) { policy = ToInternal(policy, kPolicy); });
      rules = ToInternal(rules, kRules);
    });
  }
  return internal.ToString();
}

std::string BehaviorFromInternal(std::string_view annotation) {
  const auto internal = JsonObject::Read(annotation);
  if (!internal) return "";
  JsonObject behavior = FromInternal(*internal, kDirections);
  for (const Name& direction : kDirections) {
    behavior.ChangeObject(direction.name, [](JsonObject& rules) {
      rules = FromInternal(rules, kRules);
      rules.ChangeEach("policies",
                       [](JsonObject& policy) { policy = FromInternal(policy, kPolicy); });
    });
  }
  return behavior.empty() ? "" : behavior.ToString();
}

std::string EscapedForHtml(std::string_view json) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kEscapes = {{
      {"<", "\\u003c"},
      {">", "\\u003e"},
      {"&", "\\u0026"},
      {"\xe2\x80\xa8", "\\u2028"},
      {"\xe2\x80\xa9", "\\u2029"},
  }};
  std::string out;
  while (!json.empty()) {
    const size_t plain = std::min(json.find_first_of("<>&\xe2"), json.size());
    out += json.substr(0, plain);
    json.remove_prefix(plain);
    const auto* escape = std::ranges::find_if(
        kEscapes, [&](const auto& candidate) { return json.starts_with(candidate.first); });
    if (escape != kEscapes.end()) {
      out += escape->second;
      json.remove_prefix(escape->first.size());
    } else if (!json.empty()) {  // Another character that starts with this byte.
      out.push_back(json.front());
      json.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace pedia::convert
