// Which printer the Tables of a resource have: that of the kind, or the columns of its
// CustomResourceDefinition as the clusters' synced objects
// customresourcedefinitions.apiextensions.k8s.io/v1 have it.
#pragma once
#include <memory>

#include "apiserver/table.h"
#include "discovery/registry.h"
#include "query/list_options.h"
#include "storage/store.h"

namespace pedia::apiserver {

// The printer for a Table of the objects of `scope` in `clusters`, which does not count if `scope`
// names a cluster. A Table has one list of columns for all its rows: where clusters disagree, the
// definition of the first one by name that has it counts for the rows of all, as looking up each
// row's own would be a read for each cluster of the fleet. Cluster, Name, Age if no definition is
// found or it names no columns.
std::shared_ptr<const TablePrinter> LookUpPrinter(storage::Store& store,
                                                  const discovery::Snapshot& snapshot,
                                                  const query::ListScope& scope,
                                                  const query::NameSet& clusters);

}  // namespace pedia::apiserver
