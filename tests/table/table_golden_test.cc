// Tables against what kube-apiserver v1.32 printed of the same objects:
// tests/testdata/tables/*.json.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apiserver/table.h"
#include "meta/time.h"

namespace pedia::apiserver {
namespace {

using nlohmann::json;

std::vector<std::string> Recordings() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(PEDIA_SOURCE_ROOT "/tests/testdata/tables")) {
    names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

json ReadRecording(const std::string& name) {
  std::ifstream file(PEDIA_SOURCE_ROOT "/tests/testdata/tables/" + name + ".json");
  return json::parse(file);
}

class TableGoldenTest : public ::testing::TestWithParam<std::string> {
 protected:
  const json recording_ = ReadRecording(GetParam());
  const TablePrinter& printer_ =
      FindTablePrinter({recording_["group"], recording_["version"], recording_["resource"]});
  const int64_t now_ = ParseRfc3339(recording_["now"].get<std::string>()).value();
};

TEST_P(TableGoldenTest, HasTheColumnsOfKubeApiserverBehindCluster) {
  json columns = json::array();
  for (const TableColumn& column : printer_.columns()) {
    columns.push_back({{"name", column.name},
                       {"type", column.type},
                       {"format", column.format},
                       {"description", column.description},
                       {"priority", column.priority}});
  }
  EXPECT_EQ(columns, recording_["columns"]);
}

TEST_P(TableGoldenTest, PrintsTheCellsOfKubeApiserver) {
  ASSERT_FALSE(recording_["rows"].empty());
  for (const json& row : recording_["rows"]) {
    std::string cells;
    printer_.AppendCells(row["object"].dump(), now_, &cells);
    EXPECT_EQ(json::parse(cells), row["cells"]) << row["object"].dump(1);
  }
}

// Stored objects may have been written by another encoder, with its own order of members.
TEST_P(TableGoldenTest, DoesNotDependOnTheOrderOfMembers) {
  for (const json& row : recording_["rows"]) {
    std::string reversed = "{";
    for (auto it = row["object"].rbegin(); it != row["object"].rend(); ++it) {
      if (reversed.size() > 1) reversed += " , ";
      reversed += json(it.key()).dump() + " : " + it.value().dump(1);
    }
    reversed += "}";
    std::string cells;
    printer_.AppendCells(reversed, now_, &cells);
    EXPECT_EQ(json::parse(cells), row["cells"]) << reversed;
  }
}

TEST_P(TableGoldenTest, SaysOfARowWhatKubeApiserverSaid) {
  for (const json& row : recording_["rows"]) {
    std::string members;
    printer_.AppendRowMembers(row["object"].dump(), now_, &members);
    const json printed = json::parse("{" + members + "}");
    EXPECT_EQ(printed.value("conditions", json()), row.value("conditions", json()));
    EXPECT_EQ(printed["cells"], row["cells"]);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, TableGoldenTest, ::testing::ValuesIn(Recordings()),
                         [](const auto& recording) { return recording.param; });

TEST(TableTest, ChoosesThePrinterByGroupAndResourceWhateverTheVersion) {
  EXPECT_EQ(&FindTablePrinter({"apps", "v1", "deployments"}),
            &FindTablePrinter({"apps", "v1beta2", "deployments"}));
  EXPECT_NE(&FindTablePrinter({"apps", "v1", "deployments"}),
            &FindTablePrinter({"example.com", "v1", "deployments"}));
}

}  // namespace
}  // namespace pedia::apiserver
