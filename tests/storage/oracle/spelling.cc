#include "tests/storage/oracle/spelling.h"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "meta/time.h"
#include "query/url_query.h"
#include "tests/storage/oracle/dice.h"

namespace pedia::oracle {
namespace {

using query::FieldStep;
using query::OrderColumn;
using query::SelectorOperator;

bool IsAlnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool IsLabelValue(const std::string& text) {
  const auto fits = [](char c) { return IsAlnum(c) || c == '-' || c == '_' || c == '.'; };
  return text.empty() || (text.size() <= 63 && IsAlnum(text.front()) && IsAlnum(text.back()) &&
                          std::all_of(text.begin(), text.end(), fits));
}

bool AreLabelValues(const std::vector<std::string>& values) {
  return std::all_of(values.begin(), values.end(), IsLabelValue);
}

std::string Join(const std::vector<std::string>& parts, const char* comma = ",") {
  std::string text;
  for (const std::string& part : parts) text += (&part == &parts.front() ? "" : comma) + part;
  return text;
}

const char* NameOf(OrderColumn column) {
  switch (column) {
    case OrderColumn::kCluster:
      return "cluster";
    case OrderColumn::kNamespace:
      return "namespace";
    case OrderColumn::kName:
      return "name";
    case OrderColumn::kCreatedAt:
      return "created_at";
    case OrderColumn::kResourceVersion:
      return "resource_version";
    case OrderColumn::kUid:
      return "uid";
    case OrderColumn::kOwnerUid:
      return "owner_uid";
    case OrderColumn::kDeletedAt:
      return "deleted_at";
    case OrderColumn::kGroup:
      return "group";
    case OrderColumn::kVersion:
      return "version";
    case OrderColumn::kResource:
      return "resource";
    case OrderColumn::kKind:
      return "kind";
    default:
      return nullptr;
  }
}

bool IsNamespace(const query::FieldPath& path) {
  return path.steps.size() == 2 && path.steps[0].name == "metadata" &&
         path.steps[1].name == "namespace";
}

// A path of one step looks like a column; metadata.namespace is read as the column, where the
// namespace of cluster-scoped objects is "" and not missing.
bool IsReadAsColumn(const query::FieldPath& path) {
  return path.steps.size() < 2 || IsNamespace(path);
}

// Writes one question. What cannot be said sets `possible_` to false.
class Speller {
 public:
  explicit Speller(const Question& question)
      : question_(question), options_(question.options), dice_(question.spelling) {}

  std::optional<std::string> Spell() {
    Clusters();
    Set("namespaces", options_.namespaces);
    Set("names", options_.names);
    FuzzyNames();
    for (const query::LabelRequirement& requirement : options_.label_selector) Label(requirement);
    for (const query::FieldRequirement& requirement : options_.field_selector) Field(requirement);
    Owner();
    Time("since", options_.since);
    Time("before", options_.before);
    Order();
    Facets();
    Paging();
    if (!possible_) return std::nullopt;
    if (!labels_.empty()) Url("labelSelector", Join(labels_, dice_.Chance(50) ? "," : ", "));
    if (!fields_.empty()) Url("fieldSelector", Join(fields_, dice_.Chance(50) ? "," : " , "));
    std::string text;
    for (const auto& [key, value] : url_)
      text += (text.empty() ? "" : "&") + key + "=" + query::EncodeUrlComponent(value);
    return text;
  }

 private:
  void Url(const std::string& key, std::string value) { url_.emplace_back(key, std::move(value)); }

  // A search label with one or several values.
  void SearchLabel(const std::string& key, const std::vector<std::string>& values, bool exclude) {
    if (!AreLabelValues(values)) possible_ = false;
    const std::string name = (key == "fuzzy-name" ? "internalstorage" : "search") +
                             std::string(".clusterpedia.io/") + key;
    if (values.size() == 1 && dice_.Chance(50)) {
      labels_.push_back(name + (exclude ? "!=" : "=") + values[0]);
    } else {
      labels_.push_back(name + (exclude ? " notin (" : " in (") + Join(values) + ")");
    }
  }

  // In the URL or in a label.
  void Either(const std::string& url, const std::string& label, const std::string& value) {
    if (dice_.Chance(50) && !value.empty() && IsLabelValue(value)) {
      SearchLabel(label, {value}, false);
    } else {
      Url(url, value);
    }
  }

  void Set(const std::string& key, const query::NameSet& set) {
    const auto in_url = [](const std::string& value) {
      return !value.empty() && value.find_first_of(", ") == std::string::npos;
    };
    if (set.restricted && set.in.empty()) possible_ = false;
    const bool has_empty = std::count(set.in.begin(), set.in.end(), "") > 0;
    if (set.restricted && set.not_in.empty() && !(AreLabelValues(set.in) && dice_.Chance(50))) {
      if (!std::all_of(set.in.begin(), set.in.end(), in_url)) possible_ = false;
      Url(key, Join(set.in, dice_.Chance(80) ? "," : ", "));
      return;
    }
    if (has_empty) possible_ = false;
    if (set.restricted) SearchLabel(key, set.in, false);
    if (!set.not_in.empty()) SearchLabel(key, set.not_in, true);
  }

  // Who searches by owner has to name clusters.
  void Clusters() {
    const query::NameSet& set = options_.clusters;
    const bool all = !set.restricted && set.not_in.empty();
    const bool needs_names =
        options_.owner && question_.scope.cluster.empty() && question_.scope.collection.empty();
    if (needs_names && all) {
      Url("clusters", "*");
    } else {
      if (needs_names && !set.restricted) possible_ = false;
      Set("clusters", set);
    }
  }

  void FuzzyNames() {
    if (!options_.fuzzy_names.empty()) SearchLabel("fuzzy-name", options_.fuzzy_names, false);
    if (!options_.not_fuzzy_names.empty())
      SearchLabel("fuzzy-name", options_.not_fuzzy_names, true);
  }

  // " in (a,b)", "=a", ...
  std::string Condition(SelectorOperator op, const std::vector<std::string>& values) {
    switch (op) {
      case SelectorOperator::kEquals:
        return (dice_.Chance(30) ? "==" : "=") + values[0];
      case SelectorOperator::kNotEquals:
        return "!=" + values[0];
      case SelectorOperator::kIn:
        return " in (" + Join(values) + ")";
      case SelectorOperator::kNotIn:
        return " notin (" + Join(values) + ")";
      case SelectorOperator::kGreaterThan:
        return ">" + values[0];
      case SelectorOperator::kLessThan:
        return "<" + values[0];
      default:
        return "";
    }
  }

  void Label(const query::LabelRequirement& requirement) {
    if (!AreLabelValues(requirement.values)) possible_ = false;
    labels_.push_back((requirement.op == SelectorOperator::kDoesNotExist ? "!" : "") +
                      requirement.key + Condition(requirement.op, requirement.values));
  }

  std::string Path(const query::FieldPath& path) {
    std::string text;
    for (const FieldStep& step : path.steps) {
      const bool first = &step == &path.steps.front();
      const auto plain = [](char c) { return IsAlnum(c) || c == '-' || c == '_'; };
      const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
      if (step.kind == FieldStep::Kind::kAnyElement) {
        text += dice_.Chance(50) ? "[]" : "[*]";
      } else if (step.kind == FieldStep::Kind::kElement) {
        text += "[" + std::to_string(step.index) + "]";
      } else if (first ||
                 (std::all_of(step.name.begin(), step.name.end(), plain) && dice_.Chance(90))) {
        text += (!first || dice_.Chance(15) ? "." : "") + step.name;
      } else {
        if (!std::all_of(step.name.begin(), step.name.end(), ascii)) possible_ = false;
        const char* quote = dice_.Chance(70) ? "'" : "\"";
        text += std::string("[") + quote + step.name + quote + "]";
      }
    }
    return text;
  }

  std::string FieldValue(const std::string& value) {
    if (value.find_first_of("!()<> \t") != std::string::npos || value == "in" || value == "notin")
      possible_ = false;
    std::string text;
    for (const char c : value) {
      if (c == ',' || c == '=' || c == '\\') text += '\\';
      text += c;
    }
    return text;
  }

  void Field(const query::FieldRequirement& requirement) {
    std::vector<std::string> values;
    // The column's value is "" where the field is missing, and it says where owners are looked for.
    const bool may_differ =
        options_.owner || std::count(requirement.values.begin(), requirement.values.end(), "") > 0;
    if (may_differ && IsNamespace(requirement.path)) possible_ = false;
    for (const std::string& value : requirement.values) values.push_back(FieldValue(value));
    fields_.push_back((requirement.op == SelectorOperator::kDoesNotExist ? "!" : "") +
                      Path(requirement.path) + Condition(requirement.op, values));
  }

  void Owner() {
    if (!options_.owner) return;
    const query::OwnerCondition& owner = *options_.owner;
    if (!owner.uid.empty()) {
      Either("ownerUID", "owner-uid", owner.uid);
    } else {
      Either("ownerName", "owner-name", owner.name);
    }
    if (!owner.resource.empty()) {
      Either("ownerGR", "owner-gr",
             owner.resource + (owner.group.empty() ? "" : "." + owner.group));
    }
    if (owner.seniority != 0 || dice_.Chance(30))
      Either("ownerSeniority", "owner-seniority", std::to_string(owner.seniority));
  }

  void Time(const std::string& key, std::optional<int64_t> time) {
    if (!time) return;
    std::string text = FormatRfc3339(*time);
    switch (dice_.Below(4)) {
      case 0:
        return Url(key, text);
      case 1:
        text[10] = ' ';
        text.pop_back();
        return Url(key, text);
      case 2:
        return Url(key, std::to_string(*time) + "000");
      default:
        return Either(key, key, std::to_string(*time));
    }
  }

  void Order() {
    std::vector<std::string> url, label;
    for (const query::OrderBy& term : options_.order_by) {
      if (term.column == OrderColumn::kField && IsReadAsColumn(term.field)) possible_ = false;
      const std::string name =
          term.column == OrderColumn::kField ? Path(term.field) : NameOf(term.column);
      const char* up = dice_.Chance(70) ? "" : dice_.Chance(50) ? " asc" : " ASC";
      const char* down = dice_.Chance(50) ? " desc" : " DESC";
      url.push_back(name + (term.descending ? down : up));
      label.push_back(name + (term.descending ? "_desc" : ""));
    }
    if (url.empty()) return;
    if (AreLabelValues(label) && dice_.Chance(40)) {
      SearchLabel("orderby", label, false);
    } else {
      Url("orderby", Join(url));
    }
  }

  void Facets() {
    std::vector<std::string> texts;
    for (const query::Facet& facet : options_.facets) {
      if (facet.column == OrderColumn::kField && IsReadAsColumn(facet.field)) possible_ = false;
      const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
      if (!std::all_of(facet.text.begin(), facet.text.end(), ascii)) possible_ = false;
      texts.push_back(facet.text);
    }
    if (!texts.empty()) Url("facets", Join(texts));
  }

  void Paging() {
    if (options_.limit > 0) Either("limit", "limit", std::to_string(options_.limit));
    if (options_.counts_only) Url("limit", "0");
    if (options_.start.offset > 0)
      Either("continue", "offset", std::to_string(options_.start.offset));
    if (options_.with_remaining_count) Either("withRemainingCount", "with-remaining-count", "true");
    if (options_.inject_events) Either("injectEvents", "inject-events", "true");
  }

  const Question& question_;
  const query::ListOptions& options_;
  Dice dice_;
  bool possible_ = true;
  std::vector<std::pair<std::string, std::string>> url_;
  std::vector<std::string> labels_;
  std::vector<std::string> fields_;
};

}  // namespace

std::optional<std::string> Spell(const Question& question) { return Speller(question).Spell(); }

}  // namespace pedia::oracle
