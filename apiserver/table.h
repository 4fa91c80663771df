// Tables: what `kubectl get` prints: columns per kind, and a row's cells read from an object's
// bytes by one pull scan. Source: meta.k8s.io/v1 Table; kube-apiserver v1.32 printers (the
// recordings under tests/ show every cell).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "meta/group_version_resource.h"

namespace pedia::apiserver {

struct TableColumn {
  std::string name;    // "Name"
  std::string type;    // "string", "integer", "date"
  std::string format;  // "name" for Name, else mostly "".
  std::string description;
  int priority = 0;  // 1 = only with -o wide.
};

// The columns and cells of one kind, "Cluster" first. Immutable; safe from any thread.
class TablePrinter {
 public:
  virtual ~TablePrinter() = default;
  virtual const std::vector<TableColumn>& columns() const = 0;
  // Appends the JSON array of cells of one object, e.g.
  // ["cluster-1","web-0","1/1","Running",0,"5m"]. `body`: well-formed JSON. `now`: Unix seconds,
  // for ages. The cluster is read from the object's cluster annotation.
  virtual void AppendCells(std::string_view body, int64_t now, std::string* out) const = 0;
  // Appends what a printer says about a row, as members of a TableRow: "cells":[...] and, for a Pod
  // that has come to its end, ,"conditions":[...]. `body`, `now` as above.
  virtual void AppendRowMembers(std::string_view body, int64_t now, std::string* out) const = 0;
};

// The printer of a kind; Cluster, Name, Age for those without their own. Never fails. The reference
// lives for ever.
const TablePrinter& FindTablePrinter(const GroupVersionResource& gvr);
// The printer of the objects of a collection resource: Cluster, Group, Version, Kind, Namespace,
// Name, Age. Reads the type from the object. As FindTablePrinter.
const TablePrinter& CollectionTablePrinter();

}  // namespace pedia::apiserver
