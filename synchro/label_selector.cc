#include "synchro/label_selector.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "meta/json_reader.h"

namespace pedia::synchro {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxName = 63;
constexpr size_t kMaxPrefix = 253;

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Letters, digits and, not at the ends, some of "-_.".
bool IsName(std::string_view text, std::string_view inner, size_t max) {
  return !text.empty() && text.size() <= max && IsLetterOrDigit(text.front()) &&
         IsLetterOrDigit(text.back()) && std::all_of(text.begin(), text.end(), [&](char c) {
           return IsLetterOrDigit(c) || inner.find(c) != std::string_view::npos;
         });
}

bool IsLabelKey(std::string_view key) {
  const size_t slash = key.find('/');
  if (slash == std::string_view::npos) return IsName(key, "-_.", kMaxName);
  return IsName(key.substr(0, slash), "-.", kMaxPrefix) &&
         IsName(key.substr(slash + 1), "-_.", kMaxName);
}

bool IsLabelValue(std::string_view value) {
  return value.empty() || IsName(value, "-_.", kMaxName);
}

std::optional<LabelOperator> OperatorOf(const Json& text) {
  if (text == "In") return LabelOperator::kIn;
  if (text == "NotIn") return LabelOperator::kNotIn;
  if (text == "Exists") return LabelOperator::kExists;
  if (text == "DoesNotExist") return LabelOperator::kDoesNotExist;
  return std::nullopt;
}

const Json& Member(const Json& object, const char* key) {
  static const Json kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : *found;
}

Status ReadMatchLabels(const Json& labels, LabelSelector* selector) {
  if (labels.is_null()) return {};
  if (!labels.is_object()) return BadRequest("matchLabels must be a map of strings");
  for (const auto& [key, value] : labels.items()) {
    if (!IsLabelKey(key)) return BadRequest("matchLabels has '" + key + "', which is no label key");
    if (!value.is_string() || !IsLabelValue(value.get_ref<const std::string&>()))
      return BadRequest("matchLabels['" + key + "'] is no label value");
    selector->push_back({key, LabelOperator::kIn, {value.get<std::string>()}});
  }
  return {};
}

Status ReadValues(const Json& values, LabelRequirement* requirement) {
  const bool wants_values =
      requirement->op == LabelOperator::kIn || requirement->op == LabelOperator::kNotIn;
  if (!values.is_null() && !values.is_array()) return BadRequest("values must be a list");
  if (wants_values == values.empty())
    return BadRequest(wants_values ? "values must not be empty for In and NotIn"
                                   : "values must be empty for Exists and DoesNotExist");
  for (const Json& value : values) {
    if (!value.is_string() || !IsLabelValue(value.get_ref<const std::string&>()))
      return BadRequest("values has something that is no label value");
    requirement->values.push_back(value.get<std::string>());
  }
  std::sort(requirement->values.begin(), requirement->values.end());
  requirement->values.erase(std::unique(requirement->values.begin(), requirement->values.end()),
                            requirement->values.end());
  return {};
}

Status ReadExpression(const Json& expression, LabelSelector* selector) {
  if (!expression.is_object()) return BadRequest("key is missing");
  const Json& key = Member(expression, "key");
  if (!key.is_string() || !IsLabelKey(key.get_ref<const std::string&>()))
    return BadRequest("key must be a label key");
  const auto op = OperatorOf(Member(expression, "operator"));
  if (!op) return BadRequest("operator must be In, NotIn, Exists or DoesNotExist");
  LabelRequirement requirement{key.get<std::string>(), *op};
  Status status = ReadValues(Member(expression, "values"), &requirement);
  if (status.ok()) selector->push_back(std::move(requirement));
  return status;
}

// The decoded labels of an object.
std::map<std::string, std::string> ReadLabels(std::string_view object) {
  std::map<std::string, std::string> labels;
  JsonReader reader(object);
  if (!reader.BeginObject()) return labels;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key != "metadata") {
      reader.Skip();
      continue;
    }
    if (!reader.BeginObject()) continue;
    while (reader.NextMember(&key)) {
      if (key != "labels") {
        reader.Skip();
        continue;
      }
      if (!reader.BeginObject()) continue;
      while (reader.NextMember(&key)) {
        std::string name = reader.had_escapes() ? DecodeJsonString(key) : std::string(key);
        labels.insert_or_assign(std::move(name), reader.ReadString());
      }
    }
    break;  // What follows can be large.
  }
  return labels;
}

bool Matches(const LabelRequirement& requirement,
             const std::map<std::string, std::string>& labels) {
  const auto found = labels.find(requirement.key);
  const bool exists = found != labels.end();
  const auto listed = [&] {
    return std::binary_search(requirement.values.begin(), requirement.values.end(), found->second);
  };
  switch (requirement.op) {
    case LabelOperator::kIn:
      return exists && listed();
    case LabelOperator::kNotIn:
      return !exists || !listed();
    case LabelOperator::kExists:
      return exists;
    case LabelOperator::kDoesNotExist:
      return !exists;
  }
  return false;
}

std::string Format(const LabelRequirement& requirement) {
  std::string list;
  for (const std::string& value : requirement.values)
    list.append(list.empty() && &value == &requirement.values.front() ? "" : ",").append(value);
  switch (requirement.op) {
    case LabelOperator::kIn:
      if (requirement.values.size() == 1) return requirement.key + "=" + list;
      return requirement.key + " in (" + list + ")";
    case LabelOperator::kNotIn:
      return requirement.key + " notin (" + list + ")";
    case LabelOperator::kExists:
      return requirement.key;
    case LabelOperator::kDoesNotExist:
      return "!" + requirement.key;
  }
  return "";
}

}  // namespace

Result<LabelSelector> ParseLabelSelector(std::string_view text) {
  const Json json = IsValidJson(text) ? Json::parse(text, nullptr, /*allow_exceptions=*/false)
                                      : Json(Json::value_t::discarded);
  if (!json.is_object()) return BadRequest("must be an object");
  // A member that is not known would select less than what is synced.
  for (const auto& [key, value] : json.items()) {
    if (key != "matchLabels" && key != "matchExpressions")
      return BadRequest("has the unknown member '" + key + "'");
  }
  LabelSelector selector;
  if (Status status = ReadMatchLabels(Member(json, "matchLabels"), &selector); !status.ok())
    return status;
  const Json& expressions = Member(json, "matchExpressions");
  if (!expressions.is_null() && !expressions.is_array())
    return BadRequest("matchExpressions must be a list");
  for (size_t i = 0; i < expressions.size(); ++i) {
    const Status status = ReadExpression(expressions[i], &selector);
    if (!status.ok())
      return BadRequest("matchExpressions[" + std::to_string(i) + "]." + status.message());
  }
  std::sort(selector.begin(), selector.end());
  selector.erase(std::unique(selector.begin(), selector.end()), selector.end());
  return selector;
}

std::string FormatLabelSelector(const LabelSelector& selector) {
  std::string text;
  for (const LabelRequirement& requirement : selector)
    text.append(text.empty() ? "" : ",").append(Format(requirement));
  return text;
}

bool MatchesLabels(const LabelSelector& selector, std::string_view object) {
  if (selector.empty()) return true;
  const std::map<std::string, std::string> labels = ReadLabels(object);
  return std::all_of(selector.begin(), selector.end(), [&](const LabelRequirement& requirement) {
    return Matches(requirement, labels);
  });
}

}  // namespace pedia::synchro
