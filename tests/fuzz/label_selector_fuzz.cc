// Any text as a label selector: what is read can be written and read again, and matches labels made
// to fit it.
// Sources: query/label_selector.cc query/label_syntax.cc query/selector_grammar.cc query/strconv.cc meta/*.cc
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "query/label_selector.h"

namespace pedia::query {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

std::string Format(const LabelRequirement& requirement) {
  std::string list;
  for (const std::string& value : requirement.values) list += (list.empty() ? "" : ",") + value;
  switch (requirement.op) {
    case SelectorOperator::kEquals:
      return requirement.key + "=" + list;
    case SelectorOperator::kNotEquals:
      return requirement.key + "!=" + list;
    // A first empty value needs a comma of its own, unless it is alone.
    case SelectorOperator::kIn:
    case SelectorOperator::kNotIn: {
      const bool leading = requirement.values.size() > 1 && requirement.values[0].empty();
      return requirement.key + (requirement.op == SelectorOperator::kIn ? " in (" : " notin (") +
             (leading ? "," : "") + list + ")";
    }
    case SelectorOperator::kExists:
      return requirement.key;
    case SelectorOperator::kDoesNotExist:
      return "!" + requirement.key;
    case SelectorOperator::kGreaterThan:
      return requirement.key + ">" + list;
    case SelectorOperator::kLessThan:
      return requirement.key + "<" + list;
  }
  std::abort();
}

bool Equal(const LabelRequirement& a, const LabelRequirement& b) {
  return a.key == b.key && a.op == b.op && a.values == b.values;
}

// Each requirement alone: `=` and `in` hold for their values and for no missing key, `!=` and
// `notin` the other way round.
void CheckMatching(const LabelRequirement& requirement) {
  const LabelSelector selector = {requirement};
  const bool missing =
      Matches(selector, [](std::string_view) { return std::optional<std::string>(); });
  switch (requirement.op) {
    case SelectorOperator::kEquals:
    case SelectorOperator::kIn:
    case SelectorOperator::kNotEquals:
    case SelectorOperator::kNotIn: {
      const bool include =
          requirement.op == SelectorOperator::kEquals || requirement.op == SelectorOperator::kIn;
      Check(missing != include);
      for (const std::string& value : requirement.values) {
        Check(Matches(selector, [&](std::string_view) { return std::optional(value); }) == include);
      }
      break;
    }
    case SelectorOperator::kDoesNotExist:
      Check(missing);
      break;
    default:
      Check(!missing);
  }
}

}  // namespace
}  // namespace pedia::query

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pedia::query;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto selector = ParseLabelSelector(text);
  const auto as_written = ParseLabelSelectorAsWritten(text);
  Check(selector.ok() == as_written.ok());
  if (!selector.ok()) {
    Check(!selector.status().message().empty());
    return 0;
  }
  Check(selector->size() == as_written->size());
  std::string formatted;
  for (const LabelRequirement& requirement : *selector) {
    Check(!requirement.key.empty());
    Check(std::is_sorted(requirement.values.begin(), requirement.values.end()));
    CheckMatching(requirement);
    formatted += (formatted.empty() ? "" : ",") + Format(requirement);
  }
  const auto again = ParseLabelSelector(formatted);
  Check(again.ok() &&
        std::equal(again->begin(), again->end(), selector->begin(), selector->end(), Equal));
  return 0;
}
