// Prints objects in the tests of tables.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "apiserver/table.h"
#include "meta/time.h"

namespace pedia::apiserver {

// The time in the tests of this folder at which a row is printed.
constexpr std::string_view kNow = "2026-01-01T12:00:00Z";

inline nlohmann::json PrintCells(const GroupVersionResource& gvr, std::string_view body) {
  std::string cells;
  FindTablePrinter(gvr).AppendCells(body, *ParseRfc3339(kNow), &cells);
  return nlohmann::json::parse(cells);
}

// The cell in the column `column`, as text if it is a string.
inline std::string PrintCell(const GroupVersionResource& gvr, std::string_view column,
                             std::string_view body) {
  const nlohmann::json cells = PrintCells(gvr, body);
  const auto& columns = FindTablePrinter(gvr).columns();
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name != column) continue;
    return cells.at(i).is_string() ? cells.at(i).get<std::string>() : cells.at(i).dump();
  }
  return "no column " + std::string(column);
}

}  // namespace pedia::apiserver
