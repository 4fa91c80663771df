// ImportRule: which objects a ClusterImportPolicy makes PediaClusterLifecycles of, and how these are
// named: the templates of the policy, understood.
// Source: policy.clusterpedia.io/v1alpha1 ClusterImportPolicy.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meta/result.h"
#include "policy/policy_objects.h"
#include "policy/template.h"

namespace pedia::policy {

// Why a condition says what it does.
struct Cause {
  std::string reason;
  std::string message;
};

// Immutable.
class ImportRule {
 public:
  // All templates of the policy are looked at. On failure the cause in the condition Validated:
  // FailedParseLifecycleName, FailedParseSourceSelector or InvalaidPolicy (Clusterpedia's spelling),
  // naming the template, the position, and the function if it is about one.
  static std::optional<ImportRule> Make(const ImportPolicy& policy, Cause* cause);

  // The name of the object's lifecycle; nothing if it is not selected. `object`: its JSON. Errors:
  // BadRequest saying which template failed and how, or that the name cannot be one.
  Result<std::optional<std::string>> Select(std::string_view object) const;

 private:
  ImportRule(std::optional<Template> selector, Template name)
      : selector_(std::move(selector)), name_(std::move(name)) {}

  std::optional<Template> selector_;
  Template name_;
};

// One object of the source, and what Select said of it.
struct SelectedSource {
  ObjectReference object;
  Result<std::optional<std::string>> lifecycle;
};

// What is to be done so that there is one lifecycle for each selected object. Each of the changes is
// about another lifecycle.
struct LifecyclePlan {
  std::vector<std::pair<std::string, LifecycleSpec>> create;
  std::vector<std::pair<const Lifecycle*, LifecycleSpec>> update;
  std::vector<const Lifecycle*> remove;
  // Objects that stay without one, or keep the one they have, and why: an error of a template, a
  // name that another has.
  std::vector<std::string> problems;
};

using LifecycleMap = std::map<std::string, Lifecycle, std::less<>>;  // By name.

// `sources` in order: of several with one name the first counts. `references`: the policy's with
// their versions. A lifecycle whose object is among the problems is left alone, and so is one of
// another policy. The plan points into `lifecycles`. Pure.
LifecyclePlan PlanLifecycles(const ImportPolicy& policy,
                             const std::vector<ReferenceTemplate>& references,
                             const std::vector<SelectedSource>& sources,
                             const LifecycleMap& lifecycles);

}  // namespace pedia::policy
