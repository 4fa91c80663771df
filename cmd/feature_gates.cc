#include "cmd/feature_gates.h"

#include <algorithm>
#include <optional>

namespace pedia::cmd {
namespace {

// As Go's strconv.ParseBool.
std::optional<bool> ParseBool(std::string_view text) {
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return true;
  }
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

Result<FeatureGates> FeatureGates::Parse(const std::vector<std::string>& items) {
  FeatureGates gates;
  for (const std::string& item : items) {
    if (Trim(item).empty()) continue;
    const size_t equals = item.find('=');
    const std::string_view name = Trim(std::string_view(item).substr(0, equals));
    const auto value = equals == std::string::npos
                           ? std::nullopt
                           : ParseBool(Trim(std::string_view(item).substr(equals + 1)));
    if (name.empty() || !value)
      return BadRequest("--feature-gates: \"" + item + "\" is not NAME=true or NAME=false");
    gates.gates_[std::string(name)] = *value;
  }
  return gates;
}

bool FeatureGates::Enabled(std::string_view name, bool otherwise) const {
  const auto found = gates_.find(name);
  return found == gates_.end() ? otherwise : found->second;
}

std::vector<std::string> FeatureGates::Unknown(
    std::initializer_list<std::string_view> known) const {
  std::vector<std::string> unknown;
  for (const auto& [name, enabled] : gates_) {
    if (std::find(known.begin(), known.end(), name) == known.end()) unknown.push_back(name);
  }
  return unknown;
}

}  // namespace pedia::cmd
