#include "tests/member/object_selector.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace pedia::member {
namespace {

using Json = nlohmann::json;

std::string Text(const Json& object, const std::string& parent, const std::string& name) {
  const auto outer = object.find(parent);
  if (outer == object.end() || !outer->is_object()) return "";
  const auto inner = outer->find(name);
  return inner == outer->end() || !inner->is_string() ? "" : inner->get<std::string>();
}

}  // namespace

Result<ObjectSelector> ObjectSelector::Parse(std::string_view labels, std::string_view fields,
                                             bool events) {
  ObjectSelector selector;
  auto parsed = query::ParseLabelSelector(labels);
  if (!parsed.ok()) return parsed.status();
  selector.labels_ = *std::move(parsed);
  while (!fields.empty()) {
    const std::string_view term = fields.substr(0, fields.find(','));
    fields.remove_prefix(std::min(fields.size(), term.size() + 1));
    const size_t equals = term.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return BadRequest("invalid field selector " + std::string(term));
    const bool negated = term[equals - 1] == '!';
    const std::string path(term.substr(0, equals - (negated ? 1 : 0)));
    const bool known = path == "metadata.name" || path == "metadata.namespace" ||
                       (events && path == "involvedObject.kind");
    if (!known) return BadRequest("field label not supported: " + path);
    const size_t dot = path.find('.');
    selector.fields_.push_back(
        {path.substr(0, dot), path.substr(dot + 1), negated, std::string(term.substr(equals + 1))});
  }
  return selector;
}

bool ObjectSelector::Matches(std::string_view object) const {
  if (selects_all()) return true;
  const Json json = Json::parse(object, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return false;
  for (const Field& field : fields_) {
    if ((Text(json, field.parent, field.name) == field.value) == field.negated) return false;
  }
  const Json labels = json.value("/metadata/labels"_json_pointer, Json::object());
  return query::Matches(labels_, [&](std::string_view key) -> std::optional<std::string> {
    const auto found = labels.find(std::string(key));
    if (found == labels.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
  });
}

}  // namespace pedia::member
