// Any text as a field selector: what is read can be written and read again.
// Sources: query/field_path.cc query/field_selector.cc query/label_selector.cc query/label_syntax.cc query/selector_grammar.cc query/strconv.cc query/typed_value.cc meta/*.cc
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "query/field_selector.h"
#include "query/typed_value.h"

namespace pedia::query {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

std::string Escape(const std::string& value) {
  std::string text;
  for (const char c : value) {
    if (std::string_view("\\=!(),>< \t\r\n").find(c) != std::string_view::npos) text += '\\';
    text += c;
  }
  return text;
}

std::string Format(const FieldRequirement& requirement) {
  const std::string path = requirement.path.Text();
  std::string list;
  for (size_t i = 0; i < requirement.values.size(); ++i)
    list += (i == 0 ? "" : ",") + Escape(requirement.values[i]);
  switch (requirement.op) {
    case SelectorOperator::kEquals:
      return path + "=" + list;
    case SelectorOperator::kNotEquals:
      return path + "!=" + list;
    // A first empty value needs a comma of its own, unless it is alone.
    case SelectorOperator::kIn:
    case SelectorOperator::kNotIn: {
      const bool leading = requirement.values.size() > 1 && requirement.values[0].empty();
      return path + (requirement.op == SelectorOperator::kIn ? " in (" : " notin (") +
             (leading ? "," : "") + list + ")";
    }
    case SelectorOperator::kExists:
      return path;
    case SelectorOperator::kDoesNotExist:
      return "!" + path;
    case SelectorOperator::kGreaterThan:
      return path + ">" + list;
    case SelectorOperator::kLessThan:
      return path + "<" + list;
  }
  std::abort();
}

void CheckRequirement(const FieldRequirement& requirement) {
  Check(!requirement.path.steps.empty() && requirement.path.steps.size() <= 32);
  const Result<FieldPath> path = ParseFieldPath("path", requirement.path.Text());
  Check(path.ok() && *path == requirement.path && path->Text() == requirement.path.Text());
  const std::vector<std::string>& values = requirement.values;
  Check(std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end());
  switch (requirement.op) {
    case SelectorOperator::kExists:
    case SelectorOperator::kDoesNotExist:
      return Check(values.empty());
    case SelectorOperator::kIn:
    case SelectorOperator::kNotIn:
      return Check(!values.empty());
    case SelectorOperator::kGreaterThan:
    case SelectorOperator::kLessThan:
      return Check(values.size() == 1 && KindOfValue(values[0]) != ValueKind::kText);
    default:
      return Check(values.size() == 1);
  }
}

}  // namespace
}  // namespace pedia::query

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pedia::query;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto selector = ParseFieldSelector(text);
  if (!selector.ok()) {
    Check(selector.status().http_code() == 400 && !selector.status().message().empty() &&
          selector.status().message().size() < 8192);
    return 0;
  }
  Check(selector->size() <= 64);
  std::string formatted;
  for (const FieldRequirement& requirement : *selector) {
    CheckRequirement(requirement);
    formatted += (formatted.empty() ? "" : ",") + Format(requirement);
  }
  const auto again = ParseFieldSelector(formatted);
  Check(again.ok() && *again == *selector);
  return 0;
}
