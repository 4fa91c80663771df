#include "apiserver/table_custom.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apiserver/field_tree.h"
#include "apiserver/json_path.h"
#include "apiserver/table_cells.h"
#include "apiserver/table_definition.h"
#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kMaxColumns = 128;
constexpr size_t kMaxDefinitions = 64;
constexpr int kMaxDepth = 64;  // Of objects that are printed as text; deeper ones stay as stored.

JsonPathBudget BudgetOfRow(std::string_view body) { return 64 * 1024 + 32 * body.size(); }

std::optional<double> ReadNumber(std::string_view raw) {
  double number = 0;
  const char* end = raw.data() + raw.size();
  const auto [at, error] = std::from_chars(raw.data(), end, number);
  if (error != std::errc() || at != end || !std::isfinite(number)) return {};
  return number;
}

std::optional<int64_t> ReadInteger(std::string_view raw) {
  int64_t integer = 0;
  const char* end = raw.data() + raw.size();
  const auto [at, error] = std::from_chars(raw.data(), end, integer);
  if (error == std::errc() && at == end) return integer;
  const std::optional<double> number = ReadNumber(raw);
  if (!number || std::abs(*number) >= 9.2e18) return {};
  return static_cast<int64_t>(*number);
}

// As Go's fmt prints a float64 by default.
std::string FormatNumber(double number) {
  const bool small_or_large = number != 0 && (std::abs(number) < 1e-4 || std::abs(number) >= 1e21);
  char buffer[400];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, number,
                    small_or_large ? std::chars_format::scientific : std::chars_format::fixed);
  return {buffer, end.ptr};
}

// Appends a JSON value as Go's encoding/json writes it: without blanks, members sorted by name,
// and what HTML would mistake escaped.
void AppendGoJson(std::string_view raw, int depth, std::string* out) {
  const char first = raw.empty() || depth == kMaxDepth ? ' ' : raw.front();
  if (first == '{') {
    std::vector<std::pair<std::string_view, std::string_view>> members;
    ForEachMember(raw, [&](std::string_view key, std::string_view value) {
      members.emplace_back(key, value);
    });
    std::sort(members.begin(), members.end());
    char separator = '{';
    for (const auto& [key, value] : members) {
      *out += std::exchange(separator, ',');
      out->append("\"").append(key).append("\":");
      AppendGoJson(value, depth + 1, out);
    }
    *out += members.empty() ? "{}" : "}";
  } else if (first == '[') {
    char separator = '[';
    ForEachElement(raw, [&](std::string_view element) {
      *out += std::exchange(separator, ',');
      AppendGoJson(element, depth + 1, out);
    });
    *out += separator == '[' ? "[]" : "]";
  } else {
    for (const char c : raw) {
      if (c == '<')
        *out += "\\u003c";
      else if (c == '>')
        *out += "\\u003e";
      else if (c == '&')
        *out += "\\u0026";
      else
        *out += c;
    }
  }
}

// The cells of one column type, of a value that is there.
using WriteCell = void (*)(std::string_view raw, CellWriter* cells);

void WriteString(std::string_view raw, CellWriter* cells) {
  if (raw.starts_with('"')) return cells->RawText(raw);
  if (raw == "null") return cells->Text("<no value>");
  if (raw.starts_with('{') || raw.starts_with('[')) {
    std::string text;
    AppendGoJson(raw, 0, &text);
    return cells->Text(text);
  }
  const bool has_fraction = raw.find_first_of(".eE") != std::string_view::npos;
  const std::optional<double> number = has_fraction ? ReadNumber(raw) : std::nullopt;
  cells->Text(number ? FormatNumber(*number) : raw);
}

void WriteInteger(std::string_view raw, CellWriter* cells) {
  const std::optional<int64_t> integer = ReadInteger(raw);
  integer ? cells->Integer(*integer) : cells->Null();
}

void WriteNumber(std::string_view raw, CellWriter* cells) {
  ReadNumber(raw) && IsValidJson(raw) ? cells->Number(raw) : cells->Null();
}

void WriteBoolean(std::string_view raw, CellWriter* cells) {
  raw == "true" || raw == "false" ? cells->Bool(raw == "true") : cells->Null();
}

void WriteDate(std::string_view raw, CellWriter* cells) {
  if (!raw.starts_with('"')) return cells->Null();
  if (raw == "\"\"" || raw == "\"null\"") return cells->Text("<unknown>");
  cells->Text(Time(raw) ? Age(raw, cells->now()) : "<invalid>");
}

void WriteNull(std::string_view, CellWriter* cells) { cells->Null(); }

WriteCell WriterOfType(std::string_view type) {
  if (type == "string") return WriteString;
  if (type == "integer") return WriteInteger;
  if (type == "number") return WriteNumber;
  if (type == "boolean") return WriteBoolean;
  if (type == "date") return WriteDate;
  return WriteNull;
}

// A column as one definition has it.
struct Column {
  TableColumn shown;
  std::string path;
  size_t namesakes = 0;  // How many columns before it have its name.
};

std::vector<Column> ReadColumns(std::string_view definition) {
  std::vector<Column> columns;
  std::map<std::string, size_t> namesakes;
  ForEachElement(definition, [&](std::string_view column) {
    if (columns.size() == kMaxColumns) return;
    const auto [name, type, format, description, priority, json_path] =
        Members(column, "name", "type", "format", "description", "priority", "jsonPath");
    const std::string path = Text(json_path);
    columns.push_back(
        {{Text(name), Text(type), Text(format),
          TextOr(description, "Custom resource definition column (in JSONPath format): " + path),
          static_cast<int>(std::clamp<int64_t>(Integer(priority), INT32_MIN, INT32_MAX))},
         path,
         namesakes[Text(name)]++});
  });
  return columns;
}

// `wanted` as another definition has it; null if it does not.
const Column* FindColumn(const std::vector<Column>& columns, const Column& wanted) {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& column) {
    return column.shown.name == wanted.shown.name && column.namesakes == wanted.namesakes;
  });
  return found == columns.end() ? nullptr : &*found;
}

// Where the cells of a row come from, by one definition.
class CustomRow {
 public:
  using Fields = std::array<std::string_view, kMaxColumns + 2>;

  CustomRow() {
    cluster_ = tree_.Add(
        std::vector<std::string>{"metadata", "annotations", std::string(kClusterAnnotation)});
    name_ = tree_.Add(std::vector<std::string>{"metadata", "name"});
  }

  void Add(const std::string& path, std::string_view type) {
    Result<JsonPath> parsed = JsonPath::Parse(path);
    if (!parsed.ok()) {
      cells_.push_back({name_, {}, WriteNull});
      return;
    }
    const size_t field = tree_.Add(parsed->members());
    cells_.push_back({field, *std::move(parsed), WriterOfType(type)});
  }

  void Scan(std::string_view body, Fields* fields) const { tree_.Scan(body, *fields); }
  std::string_view Cluster(const Fields& fields) const { return fields[cluster_]; }

  void Write(const Fields& fields, JsonPathBudget budget, CellWriter* writer) const {
    writer->RawText(fields[cluster_]);
    writer->RawText(fields[name_]);
    for (const Cell& cell : cells_) {
      const std::string_view value = cell.path.FindFirst(fields[cell.field], &budget);
      // What a cell prints counts too: an object may be printed by many columns.
      const bool printable = !value.empty() && value.size() <= budget;
      if (printable) budget -= value.size();
      printable ? cell.write(value, writer) : writer->Null();
    }
    writer->Finish();
  }

 private:
  struct Cell {
    size_t field;  // Of the tree: the members that the path begins with.
    JsonPath path;
    WriteCell write;
  };

  FieldTree tree_;
  size_t cluster_;
  size_t name_;
  std::vector<Cell> cells_;
};

class CustomPrinter : public TablePrinter {
 public:
  // `rows`: of each definition. `of_cluster`: which of them is whose; clusters that are not there
  // have the first.
  CustomPrinter(std::vector<TableColumn> columns, std::vector<CustomRow> rows,
                std::map<std::string, size_t, std::less<>> of_cluster)
      : rows_(std::move(rows)), of_cluster_(std::move(of_cluster)) {
    const auto& others = FindTablePrinter({}).columns();  // Cluster, Name, Age.
    columns_.assign(others.begin(), others.begin() + 2);
    columns_.insert(columns_.end(), columns.begin(), columns.end());
  }

  const std::vector<TableColumn>& columns() const override { return columns_; }

  void AppendCells(std::string_view body, int64_t now, std::string* out) const override {
    CustomRow::Fields fields;
    const CustomRow* row = &rows_.front();
    row->Scan(body, &fields);
    if (rows_.size() > 1) {
      const CustomRow* own = &RowOf(row->Cluster(fields));
      if (own != row) {
        fields.fill({});
        own->Scan(body, &fields);
        row = own;
      }
    }
    CellWriter writer(now, out);
    row->Write(fields, BudgetOfRow(body), &writer);
  }

  void AppendRowMembers(std::string_view body, int64_t now, std::string* out) const override {
    *out += "\"cells\":";
    AppendCells(body, now, out);
  }

 private:
  const CustomRow& RowOf(std::string_view raw_cluster) const {
    const auto found = of_cluster_.find(Text(raw_cluster));
    return rows_[found == of_cluster_.end() ? 0 : found->second];
  }

  std::vector<TableColumn> columns_;
  std::vector<CustomRow> rows_;
  std::map<std::string, size_t, std::less<>> of_cluster_;
};

}  // namespace

void CustomTableBuilder::Add(std::string_view cluster, std::string_view versions) {
  std::string_view columns;
  ForEachElement(versions, [&](std::string_view served) {
    const auto [name, of_version] = Members(served, "name", "additionalPrinterColumns");
    if (IsText(name, version_)) columns = of_version;
  });
  if (!columns.starts_with('[') || Count(columns) == 0) return;
  const auto found = std::find(definitions_.begin(), definitions_.end(), columns);
  const auto index = static_cast<size_t>(found - definitions_.begin());
  if (index == kMaxDefinitions) return;
  if (found == definitions_.end()) definitions_.emplace_back(columns);
  if (index > 0) of_cluster_.insert_or_assign(std::string(cluster), index);
}

std::shared_ptr<const TablePrinter> CustomTableBuilder::Build() const {
  std::vector<std::vector<Column>> definitions;
  for (const std::string& text : definitions_) definitions.push_back(ReadColumns(text));
  if (definitions.empty()) return nullptr;
  std::vector<TableColumn> columns;
  std::vector<CustomRow> rows(definitions.size());
  for (const Column& column : definitions.front()) {
    const bool common = std::all_of(
        definitions.begin(), definitions.end(),
        [&](const auto& definition) { return FindColumn(definition, column) != nullptr; });
    if (!common) continue;
    columns.push_back(column.shown);
    for (size_t i = 0; i < rows.size(); ++i)
      rows[i].Add(FindColumn(definitions[i], column)->path, column.shown.type);
  }
  if (columns.empty()) return nullptr;
  return std::make_shared<CustomPrinter>(std::move(columns), std::move(rows), of_cluster_);
}

}  // namespace pedia::apiserver
