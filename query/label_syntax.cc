#include "query/label_syntax.h"

#include <algorithm>
#include <vector>

namespace pedia::query {
namespace {

constexpr size_t kMaxNameBytes = 63;
constexpr size_t kMaxPrefixBytes = 253;

constexpr std::string_view kNameRule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view kValueRule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end "
    "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
    "validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
constexpr std::string_view kPrefixRule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end "
    "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

// By hand: the <cctype> functions depend on the locale.
bool IsLowerAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool IsAlphanumeric(char c) { return IsLowerAlphanumeric(c) || (c >= 'A' && c <= 'Z'); }

bool IsName(std::string_view text) {
  return !text.empty() && IsAlphanumeric(text.front()) && IsAlphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

bool IsDnsLabel(std::string_view text) {
  return !text.empty() && IsLowerAlphanumeric(text.front()) && IsLowerAlphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLowerAlphanumeric(c) || c == '-'; });
}

std::string TooLong(size_t limit) {
  return "must be no more than " + std::to_string(limit) + " bytes";
}

void CheckPrefix(std::string_view prefix, std::vector<std::string>* problems) {
  if (prefix.empty()) {
    problems->push_back("prefix part must be non-empty");
    return;
  }
  if (prefix.size() > kMaxPrefixBytes)
    problems->push_back("prefix part " + TooLong(kMaxPrefixBytes));
  if (!IsDnsSubdomain(prefix)) problems->push_back("prefix part " + std::string(kPrefixRule));
}

std::string Join(const std::vector<std::string>& problems) {
  std::string out;
  for (const std::string& problem : problems) out.append(out.empty() ? "" : "; ").append(problem);
  return out;
}

}  // namespace

bool IsDnsSubdomain(std::string_view text) {
  for (size_t dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.')) {
    if (!IsDnsLabel(text.substr(0, dot))) return false;
    text.remove_prefix(dot + 1);
  }
  return IsDnsLabel(text);
}

std::string LabelKeyProblem(std::string_view key) {
  std::vector<std::string> problems;
  std::string_view name = key;
  if (const size_t slash = key.find('/'); slash != std::string_view::npos) {
    name = key.substr(slash + 1);
    if (name.find('/') != std::string_view::npos) {
      return "a qualified name " + std::string(kNameRule) +
             " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    }
    CheckPrefix(key.substr(0, slash), &problems);
  }
  if (name.empty()) {
    problems.push_back("name part must be non-empty");
  } else if (name.size() > kMaxNameBytes) {
    problems.push_back("name part " + TooLong(kMaxNameBytes));
  }
  if (!IsName(name)) problems.push_back("name part " + std::string(kNameRule));
  return Join(problems);
}

std::string LabelValueProblem(std::string_view value) {
  std::vector<std::string> problems;
  if (value.size() > kMaxNameBytes) problems.push_back(TooLong(kMaxNameBytes));
  if (!value.empty() && !IsName(value)) problems.push_back(std::string(kValueRule));
  return Join(problems);
}

}  // namespace pedia::query
