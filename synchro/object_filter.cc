#include "synchro/object_filter.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "kube/resource_streams.h"
#include "meta/json_reader.h"

namespace pedia::synchro {
namespace {

// Longer selectors are left to us: proxies limit URLs.
constexpr size_t kMaxSelector = 2'000;

bool Has(const std::vector<std::string>& sorted, std::string_view text) {
  return std::binary_search(sorted.begin(), sorted.end(), text);
}

// "Pod": of what an Event is, in v1 (involvedObject) and in events.k8s.io (regarding).
std::string ReadInvolvedKind(std::string_view event) {
  JsonReader reader(event);
  if (!reader.BeginObject()) return "";
  for (std::string_view key; reader.NextMember(&key);) {
    if (key != "involvedObject" && key != "regarding") {
      reader.Skip();
      continue;
    }
    if (!reader.BeginObject()) continue;
    while (reader.NextMember(&key)) {
      if (key == "kind") return reader.ReadString();
      reader.Skip();
    }
  }
  return "";
}

bool Matches(const ObjectSelection& selection, std::string_view name_space,
             std::string_view object) {
  if (!selection.namespaces.empty() && !Has(selection.namespaces, name_space)) return false;
  if (Has(selection.exclude_namespaces, name_space)) return false;
  if (!selection.involved_kinds.empty() && !Has(selection.involved_kinds, ReadInvolvedKind(object)))
    return false;
  return MatchesLabels(selection.labels, object);
}

// The kinds of two selections that differ in nothing else can stand together.
bool MergeKinds(ObjectSelection* into, const ObjectSelection& from) {
  ObjectSelection same = from;
  same.involved_kinds = into->involved_kinds;
  if (same != *into) return false;
  if (into->involved_kinds.empty() || from.involved_kinds.empty()) {
    into->involved_kinds.clear();
    return true;
  }
  std::vector<std::string> kinds;
  std::set_union(into->involved_kinds.begin(), into->involved_kinds.end(),
                 from.involved_kinds.begin(), from.involved_kinds.end(), std::back_inserter(kinds));
  into->involved_kinds = std::move(kinds);
  return true;
}

// The only namespace that counts; "" if there are several.
std::string OnlyNamespace(const std::vector<ObjectSelection>& selections) {
  std::set<std::string> names;
  for (const ObjectSelection& selection : selections) {
    if (selection.namespaces.empty()) return "";
    names.insert(selection.namespaces.begin(), selection.namespaces.end());
  }
  return names.size() == 1 ? *names.begin() : "";
}

// The value that this member of all selections has; an empty one if they differ.
template <typename T>
T Shared(const std::vector<ObjectSelection>& selections, T ObjectSelection::*member) {
  if (selections.empty()) return {};
  const T& first = selections.front().*member;
  const bool same = std::all_of(selections.begin(), selections.end(),
                                [&](const ObjectSelection& each) { return each.*member == first; });
  return same ? first : T();
}

bool IsPlainKind(std::string_view kind) {
  return std::all_of(kind.begin(), kind.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

// Namespaces that all selections leave out: the intersection.
std::vector<std::string> ExcludedByAll(const std::vector<ObjectSelection>& selections) {
  if (selections.empty()) return {};
  std::vector<std::string> excluded = selections.front().exclude_namespaces;
  for (const ObjectSelection& selection : selections) {
    std::vector<std::string> both;
    std::set_intersection(excluded.begin(), excluded.end(), selection.exclude_namespaces.begin(),
                          selection.exclude_namespaces.end(), std::back_inserter(both));
    excluded = std::move(both);
  }
  return excluded;
}

std::string FieldSelectorOf(const std::vector<ObjectSelection>& selections,
                            const GroupVersionResource& gvr, bool all_namespaces) {
  std::string text;
  const auto add = [&](const std::string& term) { text += (text.empty() ? "" : ",") + term; };
  if (all_namespaces) {
    for (const std::string& name : ExcludedByAll(selections)) add("metadata.namespace!=" + name);
  }
  const auto kinds = Shared(selections, &ObjectSelection::involved_kinds);
  // The field's name is that of core Events.
  if (kinds.size() == 1 && gvr.group.empty() && IsPlainKind(kinds.front()))
    add("involvedObject.kind=" + kinds.front());
  return text;
}

}  // namespace

void ObjectFilter::Add(ObjectSelection selection) {
  if (!selections_.empty() && selections_.front() == ObjectSelection()) return;
  if (selection == ObjectSelection()) selections_.clear();
  const bool merged =
      std::any_of(selections_.begin(), selections_.end(),
                  [&](ObjectSelection& known) { return MergeKinds(&known, selection); });
  if (!merged) selections_.push_back(std::move(selection));
  std::sort(selections_.begin(), selections_.end());
}

void ObjectFilter::Add(const ObjectFilter& other) {
  for (const ObjectSelection& selection : other.selections_) Add(selection);
}

bool ObjectFilter::Selects(std::string_view name_space, std::string_view object) const {
  return std::any_of(selections_.begin(), selections_.end(), [&](const ObjectSelection& selection) {
    return Matches(selection, name_space, object);
  });
}

std::string ObjectFilter::CollectionPath(const GroupVersionResource& gvr, bool selectors) const {
  std::string path = gvr.Path();
  const std::string name_space = OnlyNamespace(selections_);
  if (!name_space.empty())
    path.insert(path.size() - gvr.resource.size(), "namespaces/" + name_space + "/");
  if (!selectors) return path;
  char separator = '?';
  const auto add = [&](const char* key, const std::string& text) {
    if (text.empty() || text.size() > kMaxSelector) return;
    path.append({std::exchange(separator, '&')}).append(key).append(kube::EscapeQueryValue(text));
  };
  add("labelSelector=", FormatLabelSelector(Shared(selections_, &ObjectSelection::labels)));
  add("fieldSelector=", FieldSelectorOf(selections_, gvr, name_space.empty()));
  return path;
}

}  // namespace pedia::synchro
