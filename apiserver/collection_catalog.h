// CollectionCatalog: the collection resources there are, each a set of resources that is listed as
// one: any, workloads, kuberesources, and those that the user defines.
// Source: Clusterpedia's collection resources.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "query/list_options.h"

namespace pedia::apiserver {

struct Collection {
  std::string name;  // "workloads"
  // What it holds, as its definition says; of "any" empty, since a request chooses.
  std::vector<query::ResourcePattern> types;
  bool any_version = false;  // Objects of every version count, whatever `types` says.

  bool chosen_by_request() const { return types.empty(); }
  std::vector<query::ResourcePattern> Patterns() const;
};

// The three that are always there, in Clusterpedia's order.
const std::vector<Collection>& BuiltInCollections();

// Immutable.
class CollectionCatalog {
 public:
  // The built-in ones, then `defined`. Requires: no name twice.
  explicit CollectionCatalog(const std::vector<Collection>& defined);
  const Collection* Find(std::string_view name) const;
  const std::vector<Collection>& collections() const { return collections_; }

 private:
  std::vector<Collection> collections_;
};

}  // namespace pedia::apiserver
