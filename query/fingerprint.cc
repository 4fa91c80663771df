#include <algorithm>
#include <array>
#include <utility>

#include "query/hash.h"
#include "query/list_options.h"

namespace pedia::query {
namespace {

// Each value with its length before it, so that no two lists of values give the same bytes.
void Append(std::string_view value, std::string* out) {
  out->append(std::to_string(value.size())).append(":").append(value);
}

void Append(const std::vector<std::string>& values, std::string* out) {
  out->append(std::to_string(values.size())).append("[");
  for (const std::string& value : values) Append(value, out);
}

void Append(const NameSet& names, std::string* out) {
  out->push_back(names.restricted ? '=' : '*');
  Append(names.in, out);
  Append(names.not_in, out);
}

void Append(const std::optional<int64_t>& time, std::string* out) {
  out->append(time ? std::to_string(*time) : "-").append(";");
}

void Append(SelectorOperator op, std::string* out) {
  out->append(std::to_string(static_cast<int>(op))).append("/");
}

// In sorted order: the order of requirements does not change what they select.
void AppendSorted(std::vector<std::string> parts, std::string* out) {
  std::sort(parts.begin(), parts.end());
  Append(parts, out);
}

void Append(const LabelSelector& selector, std::string* out) {
  std::vector<std::string> requirements;
  for (const LabelRequirement& requirement : selector) {
    std::string& text = requirements.emplace_back();
    Append(requirement.key, &text);
    Append(requirement.op, &text);
    Append(requirement.values, &text);
  }
  AppendSorted(std::move(requirements), out);
}

void Append(const FieldSelector& selector, std::string* out) {
  std::vector<std::string> requirements;
  for (const FieldRequirement& requirement : selector) {
    std::string& text = requirements.emplace_back();
    Append(requirement.path.Text(), &text);
    Append(requirement.op, &text);
    Append(requirement.values, &text);
  }
  AppendSorted(std::move(requirements), out);
}

void Append(const std::vector<ResourcePattern>& patterns, std::string* out) {
  std::vector<std::string> parts;
  for (const ResourcePattern& pattern : patterns) {
    std::string& text = parts.emplace_back(pattern.any_group ? "*" : "-");
    for (const std::string* part : {&pattern.group, &pattern.version, &pattern.resource})
      Append(*part, &text);
  }
  AppendSorted(std::move(parts), out);
}

void Append(const std::optional<OwnerCondition>& owner, std::string* out) {
  out->push_back(owner ? '=' : '*');
  if (!owner) return;
  for (const std::string* part : {&owner->uid, &owner->name, &owner->group, &owner->resource})
    Append(*part, out);
  out->append(std::to_string(owner->seniority)).append(";");
}

void Append(const std::vector<OrderBy>& order, std::string* out) {
  for (const OrderBy& by : order) {
    out->append(std::to_string(static_cast<int>(by.column))).append(by.descending ? "-" : "+");
    if (by.column == OrderColumn::kField) Append(by.field.Text(), out);
  }
  out->push_back(';');
}

std::string Hex(uint64_t value) {
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4)
    out.push_back("0123456789abcdef"[value >> shift & 0xF]);
  return out;
}

}  // namespace

std::string Fingerprint(const ListScope& scope, const ListOptions& options) {
  std::string text;
  const std::array<std::string_view, 6> path = {scope.gvr.group,    scope.gvr.version,
                                                scope.gvr.resource, scope.cluster,
                                                scope.name_space,   scope.collection};
  for (const std::string_view part : path) Append(part, &text);
  Append(scope.patterns, &text);
  for (const NameSet* names : {&options.clusters, &options.namespaces, &options.names})
    Append(*names, &text);
  Append(options.label_selector, &text);
  Append(options.field_selector, &text);
  Append(options.fuzzy_names, &text);
  Append(options.not_fuzzy_names, &text);
  Append(options.owner, &text);
  Append(options.order_by, &text);
  Append(options.since, &text);
  Append(options.before, &text);
  return Hex(Hash(text));
}

}  // namespace pedia::query
