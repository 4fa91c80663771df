// PrinterLookup: which printer the Tables of a resource have: that of the kind, or the columns of
// its CustomResourceDefinitions as the clusters' synced objects
// customresourcedefinitions.apiextensions.k8s.io/v1 have them.
#pragma once
#include <chrono>
#include <compare>
#include <map>
#include <memory>
#include <string>

#include "apiserver/table.h"
#include "discovery/registry.h"
#include "meta/guarded.h"
#include "query/list_options.h"
#include "storage/store.h"

namespace pedia::apiserver {

// Thread-safe. `store` must outlive it.
class PrinterLookup {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit PrinterLookup(storage::Store& store) : store_(store) {}

  // The printer for a Table of the objects of `scope` in `clusters`, which do not count if `scope`
  // names one. The definitions of all these clusters count, as table_custom.h says, with the
  // first cluster by name as the model; of clusters that sync the resource and its definition.
  // Cluster, Name, Age if there are none or they have no columns in common. May read the store, and
  // waits while another thread reads the same; what was read counts for two seconds, or longer if
  // reading took long, but at most for thirty. `now`: when the request came.
  std::shared_ptr<const TablePrinter> Find(const discovery::Snapshot& snapshot,
                                           const query::ListScope& scope,
                                           const query::NameSet& clusters, Time now);

 private:
  // Definitions of one resource in some clusters.
  struct Question {
    GroupVersionResource gvr;
    std::string cluster;
    query::NameSet clusters;
    auto operator<=>(const Question&) const = default;
  };
  struct Answer {
    std::shared_ptr<const TablePrinter> printer;  // Null: there are no columns.
    Time expires = Time::min();
  };
  struct Entry {
    std::shared_ptr<Guarded<Answer>> answer;  // Locked while it is read from the store.
    Time asked;
  };
  using Entries = std::map<Question, Entry>;

  std::shared_ptr<Guarded<Answer>> FindEntry(const Question& question, Time now);
  // Null also if the store fails.
  std::shared_ptr<const TablePrinter> Read(const discovery::Snapshot& snapshot,
                                           const Question& question);

  storage::Store& store_;
  Guarded<Entries> entries_;
};

}  // namespace pedia::apiserver
