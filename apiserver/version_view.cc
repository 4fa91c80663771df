#include "apiserver/version_view.h"

#include <algorithm>

#include "convert/version_families.h"

namespace pedia::apiserver {
namespace {

using query::FieldPath;
using query::FieldStep;

std::vector<FieldStep> StepsOf(std::string_view path) {
  std::vector<FieldStep> steps;
  while (!path.empty()) {
    const size_t dot = path.find('.');
    steps.push_back({FieldStep::Kind::kMember, std::string(path.substr(0, dot))});
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  }
  return steps;
}

void UseStoredField(std::span<const convert::FieldRename> renames, FieldPath* path) {
  for (const convert::FieldRename& rename : renames) {
    const std::vector<FieldStep> from = StepsOf(rename.path);
    if (from.size() > path->steps.size() ||
        !std::equal(from.begin(), from.end(), path->steps.begin()))
      continue;
    std::vector<FieldStep> steps = StepsOf(rename.stored_path);
    steps.insert(steps.end(), path->steps.begin() + static_cast<std::ptrdiff_t>(from.size()),
                 path->steps.end());
    path->steps = std::move(steps);
    return;
  }
}

}  // namespace

void UseStoredFields(const GroupVersionResource& requested, query::ListOptions* options) {
  const auto renames = convert::FieldRenames(requested);
  if (renames.empty()) return;
  for (query::FieldRequirement& requirement : options->field_selector)
    UseStoredField(renames, &requirement.path);
  for (query::OrderBy& order : options->order_by) UseStoredField(renames, &order.field);
  for (query::Facet& facet : options->facets) UseStoredField(renames, &facet.field);
}

void AddStoredVersions(std::vector<query::ResourcePattern>* patterns) {
  const std::vector<query::ResourcePattern> named = *patterns;
  for (const query::ResourcePattern& pattern : named) {
    if (pattern.any_group) continue;
    for (const GroupVersionResource& stored :
         convert::StoredElsewhere(pattern.group, pattern.version, pattern.resource))
      patterns->push_back({stored.group, stored.version, stored.resource});
  }
}

}  // namespace pedia::apiserver
