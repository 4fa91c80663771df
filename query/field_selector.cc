#include "query/field_selector.h"

#include <utility>

#include "query/selector_grammar.h"
#include "query/typed_value.h"

namespace pedia::query {
namespace {

// Each may need a scan of its own; more than this is no search that a person wrote.
constexpr size_t kMaxRequirements = 64;

class FieldSelectorBuilder : public SelectorSink {
 public:
  Status Key(std::string_view key) override {
    if (selector_.size() == kMaxRequirements) {
      return BadRequest("fieldSelector: more than " + std::to_string(kMaxRequirements) +
                        " requirements");
    }
    Result<FieldPath> path = ParseFieldPath("unable to parse requirement", key);
    if (!path.ok()) return path.status();
    selector_.push_back({*std::move(path), SelectorOperator::kExists, {}});
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
    return Status();
  }

  FieldSelector Take() { return std::move(selector_); }

 private:
  FieldSelector selector_;
};

}  // namespace

Result<FieldSelector> ParseFieldSelector(std::string_view text) {
  FieldSelectorBuilder builder;
  if (Status status = ParseSelector(text, SelectorSyntax::kFields, &builder); !status.ok())
    return status;
  return builder.Take();
}

}  // namespace pedia::query
