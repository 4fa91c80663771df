// Lists as search conditions write them in a URL: "web, api".
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace pedia::query {

std::string_view TrimBlanks(std::string_view text);

// "a, b" gives {"a", "b"}; nothing but blanks gives no value; "a," gives {"a", ""}. Pure.
std::vector<std::string> SplitCommaList(std::string_view text);

}  // namespace pedia::query
