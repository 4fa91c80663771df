#include "query/field_selector.h"

#include <algorithm>
#include <array>
#include <utility>

#include "query/selector_grammar.h"
#include "query/typed_value.h"

namespace pedia::query {
namespace {

// Each may need a scan of its own; more than this is no search that a person wrote.
constexpr size_t kMaxRequirements = 64;

// Source: Kubernetes docs "Field Selectors", supported fields by kind.
constexpr std::array<std::pair<std::string_view, std::string_view>, 19> kDefaults{{
    {"involvedObject.apiVersion", ""},
    {"involvedObject.fieldPath", ""},
    {"involvedObject.kind", ""},
    {"involvedObject.name", ""},
    {"involvedObject.namespace", ""},
    {"involvedObject.resourceVersion", ""},
    {"involvedObject.uid", ""},
    {"reason", ""},
    {"reportingComponent", ""},
    {"spec.hostNetwork", "false"},
    {"spec.nodeName", ""},
    {"spec.schedulerName", ""},
    {"spec.serviceAccountName", ""},
    {"spec.signerName", ""},
    {"spec.unschedulable", "false"},
    {"status.nominatedNodeName", ""},
    {"status.phase", ""},
    {"status.podIP", ""},
    {"type", ""},
}};

class FieldSelectorBuilder : public SelectorSink {
 public:
  Status Key(std::string_view key) override {
    if (selector_.size() == kMaxRequirements) {
      return BadRequest("fieldSelector: more than " + std::to_string(kMaxRequirements) +
                        " requirements");
    }
    Result<FieldPath> path = ParseFieldPath("unable to parse requirement", key);
    if (!path.ok()) return path.status();
    selector_.push_back({*std::move(path), SelectorOperator::kExists, {}, false});
    return Status();
  }

  Status Condition(SelectorOperator op, std::vector<std::string> values) override {
    FieldRequirement& requirement = selector_.back();
    const bool compares = op == SelectorOperator::kGreaterThan || op == SelectorOperator::kLessThan;
    if (compares && KindOfValue(values[0]) == ValueKind::kText) {
      return BadRequirement(
          InvalidValue(requirement.path.Text() + ".values[0]", values[0],
                       "for 'Gt', 'Lt' operators, the value must be an integer, another number, a "
                       "quantity or an RFC 3339 time"));
    }
    requirement.op = op;
    requirement.values = std::move(values);
    SortValues(&requirement.values);
    requirement.or_missing = CountsMissing(requirement.path, requirement.values);
    return Status();
  }

  FieldSelector Take() { return std::move(selector_); }

 private:
  FieldSelector selector_;
};

}  // namespace

bool CountsMissing(const FieldPath& path, const std::vector<std::string>& values) {
  const std::string text = path.Text();
  const auto field = std::find_if(kDefaults.begin(), kDefaults.end(),
                                  [&](const auto& known) { return known.first == text; });
  return field != kDefaults.end() &&
         std::find(values.begin(), values.end(), field->second) != values.end();
}

Result<FieldSelector> ParseFieldSelector(std::string_view text) {
  FieldSelectorBuilder builder;
  if (Status status = ParseSelector(text, SelectorSyntax::kFields, &builder); !status.ok())
    return status;
  return builder.Take();
}

}  // namespace pedia::query
