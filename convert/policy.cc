// PodDisruptionBudgets. An empty selector means no pod in v1beta1 and all pods in v1. Kubernetes
// says what the other version cannot by an expression about a label that no pod has.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "convert/rewrites.h"

namespace pedia::convert {
namespace {

constexpr std::string_view kKey = "\"pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match\"";

std::string Expression(std::string_view operator_name) {
  return "{\"matchExpressions\":[{\"key\":" + std::string(kKey) + ",\"operator\":\"" +
         std::string(operator_name) + "\"}]}";
}

bool IsAboutKey(std::string_view expression) {
  const auto object = JsonObject::Read(expression);
  return object && object->Get("key") == kKey;
}

std::vector<std::string_view> Expressions(const JsonObject& selector) {
  const auto value = selector.Get("matchExpressions");
  return value ? ReadArray(*value).value_or(std::vector<std::string_view>())
               : std::vector<std::string_view>();
}

bool HasLabels(const JsonObject& selector) {
  const auto labels = selector.GetObject("matchLabels");
  return labels && !labels->empty();
}

bool IsEmpty(const JsonObject& selector) {
  return !HasLabels(selector) && Expressions(selector).empty();
}

bool MatchesNone(const JsonObject& selector) {
  const auto expressions = Expressions(selector);
  if (HasLabels(selector) || expressions.size() != 1 || !IsAboutKey(expressions[0])) return false;
  return JsonObject::Read(expressions[0])->Get("operator") == "\"Exists\"";
}

// The label has no meaning beside others.
void DropKey(JsonObject& selector) {
  const auto expressions = Expressions(selector);
  if (std::ranges::none_of(expressions, IsAboutKey)) return;
  std::vector<std::string> others;
  for (const std::string_view expression : expressions)
    if (!IsAboutKey(expression)) others.emplace_back(expression);
  if (others.empty()) {
    selector.Remove("matchExpressions");
  } else {
    selector.Set("matchExpressions", JoinArray(others));
  }
}

}  // namespace

void DisruptionBudgetFromV1Beta1(JsonObject& budget) {
  budget.ChangeObject("spec", [](JsonObject& spec) {
    auto selector = spec.GetObject("selector");
    if (!selector) return;
    if (IsEmpty(*selector)) return spec.Set("selector", Expression("Exists"));
    DropKey(*selector);
    spec.Set("selector", selector->ToString());
  });
}

void DisruptionBudgetToV1Beta1(JsonObject& budget) {
  budget.ChangeObject("spec", [](JsonObject& spec) {
    auto selector = spec.GetObject("selector");
    if (!selector) return;
    if (MatchesNone(*selector)) return spec.Set("selector", "{}");
    DropKey(*selector);
    spec.Set("selector", IsEmpty(*selector) ? Expression("DoesNotExist") : selector->ToString());
  });
}

}  // namespace pedia::convert
