#include "query/comma_list.h"

#include <algorithm>

namespace pedia::query {

std::string_view TrimBlanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

std::vector<std::string> SplitCommaList(std::string_view text) {
  std::vector<std::string> values;
  if (TrimBlanks(text).empty()) return values;
  for (size_t comma = text.find(','); comma != std::string_view::npos; comma = text.find(',')) {
    values.emplace_back(TrimBlanks(text.substr(0, comma)));
    text.remove_prefix(comma + 1);
  }
  values.emplace_back(TrimBlanks(text));
  return values;
}

}  // namespace pedia::query
