// How a kind's table is described: a list of columns, each with the fields it reads and a function
// that writes its cell. Example, the whole of Leases:
//   {"coordination.k8s.io", "leases",
//    {NameColumn(), {"Holder", "string", 0, {"spec.holderIdentity"}, TextCell}, AgeColumn()}}
// To add a kind: write such an entry into the table_printers_*.cc of its area; table.cc finds it by
// group and resource. Private to the folder.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pedia::apiserver {

// Where an object says which cluster it is of.
inline constexpr std::string_view kClusterAnnotation = "shadow.clusterpedia.io/cluster-name";

// The JSON text of the values at a column's paths, in their order; "" where the object has none or
// null.
using RawValues = std::span<const std::string_view>;

// Appends the cells of one row to a JSON array. One thread.
class CellWriter {
 public:
  // `now`: Unix seconds.
  CellWriter(int64_t now, std::string* out) : now_(now), out_(out) { *out_ += '['; }

  int64_t now() const { return now_; }
  void Text(std::string_view text);  // A string cell.
  void RawText(
      std::string_view json_text);  // A string cell from a JSON string; anything else gives "".
  void Integer(int64_t value);
  void Number(std::string_view json_number);
  void Bool(bool value);
  void Null();
  void Finish() { *out_ += ']'; }

 private:
  void Separate();

  int64_t now_;
  std::string* out_;
  bool first_ = true;
};

// Writes the cell of its column and of those right after it that have no function of their own.
using CellFunction = void (*)(RawValues values, CellWriter* cells);

struct ColumnDefinition {
  const char* name;
  const char* type;  // "string", "integer", "boolean", "date"
  int priority;      // 1 = only with -o wide.
  // Where the values stand, e.g. "spec.template.spec.containers". A single key follows
  // "annotations." and "labels.", dots and all.
  std::vector<const char*> paths = {};
  CellFunction write = nullptr;  // Null: written by the function of a column before.
};

struct TableDefinition {
  const char* group;
  const char* resource;
  std::vector<ColumnDefinition> columns;  // Without Cluster, which every table has.
  // Whether rows of ended Pods carry a condition, from status.phase.
  bool has_pod_conditions = false;
};

// The tables of each area.
std::vector<TableDefinition> AppsTables();
std::vector<TableDefinition> AutoscalingTables();
std::vector<TableDefinition> BatchTables();
std::vector<TableDefinition>
ClusterTables();  // Nodes, namespaces, events, leases, API services, flow control.
std::vector<TableDefinition>
ConfigTables();  // Config maps, secrets, quotas, admission, scheduling.
std::vector<TableDefinition> NetworkTables();
std::vector<TableDefinition> PodTables();
std::vector<TableDefinition> RbacTables();
std::vector<TableDefinition> StorageTables();

// Kubernetes' documentation of a column; "" if there is none.
std::string_view FindColumnDescription(std::string_view resource, std::string_view column);

}  // namespace pedia::apiserver
