#include <algorithm>
#include <array>

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

// In sorted order: the order of requirements does not change what they select.
void Append(const LabelSelector& selector, std::string* out) {
  std::vector<std::string> requirements;
  for (const LabelRequirement& requirement : selector) {
    std::string& text = requirements.emplace_back();
    Append(requirement.key, &text);
    text.append(std::to_string(static_cast<int>(requirement.op))).append("/");
    Append(requirement.values, &text);
  }
  std::sort(requirements.begin(), requirements.end());
  Append(requirements, out);
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
  const std::array<std::string_view, 5> path = {
      scope.gvr.group, scope.gvr.version, scope.gvr.resource, scope.cluster, scope.name_space};
  for (const std::string_view part : path) Append(part, &text);
  for (const NameSet* names : {&options.clusters, &options.namespaces, &options.names})
    Append(*names, &text);
  Append(options.label_selector, &text);
  for (const OrderBy& by : options.order_by) {
    text.append(std::to_string(static_cast<int>(by.column))).append(by.descending ? "-" : "+");
  }
  text.push_back(';');
  Append(options.since, &text);
  Append(options.before, &text);
  return Hex(Hash(text));
}

}  // namespace pedia::query
