#include "query/label_selector.h"

#include <algorithm>
#include <utility>

#include "query/label_syntax.h"
#include "query/selector_grammar.h"
#include "query/strconv.h"

namespace pedia::query {
namespace {

// An answer lists this many bad values at most: a request of 64 KB may hold thousands.
constexpr size_t kMaxListedProblems = 16;

std::string JoinProblems(const std::vector<std::string>& problems) {
  if (problems.size() == 1) return problems[0];
  std::string out = "[";
  for (const std::string& problem : problems)
    out.append(out.size() == 1 ? "" : ", ").append(problem);
  return out + "]";
}

// What is wrong with the values of a requirement, numbered in sorted order as kube-apiserver does;
// "" if nothing.
std::string ValuesProblem(const LabelRequirement& requirement) {
  std::vector<std::string> problems;
  const bool integers = requirement.op == SelectorOperator::kGreaterThan ||
                        requirement.op == SelectorOperator::kLessThan;
  std::vector<std::string> values = requirement.values;
  SortValues(&values);
  for (size_t i = 0; i < values.size() && problems.size() < kMaxListedProblems; ++i) {
    const std::string path = "values[" + std::to_string(i) + "]";
    if (integers && !ParseInt64(values[i])) {
      problems.push_back(
          InvalidValue(path, values[i], "for 'Gt', 'Lt' operators, the value must be an integer"));
    }
    if (const std::string why = LabelValueProblem(values[i]); !why.empty()) {
      problems.push_back(InvalidValue(path + "[" + requirement.key + "]", values[i], why));
    }
  }
  return problems.empty() ? "" : JoinProblems(problems);
}

// Builds the selector, values as written.
class LabelSelectorBuilder : public SelectorSink {
 public:
  Status Key(std::string_view key) override {
    // kube-apiserver has no field path here, and says so.
    if (const std::string why = LabelKeyProblem(key); !why.empty())
      return BadRequirement(InvalidValue("<nil>", key, why));
    selector_.push_back({std::string(key), SelectorOperator::kExists, {}});
    return Status();
  }

  Status Condition(SelectorOperator op, std::vector<std::string> values) override {
    LabelRequirement& requirement = selector_.back();
    requirement.op = op;
    requirement.values = std::move(values);
    const std::string why = ValuesProblem(requirement);
    return why.empty() ? Status() : BadRequirement(why);
  }

  LabelSelector Take() { return std::move(selector_); }

 private:
  LabelSelector selector_;
};

bool HasValue(const LabelRequirement& requirement, const std::string& value) {
  return std::find(requirement.values.begin(), requirement.values.end(), value) !=
         requirement.values.end();
}

bool CompareIntegers(const LabelRequirement& requirement, const std::string& value) {
  if (requirement.values.size() != 1) return false;
  const std::optional<int64_t> have = ParseInt64(value);
  const std::optional<int64_t> limit = ParseInt64(requirement.values[0]);
  if (!have || !limit) return false;
  return requirement.op == SelectorOperator::kGreaterThan ? *have > *limit : *have < *limit;
}

bool MatchesOne(const LabelRequirement& requirement, const std::optional<std::string>& value) {
  switch (requirement.op) {
    case SelectorOperator::kEquals:
    case SelectorOperator::kIn:
      return value && HasValue(requirement, *value);
    case SelectorOperator::kNotEquals:
    case SelectorOperator::kNotIn:
      return !value || !HasValue(requirement, *value);
    case SelectorOperator::kExists:
      return value.has_value();
    case SelectorOperator::kDoesNotExist:
      return !value;
    case SelectorOperator::kGreaterThan:
    case SelectorOperator::kLessThan:
      return value && CompareIntegers(requirement, *value);
  }
  return false;
}

}  // namespace

void SortValues(std::vector<std::string>* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

Result<LabelSelector> ParseLabelSelectorAsWritten(std::string_view text) {
  LabelSelectorBuilder builder;
  if (Status status = ParseSelector(text, SelectorSyntax::kLabels, &builder); !status.ok())
    return status;
  return builder.Take();
}

Result<LabelSelector> ParseLabelSelector(std::string_view text) {
  Result<LabelSelector> selector = ParseLabelSelectorAsWritten(text);
  if (!selector.ok()) return selector;
  for (LabelRequirement& requirement : *selector) SortValues(&requirement.values);
  return selector;
}

bool Matches(const LabelSelector& selector,
             const std::function<std::optional<std::string>(std::string_view)>& find) {
  return std::all_of(selector.begin(), selector.end(), [&](const LabelRequirement& requirement) {
    return MatchesOne(requirement, find(requirement.key));
  });
}

}  // namespace pedia::query
