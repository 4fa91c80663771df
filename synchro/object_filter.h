// ObjectFilter: which objects of one resource are synced: those that some rule selects, by
// namespace, labels, and, of events, by what they are about. Source: Kubernetes API concepts
// (namespaced paths, labelSelector, fieldSelector of lists and watches).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "meta/group_version_resource.h"
#include "synchro/label_selector.h"

namespace pedia::synchro {

// What one rule selects of a resource; all lists sorted. An empty one selects everything.
struct ObjectSelection {
  std::vector<std::string> namespaces{};          // Empty = all.
  std::vector<std::string> exclude_namespaces{};  // Mean nothing to objects without a namespace.
  LabelSelector labels{};
  std::vector<std::string> involved_kinds{};  // Of Events: the kinds they are about; empty = all.
  auto operator<=>(const ObjectSelection&) const = default;
};

// Selects nothing until something is added. A value.
class ObjectFilter {
 public:
  void Add(ObjectSelection selection);
  void Add(const ObjectFilter& other);
  bool operator==(const ObjectFilter&) const = default;

  // `object`: well-formed JSON, as the member serves it; `name_space`: its own, "" if it has none.
  bool Selects(std::string_view name_space, std::string_view object) const;

  // The collection's path and query for the least that the server can give which holds all that is
  // selected: "/api/v1/namespaces/shop/pods?labelSelector=app%3Dweb". Selectors are a favour: what
  // comes has to be asked about anyway. `selectors`: false leaves them out, for servers that refuse
  // them.
  std::string CollectionPath(const GroupVersionResource& gvr, bool selectors) const;

 private:
  std::vector<ObjectSelection> selections_;  // Sorted.
};

}  // namespace pedia::synchro
