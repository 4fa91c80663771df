#include "query/field_selector.h"

#include <optional>

#include "query/strconv.h"

namespace pedia::query {
namespace {

// Cuts the first term off `text`, up to a comma that is not escaped.
std::string_view TakeTerm(std::string_view* text) {
  size_t end = 0;
  while (end < text->size() && (*text)[end] != ',') end += (*text)[end] == '\\' ? 2 : 1;
  end = end < text->size() ? end : text->size();
  const std::string_view term = text->substr(0, end);
  text->remove_prefix(end < text->size() ? end + 1 : end);
  return term;
}

// Nothing for a lone backslash, another escape, or a bare '='.
std::optional<std::string> Unescape(std::string_view text) {
  std::string value;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=') return {};
    if (text[i] == '\\') {
      if (++i == text.size() || std::string_view("\\,=").find(text[i]) == std::string_view::npos)
        return {};
    }
    value += text[i];
  }
  return value;
}

Result<FieldRequirement> ParseTerm(std::string_view term) {
  const size_t at = term.find('=');
  if (at == std::string_view::npos) {
    return BadRequest("fieldSelector: invalid selector: " + QuoteShort(term) +
                      "; can't understand it: want path=value or path!=value");
  }
  FieldRequirement requirement;
  requirement.negated = at > 0 && term[at - 1] == '!';
  requirement.path = term.substr(0, requirement.negated ? at - 1 : at);
  const bool twice = !requirement.negated && at + 1 < term.size() && term[at + 1] == '=';
  auto value = Unescape(term.substr(at + (twice ? 2 : 1)));
  if (!value || requirement.path.empty())
    return BadRequest("fieldSelector: invalid selector: " + QuoteShort(term));
  requirement.value = *std::move(value);
  return requirement;
}

}  // namespace

Result<FieldSelector> ParseFieldSelector(std::string_view text) {
  FieldSelector selector;
  while (!text.empty()) {
    const std::string_view term = TakeTerm(&text);
    if (term.empty()) continue;
    auto requirement = ParseTerm(term);
    if (!requirement.ok()) return requirement.status();
    selector.push_back(*std::move(requirement));
  }
  return selector;
}

}  // namespace pedia::query
