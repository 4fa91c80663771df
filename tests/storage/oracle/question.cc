#include "tests/storage/oracle/question.h"

#include <algorithm>

#include "tests/storage/oracle/spelling.h"

namespace pedia::oracle {
namespace {

using query::SelectorOperator;

std::string Listed(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "'" : ", '") + value + "'";
  return "(" + text + ")";
}

std::string Described(const query::NameSet& set) {
  std::string text;
  if (set.restricted) text += " in " + Listed(set.in);
  if (!set.not_in.empty()) text += " not in " + Listed(set.not_in);
  return text;
}

std::string Described(const query::AccessFilter& access) {
  if (!access.restricted) return "";
  std::string text = " in clusters " + Listed(access.clusters) + " namespaces " +
                     Listed(access.namespaces) + " and";
  for (const auto& [cluster, name_space] : access.cluster_namespaces)
    text += " '" + cluster + "/" + name_space + "'";
  return text;
}

std::string Described(SelectorOperator op, const std::vector<std::string>& values) {
  constexpr const char* kNames[] = {"=", "!=", "in", "notin", "exists", "does not exist", ">", "<"};
  return std::string(" ") + kNames[static_cast<int>(op)] + (values.empty() ? "" : Listed(values));
}

// What options alone can say of a path; FieldPath::Text() is under test.
std::string Described(const query::FieldPath& path) {
  std::string text;
  for (const query::FieldStep& step : path.steps) {
    if (step.kind == query::FieldStep::Kind::kMember) {
      text += "/" + step.name;
    } else {
      const bool any = step.kind == query::FieldStep::Kind::kAnyElement;
      text += any ? "[]" : "[" + std::to_string(step.index) + "]";
    }
  }
  return text;
}

// By the order of query::OrderColumn.
constexpr const char* kColumns[] = {"cluster", "namespace", "name",      "created_at", "rv",
                                    "uid",     "owner",     "synced_at", "deleted_at", "group",
                                    "version", "resource",  "kind",      "id",         "field"};

std::string Described(const query::ListScope& scope) {
  std::string text = "  scope: " + scope.gvr.ToString() + " cluster '" + scope.cluster +
                     "' namespace '" + scope.name_space + "'\n";
  for (const query::ResourcePattern& pattern : scope.patterns) {
    text += "  of the collection: ";
    text += pattern.any_group
                ? "everything\n"
                : pattern.group + "/" + pattern.version + "/" + pattern.resource + "\n";
  }
  return text;
}

std::string Described(const query::ListOptions& options) {
  std::string text;
  const auto line = [&](const std::string& what) { text += "  " + what + "\n"; };
  for (const auto& [name, set] : {std::pair("clusters", &options.clusters),
                                  {"namespaces", &options.namespaces},
                                  {"names", &options.names}}) {
    if (set->restricted || !set->not_in.empty()) line(name + Described(*set));
  }
  if (!options.fuzzy_names.empty()) line("name contains " + Listed(options.fuzzy_names));
  if (!options.not_fuzzy_names.empty())
    line("name contains none of " + Listed(options.not_fuzzy_names));
  for (const auto& label : options.label_selector)
    line("label " + label.key + Described(label.op, label.values));
  for (const auto& field : options.field_selector)
    line("field " + Described(field.path) + Described(field.op, field.values));
  if (options.owner) {
    line("owner uid '" + options.owner->uid + "' name '" + options.owner->name + "' resource '" +
         options.owner->resource + "." + options.owner->group + "' seniority " +
         std::to_string(options.owner->seniority));
  }
  if (options.since) line("since " + std::to_string(*options.since));
  if (options.before) line("before " + std::to_string(*options.before));
  for (const query::OrderBy& order : options.order_by) {
    line("order by " + std::string(kColumns[static_cast<int>(order.column)]) +
         Described(order.field) + (order.descending ? " desc" : ""));
  }
  for (const query::Facet& facet : options.facets) line("facet " + facet.text);
  if (options.counts_only) line("counts only");
  if (options.limit != 0) line("limit " + std::to_string(options.limit));
  if (options.start.offset != 0) line("offset " + std::to_string(options.start.offset));
  if (options.with_remaining_count) line("with remaining count");
  if (options.inject_events) line("with events");
  if (options.access) line("nothing is seen but");
  if (!options.access) return text;
  for (const auto& [name, access] : options.access->resources)
    line("  " + name.resource + "." + name.group + Described(access));
  return text;
}

std::string Shown(const std::vector<std::string>& rows, size_t at) {
  return at < rows.size() ? rows[at] : "no row";
}

std::string PageDifference(const Page& want, const Page& have) {
  for (size_t i = 0; i < std::max(want.rows.size(), have.rows.size()); ++i) {
    if (Shown(want.rows, i) != Shown(have.rows, i))
      return "row " + std::to_string(i) + "\n  want " + Shown(want.rows, i) + "\n  have " +
             Shown(have.rows, i);
  }
  for (size_t i = 0; i < want.events.size(); ++i) {
    if (want.events[i] != have.events[i])
      return "events of row " + std::to_string(i) + "\n  want " + Listed(want.events[i]) +
             "\n  have " + Listed(have.events[i]);
  }
  if (want.more != have.more) return want.more ? "rows should remain" : "no rows should remain";
  if (want.remaining != have.remaining) {
    return "remaining: want " + std::to_string(want.remaining.value_or(-1)) + ", have " +
           std::to_string(have.remaining.value_or(-1));
  }
  return "";
}

std::string Described(const storage::FacetCounts& counts) {
  std::string text = counts.facet + ": missing " + std::to_string(counts.missing);
  for (const auto& [value, count] : counts.values)
    text += ", '" + value + "' " + std::to_string(count);
  return text;
}

}  // namespace

std::string Describe(const Question& question) {
  std::string text = Described(question.scope) + Described(question.options);
  if (question.spelling == 0) return text;
  return text + "  as " + Spell(question).value_or("these options; no text can say it") + "\n";
}

std::string Difference(const Answer& want, const Answer& have) {
  if (!have.error.empty()) return "error: " + have.error;
  for (size_t i = 0; i < std::max(want.pages.size(), have.pages.size()); ++i) {
    const std::string page = "page " + std::to_string(i) + ": ";
    if (i >= want.pages.size()) return page + "should not be there";
    if (i >= have.pages.size()) return page + "is missing";
    if (const std::string text = PageDifference(want.pages[i], have.pages[i]); !text.empty())
      return page + text;
  }
  for (size_t i = 0; i < std::max(want.facets.size(), have.facets.size()); ++i) {
    const std::string wanted = i < want.facets.size() ? Described(want.facets[i]) : "no facet";
    const std::string found = i < have.facets.size() ? Described(have.facets[i]) : "no facet";
    if (wanted != found) return "facet\n  want " + wanted + "\n  have " + found;
  }
  if (want.total != have.total)
    return "total: want " + std::to_string(want.total) + ", have " + std::to_string(have.total);
  return "";
}

}  // namespace pedia::oracle
