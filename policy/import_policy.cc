#include "policy/import_policy.h"

#include <set>

namespace pedia::policy {
namespace {

constexpr const char* kInvalid = "InvalaidPolicy";  // As Clusterpedia spells it.

// "" if `text` is a template.
std::string ProblemOf(const std::string& field, const std::string& text) {
  const auto parsed = Template::Parse(text);
  return parsed.ok() ? "" : "spec." + field + ": " + parsed.status().message();
}

// The first of the templates of lifecycles that is none, or a required part that is missing.
std::string ProblemOf(const ImportPolicySpec& policy) {
  if (policy.source.resource.empty()) return "spec.source.resource is required";
  if (std::string problem = ProblemOf("template", policy.templates.pedia_cluster); !problem.empty())
    return problem;
  if (std::string problem = ProblemOf("creationCondition", policy.templates.creation_condition);
      !problem.empty())
    return problem;
  std::set<std::string_view> keys;
  for (size_t i = 0; i < policy.references.size(); ++i) {
    const ReferenceTemplate& reference = policy.references[i];
    const std::string field = "references[" + std::to_string(i) + "]";
    if (reference.key.empty()) return "spec." + field + ".key is required";
    if (!keys.insert(reference.key).second)
      return "spec." + field + ".key: \"" + reference.key + "\" is there twice";
    if (reference.name.empty()) return "spec." + field + ".nameTemplate is required";
    for (const auto& [name, text] : {std::pair(".namespaceTemplate", &reference.name_space),
                                     std::pair(".nameTemplate", &reference.name)}) {
      if (std::string problem = ProblemOf(field + name, *text); !problem.empty()) return problem;
    }
  }
  return "";
}

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Versions do not count: the objects are the same.
bool IsSameObject(const ObjectReference& a, const ObjectReference& b) {
  return a.gvr.group == b.gvr.group && a.gvr.resource == b.gvr.resource &&
         a.name_space == b.name_space && a.name == b.name;
}

class Planner {
 public:
  Planner(const ImportPolicy& policy, const std::vector<ReferenceTemplate>& references,
          const LifecycleMap& lifecycles)
      : policy_(policy), references_(references), lifecycles_(lifecycles) {}

  LifecyclePlan Plan(const std::vector<SelectedSource>& sources) {
    for (const SelectedSource& source : sources) Look(source);
    for (const auto& [name, lifecycle] : lifecycles_) {
      if (IsOurs(lifecycle) && !lifecycle.meta.deleting && !wanted_.contains(name) &&
          !IsTroubled(lifecycle))
        plan_.remove.push_back(&lifecycle);
    }
    return std::move(plan_);
  }

 private:
  bool IsOurs(const Lifecycle& lifecycle) const {
    const OwnerReference* const owner = lifecycle.meta.Controller();
    return owner != nullptr && owner->uid == policy_.meta.uid;
  }
  bool IsTroubled(const Lifecycle& lifecycle) const {
    for (const ObjectReference* object : troubled_) {
      if (IsSameObject(*object, lifecycle.spec.source)) return true;
    }
    return false;
  }
  void Trouble(const SelectedSource& source, const std::string& why) {
    troubled_.push_back(&source.object);
    plan_.problems.push_back(source.object.ToString() + ": " + why);
  }

  void Look(const SelectedSource& source) {
    if (!source.lifecycle.ok()) return Trouble(source, source.lifecycle.status().message());
    if (!source.lifecycle->has_value()) return;
    const std::string& name = **source.lifecycle;
    const auto [other, first] = wanted_.try_emplace(name, &source.object);
    if (!first)
      return Trouble(source, "the name \"" + name + "\" is that of " + other->second->ToString());
    const LifecycleSpec spec{source.object, references_, policy_.spec.templates};
    const auto known = lifecycles_.find(name);
    if (known == lifecycles_.end()) {
      plan_.create.emplace_back(name, spec);
      return;
    }
    const Lifecycle& lifecycle = known->second;
    // It is made anew when it is gone.
    if (lifecycle.meta.deleting) return;
    const OwnerReference* const owner = lifecycle.meta.Controller();
    if (owner != nullptr && owner->uid != policy_.meta.uid)
      return Trouble(source, "the PediaClusterLifecycle \"" + name + "\" belongs to the " +
                                 owner->kind + " \"" + owner->name + "\"");
    if (owner == nullptr || lifecycle.spec != spec) plan_.update.emplace_back(&lifecycle, spec);
  }

  const ImportPolicy& policy_;
  const std::vector<ReferenceTemplate>& references_;
  const LifecycleMap& lifecycles_;
  std::map<std::string, const ObjectReference*> wanted_;
  std::vector<const ObjectReference*> troubled_;
  LifecyclePlan plan_;
};

}  // namespace

std::optional<ImportRule> ImportRule::Make(const ImportPolicy& policy, Cause* cause) {
  const auto fail = [cause](const char* reason, std::string message) -> std::optional<ImportRule> {
    *cause = {reason, std::move(message)};
    return std::nullopt;
  };
  auto name = Template::Parse(policy.spec.name_template);
  if (!name.ok())
    return fail("FailedParseLifecycleName", "spec.nameTemplate: " + name.status().message());
  std::optional<Template> selector;
  if (!policy.spec.selector.empty()) {
    auto parsed = Template::Parse(policy.spec.selector);
    if (!parsed.ok())
      return fail("FailedParseSourceSelector",
                  "spec.source.selectorTemplate: " + parsed.status().message());
    selector = *std::move(parsed);
  }
  if (std::string problem = ProblemOf(policy.spec); !problem.empty())
    return fail(kInvalid, std::move(problem));
  return ImportRule(std::move(selector), *std::move(name));
}

Result<std::optional<std::string>> ImportRule::Select(std::string_view object) const {
  const std::string data = "{\"source\":" + std::string(object) + "}";
  if (selector_) {
    const auto selected = selector_->IsTrue(data);
    if (!selected.ok())
      return BadRequest("spec.source.selectorTemplate: " + selected.status().message());
    if (!*selected) return std::optional<std::string>();
  }
  const auto text = name_.Execute(data);
  if (!text.ok()) return BadRequest("spec.nameTemplate: " + text.status().message());
  const std::string_view name = Trimmed(*text);
  if (!IsObjectName(name))
    return BadRequest("spec.nameTemplate: \"" + std::string(name.substr(0, 300)) +
                      "\" cannot be a name: lower-case letters, digits, '-' and '.', 253 at most");
  return std::optional<std::string>(name);
}

LifecyclePlan PlanLifecycles(const ImportPolicy& policy,
                             const std::vector<ReferenceTemplate>& references,
                             const std::vector<SelectedSource>& sources,
                             const LifecycleMap& lifecycles) {
  return Planner(policy, references, lifecycles).Plan(sources);
}

}  // namespace pedia::policy
