#include "tests/storage/oracle/generator.h"

#include <algorithm>
#include <array>

#include "tests/storage/oracle/evaluator.h"
#include "tests/storage/oracle/typed_text.h"

namespace pedia::oracle {
namespace {

using query::FieldStep;
using query::OrderColumn;
using query::SelectorOperator;

constexpr std::array kPaths = {
    // Indexed for some kinds.
    "status.phase",
    "status.phase",
    "spec.nodeName",
    "status.nominatedNodeName",
    "status.nominatedNodeName",
    "spec.serviceAccountName",
    "spec.replicas",
    "spec.hostNetwork",
    "spec.unschedulable",
    "reason",
    "type",
    "involvedObject.kind",
    "involvedObject.uid",
    "metadata.name",
    "metadata.namespace",
    "metadata.labels['app']",
    "metadata.labels['example.com/tier-1']",
    "metadata.labels.env",
    // Known from the bytes only.
    "metadata.uid",
    "metadata.creationTimestamp",
    "metadata.annotations['example.com/note']",
    "metadata.ownerReferences[].uid",
    "metadata.labels",
    "spec.paused",
    "spec.mixed",
    "spec.mixed",
    "spec.mixed.a",
    "spec.mixed[]",
    "spec.mixed[1]",
    "spec.mixed.x[0].y",
    "spec.data['x.y/z']",
    "spec.data['größe']",
    "spec.containers",
    "spec.containers[]",
    "spec.containers[].image",
    "spec.containers[0].image",
    "spec.containers[1].name",
    "spec.containers[].ports[].port",
    "spec.containers[].ports[1].port",
    "spec.containers[].limit",
    "spec.containers.image",
    "status.startTime",
    "status",
    "count",
    "no.such.field",
    "kind",
};

constexpr OrderColumn kColumns[] = {
    OrderColumn::kCluster,  OrderColumn::kNamespace, OrderColumn::kName,
    OrderColumn::kName,     OrderColumn::kCreatedAt, OrderColumn::kCreatedAt,
    OrderColumn::kUid,      OrderColumn::kOwnerUid,  OrderColumn::kResourceVersion,
    OrderColumn::kGroup,    OrderColumn::kKind,      OrderColumn::kDeletedAt,
    OrderColumn::kResource, OrderColumn::kVersion,
};

constexpr SelectorOperator kOperators[] = {
    SelectorOperator::kEquals,       SelectorOperator::kEquals,      SelectorOperator::kNotEquals,
    SelectorOperator::kIn,           SelectorOperator::kNotIn,       SelectorOperator::kExists,
    SelectorOperator::kDoesNotExist, SelectorOperator::kGreaterThan, SelectorOperator::kLessThan};

bool IsBare(SelectorOperator op) {
  return op == SelectorOperator::kExists || op == SelectorOperator::kDoesNotExist;
}
bool IsSet(SelectorOperator op) {
  return op == SelectorOperator::kIn || op == SelectorOperator::kNotIn;
}
bool IsComparison(SelectorOperator op) {
  return op == SelectorOperator::kGreaterThan || op == SelectorOperator::kLessThan;
}

void MakeUnique(std::vector<std::string>* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

FieldStep ReadBracket(std::string_view inside) {
  if (inside.empty() || inside == "*") return {FieldStep::Kind::kAnyElement, "", 0};
  if (inside.starts_with('\''))
    return {FieldStep::Kind::kMember, std::string(inside.substr(1, inside.size() - 2)), 0};
  return {FieldStep::Kind::kElement, "", static_cast<size_t>(std::stoul(std::string(inside)))};
}

}  // namespace

query::FieldPath PathOf(std::string_view text) {
  query::FieldPath path;
  while (!text.empty()) {
    if (text[0] == '[') {
      const size_t end = text.find(']');
      path.steps.push_back(ReadBracket(text.substr(1, end - 1)));
      text.remove_prefix(end + 1);
      continue;
    }
    if (text[0] == '.') text.remove_prefix(1);
    const size_t end = std::min(text.find_first_of(".["), text.size());
    path.steps.push_back({FieldStep::Kind::kMember, std::string(text.substr(0, end)), 0});
    text.remove_prefix(end);
  }
  return path;
}

query::FieldPath QuestionMaker::Path() { return PathOf(kPaths[dice_.Below(kPaths.size())]); }

std::vector<std::string> QuestionMaker::Texts(const World& world, const query::FieldPath& path,
                                              size_t n) {
  std::vector<std::string> texts;
  for (size_t tries = 0; texts.size() < n; ++tries) {
    if (tries < 20 && !world.objects.empty() && dice_.Chance(85)) {
      const auto found = TextsAt(dice_.Of(world.objects), path);
      if (!found.empty()) texts.push_back(dice_.Of(found));
    } else {
      texts.push_back(AnyFieldText(dice_));
    }
  }
  MakeUnique(&texts);
  return texts;
}

query::ListScope QuestionMaker::Scope() {
  query::ListScope scope;
  if (dice_.Chance(15)) scope.cluster = AnyCluster(dice_);
  if (dice_.Chance(12)) scope.name_space = AnyNamespace(dice_);
  if (!dice_.Chance(30)) {
    scope.gvr = dice_.Chance(50) ? Types()[0].gvr : dice_.Of(Types()).gvr;
    if (dice_.Chance(1)) scope.gvr.resource = "nothings";
    return scope;
  }
  scope.collection = "any";
  for (size_t n = 1 + dice_.Below(3); n > 0; --n) {
    const GroupVersionResource& gvr = dice_.Of(Types()).gvr;
    query::ResourcePattern pattern{gvr.group, "", "", dice_.Chance(10)};
    if (dice_.Chance(60)) pattern.resource = gvr.resource;
    if (dice_.Chance(30)) pattern.version = gvr.version;
    if (dice_.Chance(5)) pattern.group = "nothing";
    if (pattern.any_group) pattern = {"", "", "", true};
    scope.patterns.push_back(pattern);
  }
  return scope;
}

query::NameSet QuestionMaker::Names(std::string (*any)(Dice&)) {
  query::NameSet set;
  const size_t kind = dice_.Below(5);
  set.restricted = kind < 3;
  const size_t most = dice_.Chance(15) ? 40 : 3;
  if (set.restricted && !dice_.Chance(2)) {
    for (size_t n = 1 + dice_.Below(most); n > 0; --n) set.in.push_back(any(dice_));
  }
  if (kind >= 2) {
    for (size_t n = 1 + dice_.Below(3); n > 0; --n) set.not_in.push_back(any(dice_));
  }
  MakeUnique(&set.in);
  MakeUnique(&set.not_in);
  return set;
}

query::LabelRequirement QuestionMaker::Label(const World& world) {
  query::LabelRequirement requirement{
      dice_.Pick({"env", "env", "app", "app", "weight", "example.com/tier-1", "rare", "none"}),
      kOperators[dice_.Below(std::size(kOperators))],
      {}};
  const SelectorOperator op = requirement.op;
  if (IsBare(op)) return requirement;
  if (IsComparison(op)) {
    requirement.values = {dice_.Pick({"0", "5", "-3", "9223372036854775807", "007"})};
    return requirement;
  }
  query::FieldPath path = PathOf("metadata.labels");
  path.steps.push_back({FieldStep::Kind::kMember, requirement.key, 0});
  const size_t n = !IsSet(op) ? 1 : dice_.Chance(15) ? 30 : 1 + dice_.Below(3);
  requirement.values = Texts(world, path, n);
  return requirement;
}

query::FieldRequirement QuestionMaker::Field(const World& world) {
  query::FieldRequirement requirement{
      Path(), kOperators[dice_.Below(std::size(kOperators))], {}, false};
  const SelectorOperator op = requirement.op;
  if (IsBare(op)) return requirement;
  const size_t n = !IsSet(op) ? 1 : dice_.Chance(10) ? 30 : 1 + dice_.Below(3);
  requirement.values = Texts(world, requirement.path, n);
  while (IsComparison(op) && TypedText(requirement.values[0]).kind == TextKind::kText)
    requirement.values = {AnyOrderedText(dice_)};
  requirement.or_missing = query::CountsMissing(requirement.path, requirement.values);
  return requirement;
}

query::OwnerCondition QuestionMaker::Owner(const World& world) {
  query::OwnerCondition owner;
  const Object* some = world.objects.empty() ? nullptr : &dice_.Of(world.objects);
  if (dice_.Chance(50)) {
    owner.uid = some != nullptr && dice_.Chance(90) ? some->Member("uid") : AnyUid(dice_);
  } else {
    owner.name = some != nullptr && dice_.Chance(90) ? some->Member("name") : AnyName(dice_);
    if (dice_.Chance(40)) {
      const GroupVersionResource& gvr =
          some != nullptr && dice_.Chance(80) ? some->type->gvr : dice_.Of(Types()).gvr;
      owner.group = gvr.group;
      owner.resource = gvr.resource;
    }
  }
  owner.seniority = static_cast<int64_t>(dice_.Below(4));
  if (dice_.Chance(5)) owner.seniority = 1'000'000'000'000;
  if (dice_.Chance(5)) owner.seniority = 17;
  return owner;
}

std::vector<query::OrderBy> QuestionMaker::Order() {
  std::vector<query::OrderBy> order;
  if (dice_.Chance(45)) return order;
  do {
    query::OrderBy term{kColumns[dice_.Below(std::size(kColumns))], dice_.Chance(50)};
    if (dice_.Chance(40)) {
      term.column = OrderColumn::kField;
      do term.field = Path();
      while (std::any_of(term.field.steps.begin(), term.field.steps.end(), [](const auto& step) {
        return step.kind == FieldStep::Kind::kAnyElement;
      }));
    }
    const auto same = [&](const query::OrderBy& other) {
      return other.column == term.column && other.field == term.field;
    };
    if (std::none_of(order.begin(), order.end(), same)) order.push_back(term);
  } while (dice_.Chance(30));
  return order;
}

std::vector<query::Facet> QuestionMaker::Facets() {
  std::vector<query::Facet> facets;
  if (dice_.Chance(80)) return facets;
  do {
    query::Facet facet;
    if (dice_.Chance(50)) {
      facet.text = kPaths[dice_.Below(kPaths.size())];
      facet.column = OrderColumn::kField;
      facet.field = PathOf(facet.text);
    } else {
      facet.text =
          dice_.Pick({"cluster", "namespace", "name", "group", "version", "resource", "kind"});
      facet.column = facet.text == "cluster"     ? OrderColumn::kCluster
                     : facet.text == "namespace" ? OrderColumn::kNamespace
                     : facet.text == "name"      ? OrderColumn::kName
                     : facet.text == "group"     ? OrderColumn::kGroup
                     : facet.text == "version"   ? OrderColumn::kVersion
                     : facet.text == "resource"  ? OrderColumn::kResource
                                                 : OrderColumn::kKind;
    }
    const auto same = [&](const query::Facet& other) { return other.text == facet.text; };
    if (std::none_of(facets.begin(), facets.end(), same)) facets.push_back(facet);
  } while (dice_.Chance(40));
  return facets;
}

void QuestionMaker::AddCondition(const World& world, Question* question) {
  query::ListOptions& options = question->options;
  const auto time = [&] { return int64_t{1'700'000'000} + static_cast<int64_t>(dice_.Below(13)); };
  switch (dice_.Below(13)) {
    case 0:
      if (question->scope.cluster.empty()) options.clusters = Names(AnyCluster);
      break;
    case 1:
      if (question->scope.name_space.empty()) options.namespaces = Names(AnyNamespace);
      break;
    case 2:
      options.names = Names(AnyName);
      break;
    case 3:
      options.fuzzy_names = {dice_.Pick({"x", "1", "a", "%", "_", "WE", "web"})};
      if (dice_.Chance(20)) options.fuzzy_names.push_back(dice_.Pick({"b", "2", "!", "ü", "%b"}));
      break;
    case 4:
      options.not_fuzzy_names = {dice_.Pick({"2", "a", "_", "%", "x1"})};
      break;
    case 5:
    case 6:
    case 7:
      options.label_selector.push_back(Label(world));
      break;
    case 8:
    case 9:
    case 10:
      options.field_selector.push_back(Field(world));
      break;
    case 11:
      options.owner = Owner(world);
      break;
    default:
      if (dice_.Chance(60)) options.since = time();
      if (dice_.Chance(60)) options.before = time();
      if (options.since && options.before && *options.since > *options.before)
        std::swap(options.since, options.before);
  }
}

query::AccessFilter QuestionMaker::Access() {
  query::AccessFilter access;
  access.restricted = !dice_.Chance(20);
  if (!access.restricted || dice_.Chance(5)) return access;
  // Mostly a few of one kind. Many are a condition on columns instead of ranges.
  const size_t most = dice_.Chance(15) ? 60 : 5;
  if (dice_.Chance(60)) {
    for (size_t n = dice_.Below(most); n > 0; --n) access.clusters.push_back(AnyCluster(dice_));
  }
  if (dice_.Chance(50)) {
    for (size_t n = dice_.Below(most); n > 0; --n) access.namespaces.push_back(AnyNamespace(dice_));
  }
  if (dice_.Chance(60)) {
    for (size_t n = dice_.Below(most); n > 0; --n)
      access.cluster_namespaces.emplace_back(AnyCluster(dice_), AnyNamespace(dice_));
  }
  const bool tidy = dice_.Chance(50);
  if (tidy) access.Normalize();
  std::sort(access.cluster_namespaces.begin(), access.cluster_namespaces.end());
  MakeUnique(&access.clusters);
  MakeUnique(&access.namespaces);
  return access;
}

query::ResourceAccess QuestionMaker::AllAccess() {
  query::ResourceAccess all;
  const query::AccessFilter usual = Access();
  for (const Type& type : Types()) {
    if (dice_.Chance(5)) continue;
    all.Set({type.gvr.group, type.gvr.resource}, dice_.Chance(70) ? usual : Access());
  }
  return all;
}

void QuestionMaker::AddPaging(Question* question) {
  query::ListOptions& options = question->options;
  if (!dice_.Chance(30)) {
    const size_t most = dice_.Chance(60) ? 6 : 40;
    options.limit = 1 + static_cast<int64_t>(dice_.Below(most));
  }
  if (dice_.Chance(12)) options.start.offset = 1 + static_cast<int64_t>(dice_.Below(15));
  options.with_remaining_count = dice_.Chance(40);
}

Question QuestionMaker::Make(const World& world) {
  Question question;
  question.scope = Scope();
  query::ListOptions& options = question.options;
  // Mostly one or two conditions: with more of them nothing is left to compare.
  constexpr size_t kCounts[] = {0, 1, 1, 1, 1, 2, 2, 2, 3, 4};
  for (size_t n = kCounts[dice_.Below(std::size(kCounts))]; n > 0; --n)
    AddCondition(world, &question);
  options.order_by = Order();
  options.inject_events = dice_.Chance(12);
  options.facets = Facets();
  if (dice_.Chance(30)) options.access = AllAccess();
  if (!options.facets.empty() && dice_.Chance(30)) {
    options.counts_only = true;
  } else {
    AddPaging(&question);
  }
  if (dice_.Chance(50)) question.spelling = dice_.Seed() | 1;
  return question;
}

}  // namespace pedia::oracle
