#include "apiserver/table.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <map>
#include <memory>
#include <utility>

#include "apiserver/field_tree.h"
#include "apiserver/table_cells.h"
#include "apiserver/table_definition.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kMaxFields = 24;  // Of one kind.
constexpr size_t kMaxPaths = 12;   // Of one column.

using Fields = std::array<std::string_view, kMaxFields>;

// {"metadata", "annotations", "a.b/c"} of "metadata.annotations.a.b/c".
std::vector<std::string> SplitPath(std::string_view path) {
  std::vector<std::string> keys;
  for (bool in_map = false; !path.empty();) {
    const std::string_view key = in_map ? path : path.substr(0, path.find('.'));
    in_map = key == "annotations" || key == "labels";  // What follows is one key, dots and all.
    keys.emplace_back(key);
    path.remove_prefix(std::min(path.size(), key.size() + 1));
  }
  return keys;
}

class DefinedPrinter : public TablePrinter {
 public:
  explicit DefinedPrinter(const TableDefinition& definition) {
    static const std::string cluster_path =
        "metadata.annotations." + std::string(kClusterAnnotation);
    Add({"Cluster", "string", 0, {cluster_path.c_str()}, TextCell}, definition.resource);
    for (const ColumnDefinition& column : definition.columns) Add(column, definition.resource);
    if (definition.has_pod_conditions) phase_ = static_cast<int>(AddField("status.phase"));
  }

  const std::vector<TableColumn>& columns() const override { return columns_; }

  void AppendCells(std::string_view body, int64_t now, std::string* out) const override {
    WriteCells(Scan(body), now, out);
  }

  void AppendRowMembers(std::string_view body, int64_t now, std::string* out) const override {
    const Fields fields = Scan(body);
    *out += "\"cells\":";
    WriteCells(fields, now, out);
    if (phase_ >= 0) AppendConditions(fields[static_cast<size_t>(phase_)], out);
  }

 private:
  struct Cell {
    std::vector<size_t> fields;
    CellFunction write;
  };

  size_t AddField(std::string_view path) {
    const size_t field = tree_.Add(SplitPath(path));
    assert(tree_.size() <= kMaxFields);
    return field;
  }

  // A null is as good as no value to the printers of kinds.
  Fields Scan(std::string_view body) const {
    Fields fields;
    tree_.Scan(body, fields);
    for (std::string_view& field : fields) {
      if (field == "null") field = {};
    }
    return fields;
  }

  void Add(const ColumnDefinition& column, std::string_view resource) {
    const std::string_view name = column.name;
    columns_.push_back({column.name, column.type, name == "Name" ? "name" : "",
                        std::string(FindColumnDescription(resource, name)), column.priority});
    if (column.write == nullptr) return;
    assert(column.paths.size() <= kMaxPaths);
    Cell cell{{}, column.write};
    for (const char* path : column.paths) cell.fields.push_back(AddField(path));
    cells_.push_back(std::move(cell));
  }

  void WriteCells(const Fields& fields, int64_t now, std::string* out) const {
    CellWriter writer(now, out);
    std::array<std::string_view, kMaxPaths> values;
    for (const Cell& cell : cells_) {
      for (size_t i = 0; i < cell.fields.size(); ++i) values[i] = fields[cell.fields[i]];
      cell.write(RawValues(values.data(), cell.fields.size()), &writer);
    }
    writer.Finish();
  }

  // kubectl used to hide such rows; other clients still look at it.
  static void AppendConditions(std::string_view phase, std::string* out) {
    if (IsText(phase, "Succeeded")) {
      *out += R"(,"conditions":[{"type":"Completed","status":"True","reason":"Succeeded",)"
              R"("message":"The pod has completed successfully."}])";
    } else if (IsText(phase, "Failed")) {
      *out +=
          R"(,"conditions":[{"type":"Completed","status":"True","reason":"Failed","message":"The pod failed."}])";
    }
  }

  FieldTree tree_;
  std::vector<TableColumn> columns_;
  std::vector<Cell> cells_;
  int phase_ = -1;
};

// Kinds that kube-apiserver has no printer for show when they were created, not how old they are.
std::vector<TableDefinition> TablesWithoutPrinter() {
  const ColumnDefinition created = {
      "Created At", "date", 0, {"metadata.creationTimestamp"}, TextCell};
  const std::vector<ColumnDefinition> columns = {NameColumn(), created};
  return {{"", "limitranges", columns},
          {"rbac.authorization.k8s.io", "roles", columns},
          {"rbac.authorization.k8s.io", "clusterroles", columns},
          {"apiextensions.k8s.io", "customresourcedefinitions", columns}};
}

// Custom resources, as kube-apiserver prints those whose definition names no columns.
TableDefinition OtherTable() {
  return {"", "", {NameColumn(), {"Age", "date", 0, {"metadata.creationTimestamp"}, AgeCell}}};
}

// "apps" and "v1" from "apps/v1"; "" and "v1" from "v1".
void GroupAndVersionCells(RawValues values, CellWriter* cells) {
  const std::string api_version = Text(values[0]);
  const size_t slash = api_version.find('/');
  cells->Text(slash == std::string::npos ? "" : api_version.substr(0, slash));
  cells->Text(slash == std::string::npos ? api_version : api_version.substr(slash + 1));
}

// Source: Clusterpedia's Tables of collection resources.
TableDefinition CollectionTable() {
  return {"",
          "",
          {{"Group", "string", 0, {"apiVersion"}, GroupAndVersionCells},
           {"Version", "string", 0},
           {"Kind", "string", 0, {"kind"}, TextCell},
           {"Namespace", "string", 0, {"metadata.namespace"}, TextCell},
           NameColumn(),
           {"Age", "string", 0, {"metadata.creationTimestamp"}, AgeCell}}};
}

class PrinterRegistry {
 public:
  PrinterRegistry() : other_(OtherTable()) {
    for (auto* tables :
         {AppsTables, AutoscalingTables, BatchTables, ClusterTables, ConfigTables, NetworkTables,
          PodTables, RbacTables, StorageTables, TablesWithoutPrinter}) {
      for (const TableDefinition& table : tables()) {
        const bool is_new =
            printers_
                .emplace(Key(table.group, table.resource), std::make_unique<DefinedPrinter>(table))
                .second;
        assert(is_new);
        (void)is_new;
      }
    }
  }

  const TablePrinter& Find(const std::string& group, const std::string& resource) const {
    const auto it = printers_.find(Key(group, resource));
    return it == printers_.end() ? other_ : *it->second;
  }

 private:
  using Key = std::pair<std::string,
                        std::string>;  // Group and resource: versions of a kind share a printer.

  std::map<Key, std::unique_ptr<DefinedPrinter>> printers_;
  DefinedPrinter other_;
};

}  // namespace

const TablePrinter& FindTablePrinter(const GroupVersionResource& gvr) {
  static const PrinterRegistry registry;
  return registry.Find(gvr.group, gvr.resource);
}

const TablePrinter& CollectionTablePrinter() {
  static const DefinedPrinter printer(CollectionTable());
  return printer;
}

}  // namespace pedia::apiserver
