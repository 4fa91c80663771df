#include "apiserver/printer_lookup.h"

#include <string>

#include "apiserver/table_custom.h"

namespace pedia::apiserver {
namespace {

// Each is a read; those that sync definitions at all have this one as soon as their first list is
// done.
constexpr int kMaxReads = 8;

const GroupVersionResource& Definitions() {
  static const GroupVersionResource gvr{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};
  return gvr;
}

// The JSON of the definition; "" if no cluster has it.
std::string FindDefinition(storage::Store& store, const discovery::Snapshot& snapshot,
                           const query::ListScope& scope, const query::NameSet& clusters) {
  int reads = 0;
  for (const auto& [name, state] : snapshot.clusters) {
    if (!scope.cluster.empty() ? name != scope.cluster : !clusters.Matches(name)) continue;
    if (state->synced.Find(scope.gvr) == nullptr || state->synced.Find(Definitions()) == nullptr)
      continue;
    auto object = store.Get(name, Definitions(), "", scope.gvr.GroupResource(), false);
    if (object.ok()) return std::move(object->body);
    if (++reads == kMaxReads) break;
  }
  return "";
}

}  // namespace

std::shared_ptr<const TablePrinter> LookUpPrinter(storage::Store& store,
                                                  const discovery::Snapshot& snapshot,
                                                  const query::ListScope& scope,
                                                  const query::NameSet& clusters) {
  const TablePrinter& built_in = FindTablePrinter(scope.gvr);
  std::shared_ptr<const TablePrinter> printer;
  // The groups of custom resources have a dot; most groups of Kubernetes' own kinds have none.
  if (&built_in == &FindTablePrinter({}) && scope.gvr.group.find('.') != std::string::npos)
    printer =
        CustomTablePrinter(FindDefinition(store, snapshot, scope, clusters), scope.gvr.version);
  if (printer) return printer;
  return {std::shared_ptr<const TablePrinter>(), &built_in};  // Owned by nobody.
}

}  // namespace pedia::apiserver
