// Broken objects: whatever stands in the store, a row neither crashes nor loses its shape.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "apiserver/json_indent.h"
#include "apiserver/table.h"
#include "apiserver/yaml_writer.h"
#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

using nlohmann::json;

// Calls `f(printer, object)` for one recorded object of every kind.
template <typename F>
void ForEachKind(F&& f) {
  for (const auto& entry :
       std::filesystem::directory_iterator(PEDIA_SOURCE_ROOT "/tests/testdata/tables")) {
    std::ifstream file(entry.path());
    const json recording = json::parse(file);
    f(FindTablePrinter({recording["group"], recording["version"], recording["resource"]}),
      recording["rows"].back()["object"]);
  }
}

std::string Print(const TablePrinter& printer, std::string_view body) {
  std::string cells;
  printer.AppendCells(body, 1, &cells);
  return cells;
}

void ExpectARow(const TablePrinter& printer, const std::string& body) {
  const json cells = json::parse(Print(printer, body), nullptr, /*allow_exceptions=*/false);
  ASSERT_TRUE(cells.is_array()) << body;
  EXPECT_EQ(cells.size(), printer.columns().size()) << body;
}

TEST(TableRobustnessTest, ATruncatedObjectStillGivesARow) {
  ForEachKind([](const TablePrinter& printer, const json& object) {
    const std::string body = object.dump();
    const size_t step = body.size() / 60 + 1;
    for (size_t size = 0; size < body.size(); size += step)
      ExpectARow(printer, body.substr(0, size));
  });
}

// Replaces each value in turn by one of another type.
void ForEachRetyped(json* root, json* value, const TablePrinter& printer) {
  const json saved = *value;
  for (const json& other :
       {json(nullptr), json(-7), json(1e300), json("\"<text>\\"), json(true),
        json::array({1, "a", json::object()}), json({{"name", 1}, {"type", json::array()}})}) {
    *value = other;
    ExpectARow(printer, root->dump());
  }
  *value = saved;
  if (!value->is_structured() || value->empty()) return;
  for (auto& child : *value) {
    ForEachRetyped(root, &child, printer);
  }
}

TEST(TableRobustnessTest, AValueOfAnotherTypeStillGivesARow) {
  ForEachKind(
      [](const TablePrinter& printer, json object) { ForEachRetyped(&object, &object, printer); });
}

// Only what an object may contain is promised to stay well-formed; no bytes at all may crash.
TEST(TableRobustnessTest, NoBytesCrashAPrinterOrAWriter) {
  std::mt19937 random(4711);
  const std::string_view alphabet = "{}[]\",:\\nul0-9truefals \xC3\xFF\n";
  ForEachKind([&](const TablePrinter& printer, const json& object) {
    const std::string body = object.dump();
    for (int round = 0; round < 40; ++round) {
      std::string mutated = body;
      for (int i = 0; i < 4; ++i)
        mutated[random() % mutated.size()] = alphabet[random() % alphabet.size()];
      const std::string cells = Print(printer, mutated);
      EXPECT_EQ(cells.front(), '[');
      std::string text;
      AppendYaml(mutated, &text);
      EXPECT_FALSE(text.empty());
      text.clear();
      JsonIndenter().Append(mutated, &text);
      EXPECT_FALSE(text.empty());
    }
  });
}

TEST(TableRobustnessTest, DeepNestingIsNoTrouble) {
  std::string deep(2000, '[');
  deep = "{\"spec\":{\"containers\":" + deep;
  EXPECT_EQ(Print(FindTablePrinter({"", "v1", "pods"}), deep).front(), '[');
  std::string text;
  AppendYaml(deep, &text);
  JsonIndenter().Append(deep, &text);
  EXPECT_LT(text.size(), 4'000'000u);
}

}  // namespace
}  // namespace pedia::apiserver
