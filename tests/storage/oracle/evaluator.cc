#include "tests/storage/oracle/evaluator.h"

#include <algorithm>
#include <span>
#include <tuple>

#include "meta/time.h"
#include "tests/storage/oracle/access.h"
#include "tests/storage/oracle/typed_text.h"

namespace pedia::oracle {
namespace {

using query::FieldStep;
using query::OrderColumn;
using query::SelectorOperator;

void Collect(const Json& value, const Spelling& spelling, std::span<const FieldStep> steps,
             std::vector<std::string>* texts) {
  if (steps.empty()) {
    if (std::optional<std::string> text = TextOf(value, spelling)) texts->push_back(*text);
    return;
  }
  const FieldStep& step = steps.front();
  const auto rest = steps.subspan(1);
  if (step.kind == FieldStep::Kind::kMember) {
    if (!value.is_object()) return;
    if (const auto member = value.find(step.name); member != value.end())
      Collect(*member, spelling, rest, texts);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      if (step.kind == FieldStep::Kind::kAnyElement || step.index == i)
        Collect(value[i], spelling, rest, texts);
    }
  }
}

std::optional<int64_t> WholeNumber(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::string_view digits = text.substr(negative || text.starts_with('+') ? 1 : 0);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  const std::string limit = negative ? "9223372036854775808" : "9223372036854775807";
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.size() > limit.size() || (digits.size() == limit.size() && digits > limit))
    return std::nullopt;
  uint64_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<uint64_t>(c - '0');
  return static_cast<int64_t>(negative ? -value : value);
}

bool MatchesLabel(const query::LabelRequirement& requirement, const Json& labels) {
  const auto found = labels.find(requirement.key);
  std::optional<std::string> value;
  if (found != labels.end()) value = found->get<std::string>();
  switch (requirement.op) {
    case SelectorOperator::kExists:
      return value.has_value();
    case SelectorOperator::kDoesNotExist:
      return !value;
    case SelectorOperator::kEquals:
    case SelectorOperator::kIn:
      return value && Has(requirement.values, *value);
    case SelectorOperator::kNotEquals:
    case SelectorOperator::kNotIn:
      return !value || !Has(requirement.values, *value);
    default: {
      const auto left = WholeNumber(value.value_or(""));
      const auto right = WholeNumber(requirement.values.at(0));
      if (!left || !right) return false;
      return requirement.op == SelectorOperator::kGreaterThan ? *left > *right : *left < *right;
    }
  }
}

bool MatchesField(const query::FieldRequirement& requirement,
                  const std::vector<std::string>& texts) {
  const auto any = [&](const auto& matches) {
    return std::any_of(texts.begin(), texts.end(), matches);
  };
  const auto listed = [&](const std::string& text) { return Has(requirement.values, text); };
  switch (requirement.op) {
    case SelectorOperator::kExists:
      return !texts.empty();
    case SelectorOperator::kDoesNotExist:
      return texts.empty();
    case SelectorOperator::kEquals:
    case SelectorOperator::kIn:
      return any(listed) || (texts.empty() && requirement.or_missing);
    case SelectorOperator::kNotEquals:
    case SelectorOperator::kNotIn:
      return !any(listed) && !(texts.empty() && requirement.or_missing);
    default: {
      const TypedText bound(requirement.values.at(0));
      return any([&](const std::string& text) {
        const TypedText value(text);
        if (value.kind != bound.kind || bound.kind == TextKind::kText) return false;
        return requirement.op == SelectorOperator::kGreaterThan ? value > bound : value < bound;
      });
    }
  }
}

bool Fits(const query::ResourcePattern& pattern, const GroupVersionResource& gvr) {
  if (pattern.any_group) return true;
  return pattern.group == gvr.group &&
         (pattern.version.empty() || pattern.version == gvr.version) &&
         (pattern.resource.empty() || pattern.resource == gvr.resource);
}

}  // namespace

std::vector<std::string> TextsAt(const Object& object, const query::FieldPath& path) {
  std::vector<std::string> texts;
  Collect(object.document, object.spelling, path.steps, &texts);
  return texts;
}

Evaluator::Facts Evaluator::FactsOf(const Object& object) {
  Facts facts{&object,
              object.Member("namespace"),
              object.Member("name"),
              object.Member("uid"),
              "",
              std::nullopt,
              std::nullopt,
              std::nullopt,
              ""};
  facts.created = ParseRfc3339(object.Member("creationTimestamp"));
  facts.deleted = ParseRfc3339(object.Member("deletionTimestamp"));
  const std::string version = object.Member("resourceVersion");
  if (version.size() < 19) facts.version = WholeNumber(version);
  if (const auto& metadata = object.document.at("metadata"); metadata.contains("ownerReferences")) {
    for (const Json& owner : metadata.at("ownerReferences")) {
      if (owner.value("controller", false)) facts.controller = owner.value("uid", "");
    }
  }
  facts.row = object.type->gvr.ToString() + " " + object.type->kind + " " + object.Body();
  return facts;
}

Evaluator::Evaluator(const World& world) {
  for (const Object& object : world.objects) {
    facts_.push_back(FactsOf(object));
    if (object.type->gvr != GroupVersionResource{"", "v1", "events"}) continue;
    const Json involved = object.document.value("involvedObject", Json::object());
    if (const std::string uid = involved.value("uid", ""); !uid.empty())
      events_[{object.cluster, uid}].push_back(&object);
  }
}

std::vector<std::string> Evaluator::EventsOf(const Object& object,
                                             const query::AccessFilter& access) const {
  std::vector<std::string> bodies;
  const auto found = events_.find({object.cluster, object.Member("uid")});
  if (found == events_.end()) return bodies;
  for (const Object* event : found->second) {
    if (Shows(access, event->cluster, event->Member("namespace"))) bodies.push_back(event->Body());
  }
  std::sort(bodies.begin(), bodies.end());
  return bodies;
}

bool Evaluator::InScope(const Facts& facts, const Question& question) {
  const query::ListScope& scope = question.scope;
  const GroupVersionResource& gvr = facts.object->type->gvr;
  const auto fits = [&](const auto& pattern) { return Fits(pattern, gvr); };
  if (scope.collection.empty() ? gvr != scope.gvr
                               : std::none_of(scope.patterns.begin(), scope.patterns.end(), fits)) {
    return false;
  }
  return (scope.cluster.empty() || facts.object->cluster == scope.cluster) &&
         (scope.name_space.empty() || facts.name_space == scope.name_space);
}

bool Evaluator::MatchesOptions(const Facts& facts, const query::ListOptions& options) {
  const Object& object = *facts.object;
  const auto in_name = [&](const std::string& part) {
    return facts.name.find(part) != std::string::npos;
  };
  if (options.since && (!facts.created || *facts.created < *options.since)) return false;
  if (options.before && (!facts.created || *facts.created >= *options.before)) return false;
  const Json& metadata = object.document.at("metadata");
  static const Json kNone = Json::object();
  const auto labels = metadata.find("labels");
  for (const query::LabelRequirement& requirement : options.label_selector) {
    if (!MatchesLabel(requirement, labels == metadata.end() ? kNone : *labels)) return false;
  }
  for (const query::FieldRequirement& requirement : options.field_selector) {
    if (!MatchesField(requirement, TextsAt(object, requirement.path))) return false;
  }
  return Allows(options.clusters, object.cluster) && Allows(options.namespaces, facts.name_space) &&
         Allows(options.names, facts.name) &&
         std::all_of(options.fuzzy_names.begin(), options.fuzzy_names.end(), in_name) &&
         std::none_of(options.not_fuzzy_names.begin(), options.not_fuzzy_names.end(), in_name);
}

bool Evaluator::IsSeen(const Facts& facts, const query::ListOptions& options) {
  const GroupVersionResource& gvr = facts.object->type->gvr;
  return Shows(AccessOf(options, gvr.group, gvr.resource), facts.object->cluster, facts.name_space);
}

// The owner itself: a uid in every cluster, or the objects of a name that may be seen.
Evaluator::Uids Evaluator::OwnerUids(const Question& question) const {
  const query::OwnerCondition& owner = *question.options.owner;
  Uids uids;
  for (const Facts& facts : facts_) {
    if (!owner.uid.empty()) {
      uids.insert({facts.object->cluster, owner.uid});
      continue;
    }
    const GroupVersionResource& gvr = facts.object->type->gvr;
    if (facts.name != owner.name || facts.uid.empty()) continue;
    if (!IsSeen(facts, question.options)) continue;
    if (!owner.resource.empty() && (gvr.resource != owner.resource || gvr.group != owner.group))
      continue;
    const std::string& space = facts.name_space;
    const bool allowed = Allows(question.options.namespaces, space) &&
                         (question.scope.name_space.empty() || question.scope.name_space == space);
    if (space.empty() || allowed) uids.insert({facts.object->cluster, facts.uid});
  }
  return uids;
}

std::set<const Evaluator::Facts*> Evaluator::OwnedObjects(const Question& question) const {
  Uids owners = OwnerUids(question);
  std::set<const Facts*> reached;
  for (int64_t level = 0;; ++level) {
    std::set<const Facts*> found;
    Uids next;
    for (const Facts& facts : facts_) {
      if (facts.controller.empty() || reached.contains(&facts) ||
          !owners.contains({facts.object->cluster, facts.controller}))
        continue;
      found.insert(&facts);
      if (!facts.uid.empty() && IsSeen(facts, question.options))
        next.insert({facts.object->cluster, facts.uid});
    }
    if (level == question.options.owner->seniority || found.empty()) return found;
    reached.insert(found.begin(), found.end());
    owners = std::move(next);
  }
}

Evaluator::Value Evaluator::ValueOf(const Facts& facts, const query::OrderBy& order) {
  const auto number = [](std::optional<int64_t> value) -> Value {
    return value ? Value(TypedText(std::to_string(*value))) : std::nullopt;
  };
  const auto text = [](const std::string& value) -> Value {
    TypedText plain("");
    plain.digits = value;  // Columns are bytes, also those that look like numbers.
    return plain;
  };
  const Object& object = *facts.object;
  switch (order.column) {
    case OrderColumn::kCluster:
      return text(object.cluster);
    case OrderColumn::kNamespace:
      return text(facts.name_space);
    case OrderColumn::kName:
      return text(facts.name);
    case OrderColumn::kCreatedAt:
      return number(facts.created);
    case OrderColumn::kDeletedAt:
      return number(facts.deleted);
    case OrderColumn::kResourceVersion:
      return number(facts.version);
    case OrderColumn::kUid:
      return text(facts.uid);
    case OrderColumn::kOwnerUid:
      return facts.controller.empty() ? std::nullopt : text(facts.controller);
    case OrderColumn::kGroup:
      return text(object.type->gvr.group);
    case OrderColumn::kVersion:
      return text(object.type->gvr.version);
    case OrderColumn::kResource:
      return text(object.type->gvr.resource);
    case OrderColumn::kKind:
      return text(object.type->kind);
    case OrderColumn::kField: {
      const std::vector<std::string> texts = TextsAt(object, order.field);
      return texts.empty() ? std::nullopt : Value(TypedText(texts[0]));
    }
    default:
      return text("");
  }
}

std::vector<const Evaluator::Facts*> Evaluator::Sorted(const std::vector<const Facts*>& found,
                                                       const query::ListOptions& options) {
  struct Ranked {
    const Facts* facts;
    std::vector<Value> values;
  };
  std::vector<Ranked> ranked;
  for (const Facts* facts : found) {
    ranked.push_back({facts, {}});
    for (const query::OrderBy& order : options.order_by)
      ranked.back().values.push_back(ValueOf(*facts, order));
  }
  std::sort(ranked.begin(), ranked.end(), [&](const Ranked& a, const Ranked& b) {
    for (size_t i = 0; i < options.order_by.size(); ++i) {
      const Value& left = a.values[i];
      const Value& right = b.values[i];
      if (left.has_value() != right.has_value()) return left.has_value();
      if (!left || (*left <=> *right) == 0) continue;
      return options.order_by[i].descending ? *left > *right : *left < *right;
    }
    const Object& x = *a.facts->object;
    const Object& y = *b.facts->object;
    return std::tie(x.cluster, a.facts->name_space, a.facts->name, x.type->gvr.group,
                    x.type->gvr.resource, x.type->gvr.version) <
           std::tie(y.cluster, b.facts->name_space, b.facts->name, y.type->gvr.group,
                    y.type->gvr.resource, y.type->gvr.version);
  });
  std::vector<const Facts*> sorted;
  for (const Ranked& entry : ranked) sorted.push_back(entry.facts);
  return sorted;
}

storage::FacetCounts Evaluator::Count(const query::Facet& facet,
                                      const std::vector<const Facts*>& found) {
  std::map<std::string, int64_t> counts;
  storage::FacetCounts result{facet.text, {}, 0};
  for (const Facts* facts : found) {
    const GroupVersionResource& gvr = facts->object->type->gvr;
    std::vector<std::string> texts;
    switch (facet.column) {
      case OrderColumn::kField:
        texts = TextsAt(*facts->object, facet.field);
        break;
      case OrderColumn::kCluster:
        texts = {facts->object->cluster};
        break;
      case OrderColumn::kNamespace:  // What is cluster-scoped has none.
        if (!facts->name_space.empty()) texts = {facts->name_space};
        break;
      case OrderColumn::kName:
        texts = {facts->name};
        break;
      case OrderColumn::kGroup:
        texts = {gvr.group};
        break;
      case OrderColumn::kVersion:
        texts = {gvr.version};
        break;
      case OrderColumn::kResource:
        texts = {gvr.resource};
        break;
      default:
        texts = {facts->object->type->kind};
    }
    for (const std::string& text : std::set<std::string>(texts.begin(), texts.end()))
      ++counts[text];
    if (texts.empty()) ++result.missing;
  }
  result.values.assign(counts.begin(), counts.end());
  std::stable_sort(result.values.begin(), result.values.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return result;
}

Answer Evaluator::Ask(const Question& question) const {
  const query::ListOptions& options = question.options;
  const query::AccessFilter events = AccessOf(options, "", "events");
  std::set<const Facts*> owned;
  if (options.owner) owned = OwnedObjects(question);
  std::vector<const Facts*> found;
  for (const Facts& facts : facts_) {
    if (InScope(facts, question) && IsSeen(facts, options) && MatchesOptions(facts, options) &&
        (!options.owner || owned.contains(&facts)))
      found.push_back(&facts);
  }
  found = Sorted(found, options);
  Answer answer;
  if (!options.facets.empty()) answer.total = static_cast<int64_t>(found.size());
  for (const query::Facet& facet : options.facets) answer.facets.push_back(Count(facet, found));
  if (options.counts_only) {
    answer.pages.emplace_back();
    return answer;
  }
  size_t position = std::min(static_cast<size_t>(options.start.offset), found.size());
  do {
    const size_t left = found.size() - position;
    const size_t size = options.limit == 0 ? left : static_cast<size_t>(options.limit);
    Page page;
    for (const size_t end = position + std::min(size, left); position < end; ++position) {
      page.rows.push_back(found[position]->row);
      page.events.push_back(options.inject_events ? EventsOf(*found[position]->object, events)
                                                  : std::vector<std::string>());
    }
    page.more = position < found.size();
    if (options.with_remaining_count)
      page.remaining = static_cast<int64_t>(found.size() - position);
    answer.pages.push_back(std::move(page));
  } while (answer.pages.back().more && answer.pages.size() < kMaxPages);
  return answer;
}

}  // namespace pedia::oracle
