#include "apiserver/table_custom.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
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

class CustomPrinter : public TablePrinter {
 public:
  CustomPrinter() {
    const auto& others = FindTablePrinter({}).columns();  // Cluster, Name, Age.
    columns_.assign(others.begin(), others.begin() + 2);
    cluster_ = tree_.Add(
        std::vector<std::string>{"metadata", "annotations", std::string(kClusterAnnotation)});
    name_ = tree_.Add(std::vector<std::string>{"metadata", "name"});
  }

  bool empty() const { return cells_.empty(); }

  void Add(std::string_view definition) {
    const auto [name, type, format, description, priority, json_path] =
        Members(definition, "name", "type", "format", "description", "priority", "jsonPath");
    if (cells_.size() == kMaxColumns) return;
    const std::string path = Text(json_path);
    columns_.push_back(
        {Text(name), Text(type), Text(format),
         TextOr(description, "Custom resource definition column (in JSONPath format): " + path),
         static_cast<int>(std::clamp<int64_t>(Integer(priority), INT32_MIN, INT32_MAX))});
    Result<JsonPath> parsed = JsonPath::Parse(path);
    if (!parsed.ok()) {
      cells_.push_back({name_, {}, WriteNull});
      return;
    }
    const size_t field = tree_.Add(parsed->members());
    cells_.push_back({field, *std::move(parsed), WriterOfType(columns_.back().type)});
  }

  const std::vector<TableColumn>& columns() const override { return columns_; }

  void AppendCells(std::string_view body, int64_t now, std::string* out) const override {
    std::array<std::string_view, kMaxColumns + 2> fields;
    tree_.Scan(body, fields);
    CellWriter writer(now, out);
    writer.RawText(fields[cluster_]);
    writer.RawText(fields[name_]);
    JsonPathBudget budget = BudgetOfRow(body);
    for (const Cell& cell : cells_) {
      const std::string_view value = cell.path.FindFirst(fields[cell.field], &budget);
      // What a cell prints counts too: an object may be printed by many columns.
      const bool printable = !value.empty() && value.size() <= budget;
      if (printable) budget -= value.size();
      printable ? cell.write(value, &writer) : writer.Null();
    }
    writer.Finish();
  }

  void AppendRowMembers(std::string_view body, int64_t now, std::string* out) const override {
    *out += "\"cells\":";
    AppendCells(body, now, out);
  }

 private:
  struct Cell {
    size_t field;  // Of the tree: the members that the path begins with.
    JsonPath path;
    WriteCell write;
  };

  std::vector<TableColumn> columns_;
  FieldTree tree_;
  size_t cluster_;
  size_t name_;
  std::vector<Cell> cells_;
};

}  // namespace

std::shared_ptr<const TablePrinter> CustomTablePrinter(std::string_view definition,
                                                       std::string_view version) {
  const auto printer = std::make_shared<CustomPrinter>();
  ForEachElement(Member(Member(definition, "spec"), "versions"), [&](std::string_view served) {
    const auto [name, columns] = Members(served, "name", "additionalPrinterColumns");
    if (!IsText(name, version)) return;
    ForEachElement(columns, [&](std::string_view column) { printer->Add(column); });
  });
  return printer->empty() ? nullptr : printer;
}

}  // namespace pedia::apiserver
