// Tables of custom resources, by their definitions.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "apiserver/table_custom.h"
#include "tests/table/table_printing.h"

namespace pedia::apiserver {
namespace {

using nlohmann::json;

// What stands at a definition's spec.versions.
std::string Versions(const json& columns) {
  const json other = json::array({{{"name", "Old"}, {"type", "string"}, {"jsonPath", ".old"}}});
  return json{{{"name", "v1beta1"}, {"additionalPrinterColumns", other}},
              {{"name", "v1"}, {"additionalPrinterColumns", columns}},
              {{"name", "v2"}}}
      .dump();
}

// The printer of one cluster's definition.
std::shared_ptr<const TablePrinter> PrinterOf(const std::string& versions,
                                              const std::string& version = "v1") {
  CustomTableBuilder builder(version);
  builder.Add("c1", versions);
  return builder.Build();
}

json Column(const std::string& type, const std::string& path) {
  return {{"name", "C"}, {"type", type}, {"jsonPath", path}};
}

std::string Print(const TablePrinter& printer, std::string_view body) {
  std::string cells;
  printer.AppendCells(body, *ParseRfc3339(kNow), &cells);
  return cells;
}

// The cell of a column of that type at .spec.x, of an object with that value.
std::string Cell(const std::string& type, const std::string& value) {
  const auto printer = PrinterOf(Versions(json::array({Column(type, ".spec.x")})));
  const json cells = json::parse(Print(*printer, R"({"spec":{"x":)" + value + "}}"));
  return cells.at(2).dump();
}

TEST(CustomTableTest, HasClusterNameAndTheColumnsOfTheVersion) {
  const json columns = {{{"name", "Size"}, {"type", "integer"}, {"jsonPath", ".spec.size"}},
                        {{"name", "Ready"},
                         {"type", "string"},
                         {"format", "byte"},
                         {"description", "Whether it is."},
                         {"priority", 10},
                         {"jsonPath", ".status.conditions[?(@.type == 'Ready')].status"}}};
  const auto printer = PrinterOf(Versions(columns));
  ASSERT_NE(printer, nullptr);
  ASSERT_EQ(printer->columns().size(), 4u);
  const auto& [cluster, name, size, ready] = std::tie(printer->columns()[0], printer->columns()[1],
                                                      printer->columns()[2], printer->columns()[3]);
  EXPECT_EQ(cluster.name, "Cluster");
  EXPECT_EQ(name.name, "Name");
  EXPECT_EQ(name.format, "name");
  EXPECT_EQ(size.name, "Size");
  EXPECT_EQ(size.type, "integer");
  EXPECT_EQ(size.priority, 0);
  EXPECT_EQ(size.description, "Custom resource definition column (in JSONPath format): .spec.size");
  EXPECT_EQ(ready.format, "byte");
  EXPECT_EQ(ready.description, "Whether it is.");
  EXPECT_EQ(ready.priority, 10);
  EXPECT_EQ(Print(*printer,
                  R"({"metadata":{"name":"w","annotations":{"shadow.clusterpedia.io/cluster-name":)"
                  R"("c1"}},"spec":{"size":3},"status":{"conditions":[{"type":"Ready",)"
                  R"("status":"True"}]}})"),
            R"(["c1","w",3,"True"])");
  EXPECT_EQ(Print(*printer, R"({"metadata":{"name":"w"}})"), R"(["","w",null,null])");
  EXPECT_EQ(PrinterOf(Versions(columns), "v1beta1")->columns().at(2).name, "Old");
}

TEST(CustomTableTest, IsNoneWithoutColumns) {
  EXPECT_EQ(PrinterOf(Versions(json::array())), nullptr);
  EXPECT_EQ(PrinterOf(Versions(json::array()), "v2"), nullptr);
  EXPECT_EQ(PrinterOf(Versions(json::array({Column("string", ".a")})), "v3"), nullptr);
  for (const char* text :
       {"", "{}", "[]", "null", R"([{"name":"v1","additionalPrinterColumns":3}])",
        R"([{"name":"v1","additionalPrinterColumns":{"a":1}}])", R"([{"name":)"})
    EXPECT_EQ(PrinterOf(text), nullptr) << text;
}

TEST(CustomTableTest, PrintsTextsOfEveryValue) {
  EXPECT_EQ(Cell("string", R"("a\"b\u003c")"), R"("a\"b<")");
  EXPECT_EQ(Cell("string", "7"), "\"7\"");
  EXPECT_EQ(Cell("string", "true"), "\"true\"");
  EXPECT_EQ(Cell("string", "0.5"), "\"0.5\"");
  EXPECT_EQ(Cell("string", "0.00001"), "\"1e-05\"");
  EXPECT_EQ(Cell("string", "1e+21"), "\"1e+21\"");
  EXPECT_EQ(Cell("string", "null"), "\"<no value>\"");
  EXPECT_EQ(Cell("string", R"(["b", "a"])"), json(R"(["b","a"])").dump());
  EXPECT_EQ(Cell("string", R"({"b": [], "a": {"x": "<"}, "c": {}})"),
            json(R"({"a":{"x":"\u003c"},"b":[],"c":{}})").dump());
}

TEST(CustomTableTest, PrintsWhatFitsTheTypeAndElseNull) {
  EXPECT_EQ(Cell("integer", "7"), "7");
  EXPECT_EQ(Cell("integer", "-7.9"), "-7");
  EXPECT_EQ(Cell("integer", "1e300"), "null");
  EXPECT_EQ(Cell("integer", "\"7\""), "null");
  EXPECT_EQ(Cell("number", "7"), "7");
  EXPECT_EQ(Cell("number", "0.25"), "0.25");
  EXPECT_EQ(Cell("number", "\"7\""), "null");
  EXPECT_EQ(Cell("boolean", "true"), "true");
  EXPECT_EQ(Cell("boolean", "false"), "false");
  EXPECT_EQ(Cell("boolean", "\"true\""), "null");
  EXPECT_EQ(Cell("object", "{}"), "null");
  for (const char* type : {"integer", "number", "boolean", "date"}) {
    EXPECT_EQ(Cell(type, "null"), "null");
    EXPECT_EQ(Cell(type, "{}"), "null");
    EXPECT_EQ(Cell(type, "[1]"), "null");
  }
}

TEST(CustomTableTest, PrintsTheAgeOfDates) {
  EXPECT_EQ(Cell("date", "\"2026-01-01T11:00:00Z\""), "\"60m\"");
  EXPECT_EQ(Cell("date", "\"2026-01-01T13:00:00+02:00\""), "\"60m\"");
  EXPECT_EQ(Cell("date", "\"\""), "\"<unknown>\"");
  EXPECT_EQ(Cell("date", "\"yesterday\""), "\"<invalid>\"");
  EXPECT_EQ(Cell("date", "5"), "null");
}

TEST(CustomTableTest, PrintsNullsInAColumnWithoutAPath) {
  const auto printer = PrinterOf(
      Versions({Column("string", "spec.size"), Column("string", ".spec.size"), json::object()}));
  ASSERT_NE(printer, nullptr);
  EXPECT_EQ(printer->columns().size(), 5u);
  EXPECT_EQ(Print(*printer, R"({"metadata":{"name":"w"},"spec":{"size":3}})"),
            R"(["","w",null,"3",null])");
}

TEST(CustomTableTest, TellsValuesAndObjectsAroundThemApart) {
  const auto printer = PrinterOf(
      Versions({Column("string", ".spec"), Column("integer", ".spec.x"), Column("string", "@")}));
  EXPECT_EQ(json::parse(Print(*printer, R"({"spec":{"x":1}})")),
            json({"", "", R"({"x":1})", 1, R"({"spec":{"x":1}})"}));
}

TEST(CustomTableTest, PrintsABoundedNumberOfColumns) {
  json columns = json::array();
  for (int i = 0; i < 5000; ++i) columns.push_back(Column("string", ".spec.x" + std::to_string(i)));
  const auto printer = PrinterOf(Versions(columns));
  EXPECT_EQ(printer->columns().size(), 130u);
  EXPECT_EQ(json::parse(Print(*printer, R"({"spec":{"x127":"last"}})")).at(129), "last");
}

// However many columns there are, and whatever they look for.
TEST(CustomTableTest, DoesBoundedWorkForARow) {
  json columns = json::array();
  for (int i = 0; i < 64; ++i) columns.push_back(Column("string", "@"));
  for (int i = 0; i < 64; ++i) columns.push_back(Column("string", "...*...*...*...*...*"));
  const auto printer = PrinterOf(Versions(columns));
  const std::string body = R"({"spec":{"x":")" + std::string(50'000, 'x') + R"(","y":[[1],[2]]}})";
  const std::string cells = Print(*printer, body);
  EXPECT_LT(cells.size(), 40 * body.size());
  EXPECT_EQ(json::parse(cells).size(), 130u);
  EXPECT_EQ(json::parse(cells).at(2), body);
  EXPECT_EQ(json::parse(cells).at(129), json());
}

TEST(CustomTableTest, GivesARowOfABrokenObject) {
  const auto printer =
      PrinterOf(Versions({Column("string", ".spec"), Column("number", ".spec.x"),
                          Column("string", ".spec.l[?(@.a==1)].b"), Column("date", "..d")}));
  const std::string body =
      R"({"spec":{"x":-1.5e3,"l":[{"a":1,"b":"\u00e9"}],"d":"2026-01-01T11:00:00Z"}})";
  for (size_t size = 0; size <= body.size(); ++size) {
    const json cells = json::parse(Print(*printer, body.substr(0, size)), nullptr, false);
    EXPECT_EQ(cells.size(), 6u) << size;
  }
}

json Named(const std::string& name, const std::string& type, const std::string& path) {
  return {{"name", name}, {"type", type}, {"jsonPath", path}};
}

// A widget of a cluster.
std::string Widget(const std::string& cluster) {
  return R"({"metadata":{"name":"w","annotations":{"shadow.clusterpedia.io/cluster-name":")" +
         cluster + R"("}},"spec":{"size":3,"old":{"size":4},"color":"red"}})";
}

TEST(CustomTableTest, HasTheColumnsThatAllDefinitionsHaveAsTheFirstShowsThem) {
  CustomTableBuilder builder("v1");
  builder.Add("a",
              Versions({Named("Kind", "string", ".kind"), Named("Size", "integer", ".spec.size"),
                        Named("Color", "string", ".spec.color")}));
  builder.Add("b", Versions({Named("Color", "string", ".spec.paint"), Named("Age", "date", ".x"),
                             Named("Size", "string", ".spec.old.size")}));
  const auto printer = builder.Build();
  ASSERT_NE(printer, nullptr);
  ASSERT_EQ(printer->columns().size(), 4u);
  EXPECT_EQ(printer->columns()[2].name, "Size");
  EXPECT_EQ(printer->columns()[2].type, "integer");
  EXPECT_EQ(printer->columns()[3].name, "Color");
  EXPECT_EQ(printer->columns()[3].description,
            "Custom resource definition column (in JSONPath format): .spec.color");
}

TEST(CustomTableTest, PrintsARowByTheDefinitionOfItsCluster) {
  CustomTableBuilder builder("v1");
  builder.Add("a", Versions({Named("Size", "integer", ".spec.size"),
                             Named("Color", "string", ".spec.color")}));
  builder.Add("b", Versions({Named("Color", "string", ".spec.paint"),
                             Named("Size", "string", ".spec.old.size")}));
  const auto printer = builder.Build();
  EXPECT_EQ(Print(*printer, Widget("a")), R"(["a","w",3,"red"])");
  EXPECT_EQ(Print(*printer, Widget("b")), R"(["b","w",4,null])");
}

TEST(CustomTableTest, PrintsRowsOfClustersWithoutColumnsByTheFirstDefinition) {
  CustomTableBuilder builder("v1");
  builder.Add("0", Versions(json::array()));
  builder.Add("a", Versions(json::array({Named("Size", "integer", ".spec.size")})));
  builder.Add("b", Versions(json::array({Named("Size", "integer", ".spec.old.size")})));
  const auto printer = builder.Build();
  ASSERT_NE(printer, nullptr);
  EXPECT_EQ(Print(*printer, Widget("0")), R"(["0","w",3])");
  EXPECT_EQ(Print(*printer, Widget("z")), R"(["z","w",3])");
  EXPECT_EQ(Print(*printer, Widget("b")), R"(["b","w",4])");
}

TEST(CustomTableTest, IsNoneWithoutAColumnInCommon) {
  CustomTableBuilder builder("v1");
  builder.Add("a", Versions(json::array({Named("Size", "integer", ".spec.size")})));
  builder.Add("b", Versions(json::array({Named("Color", "string", ".spec.color")})));
  EXPECT_EQ(builder.Build(), nullptr);
}

TEST(CustomTableTest, TakesColumnsOfOneNameInTheirOrder) {
  CustomTableBuilder builder("v1");
  builder.Add("a", Versions({Named("S", "integer", ".spec.size"),
                             Named("S", "string", ".spec.color"), Named("S", "string", ".kind")}));
  builder.Add(
      "b", Versions({Named("S", "integer", ".spec.old.size"), Named("S", "string", ".spec.size")}));
  const auto printer = builder.Build();
  ASSERT_NE(printer, nullptr);
  EXPECT_EQ(Print(*printer, Widget("a")), R"(["a","w",3,"red"])");
  EXPECT_EQ(Print(*printer, Widget("b")), R"(["b","w",4,"3"])");
}

TEST(CustomTableTest, KnowsABoundedNumberOfDefinitions) {
  CustomTableBuilder builder("v1");
  for (int i = 0; i < 64; ++i)
    builder.Add("c" + std::to_string(i),
                Versions({Named("Size", "integer", ".spec.size"),
                          Named("Color", "string", ".c" + std::to_string(i))}));
  builder.Add("d", Versions(json::array({Named("Size", "integer", ".spec.old.size")})));
  const auto printer = builder.Build();
  ASSERT_EQ(printer->columns().size(), 4u);
  EXPECT_EQ(Print(*printer, Widget("d")), R"(["d","w",3,null])");
}

}  // namespace
}  // namespace pedia::apiserver
