#include "cmd/storage_command.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "storage/object_row.h"
#include "tests/testing/matchers.h"

namespace pedia::cmd {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

TEST(FormatBytesTest, HasTwoDigitsThatCount) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(999), "999 B");
  EXPECT_EQ(FormatBytes(1000), "1.0 kB");
  EXPECT_EQ(FormatBytes(9949), "9.9 kB");
  EXPECT_EQ(FormatBytes(9951), "10 kB");
  EXPECT_EQ(FormatBytes(999'499), "999 kB");
  EXPECT_EQ(FormatBytes(999'500), "1.0 MB");
  EXPECT_EQ(FormatBytes(1'500'000'000), "1.5 GB");
  EXPECT_EQ(FormatBytes(7'000'000'000'000'000), "7000 TB");
}

TEST(FormatColumnsTest, PutsNumbersToTheRightAndEndsLinesWithoutBlanks) {
  EXPECT_EQ(FormatColumns({{"KIND", "N", "X"}, {"Pod", "1000", ""}, {"all", "7", "y"}}, {1}),
            "KIND      N   X\nPod    1000\nall       7   y\n");
  EXPECT_EQ(FormatColumns({}, {}), "");
}

TEST(FormatShareTest, FillsTheBarByTheShare) {
  EXPECT_EQ(FormatShare("objects", 0, 30), "objects  [>            ]   0%");
  EXPECT_EQ(FormatShare("objects", 0.5, 30), "objects  [=======>     ]  50%");
  EXPECT_EQ(FormatShare("objects", 1, 30), "objects  [=============] 100%");
}

class StorageCommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "pedia-command-XXXXXX";
    root_ = mkdtemp(name.data());
    config_ = DefaultStorageConfig(root_);
  }
  void TearDown() override {
    SetLogSink({});
    std::filesystem::remove_all(root_);
  }

  // What a command printed, and its exit code.
  std::string Printed(const Result<int>& code, int expected = 0) {
    EXPECT_THAT(code, IsOk());
    EXPECT_EQ(code.ok() ? *code : -1, expected);
    return std::exchange(out_, std::ostringstream()).str();
  }
  std::string Migrate() { return Printed(MigrateStorage(config_, console_, out_)); }

  // `count` pods of a cluster, with its record only if `with_record`.
  void Put(const std::string& cluster, int count, bool with_record) {
    auto store = storage::OpenStore(*MakeDatabase(config_));
    ASSERT_THAT(store, IsOk());
    const GroupVersionResource pods{"", "v1", "pods"};
    std::vector<storage::Change> changes;
    for (int i = 0; i < count; ++i) {
      const std::string json = R"({"metadata":{"namespace":"n","name":"p)" + std::to_string(i) +
                               R"("},"status":{"phase":"Running"}})";
      auto row = storage::EncodeObject(pods, json);
      ASSERT_THAT(row, IsOk());
      changes.push_back({storage::Change::Action::kUpsert, cluster, pods, "Pod", *std::move(row)});
    }
    ASSERT_THAT((*store)->Apply(changes), IsOk());
    if (!with_record) return;
    ASSERT_THAT((*store)->SaveClusterRecord({cluster, "{}"}), IsOk());
  }

  std::filesystem::path root_;
  StorageConfig config_;
  Console console_;
  std::ostringstream out_;
};

TEST_F(StorageCommandTest, MakesTheSchemaOnce) {
  EXPECT_THAT(Migrate(), AllOf(HasSubstr("made the schema, version 5"), HasSubstr("pedia.db")));
  EXPECT_THAT(Migrate(), StartsWith("nothing to do: the schema in "));
}

TEST_F(StorageCommandTest, DoesNotMakeWhatItWasToLookAt) {
  EXPECT_THAT(ShowStorageSize(config_, out_),
              FailsWith(StatusReason::kNotFound, HasSubstr("there is no database")));
  EXPECT_THAT(CheckStorage(config_, console_, out_),
              FailsWith(StatusReason::kNotFound, HasSubstr("pedia storage migrate makes one")));
  EXPECT_THAT(PruneStorage(config_, true, out_),
              FailsWith(StatusReason::kNotFound, HasSubstr("pedia.db")));
  EXPECT_TRUE(std::filesystem::is_empty(root_));
}

TEST_F(StorageCommandTest, ChecksWhatIsThere) {
  Put("one", 3, true);
  EXPECT_THAT(Printed(CheckStorage(config_, console_, out_)),
              AllOf(StartsWith("checked 3 objects, "), HasSubstr(" and 1 scope in "),
                    HasSubstr(": all of them are what the objects say\n")));
}

TEST_F(StorageCommandTest, ListsTheFirstDifferences) {
  Put("one", 30, true);
  {
    const auto database = MakeDatabase(config_);
    auto connection = (*database)->Connect(storage::Database::Role::kWriter);
    ASSERT_THAT((*connection)->BeginWrite(), IsOk());
    ASSERT_THAT((*connection)->Prepare("UPDATE objects SET uid='x'").Run(), IsOk());
    ASSERT_THAT((*connection)->Commit(), IsOk());
  }
  EXPECT_THAT(Printed(CheckStorage(config_, console_, out_), 1),
              AllOf(HasSubstr(": 30 differences\n"), HasSubstr("  v1/pods one!n!p0: column uid\n"),
                    HasSubstr("  and 10 more\n")));
}

TEST_F(StorageCommandTest, ShowsSizesTheLargestFirst) {
  Put("small", 1, true);
  Put("large", 20, true);
  const std::string table = Printed(ShowStorageSize(config_, out_));
  EXPECT_THAT(table, StartsWith("KIND   RESOURCE   CLUSTER   OBJECTS"));
  EXPECT_LT(table.find("large"), table.find("small"));
  EXPECT_THAT(table, HasSubstr("Pod    v1/pods    large          20"));
  EXPECT_THAT(table, HasSubstr("all                              21"));
  EXPECT_THAT(table, HasSubstr(" on disk, with indexes\n"));
}

TEST_F(StorageCommandTest, ShowsAnEmptyStore) {
  Migrate();
  EXPECT_THAT(Printed(ShowStorageSize(config_, out_)), HasSubstr("all"));
  EXPECT_THAT(Printed(CheckStorage(config_, console_, out_)),
              StartsWith("checked 0 objects, 0 entries and 0 scopes in "));
}

TEST_F(StorageCommandTest, RemovesOnlyOrphansAndOnlyWhenToldTo) {
  Put("known", 4, true);
  Put("gone", 5, false);
  const std::string shown = Printed(PruneStorage(config_, false, out_));
  EXPECT_THAT(shown, AllOf(StartsWith("5 objects of the cluster 'gone'"), HasSubstr("--yes"),
                           Not(HasSubstr("known"))));
  EXPECT_EQ(Printed(PruneStorage(config_, false, out_)), shown);
  EXPECT_THAT(Printed(PruneStorage(config_, true, out_)),
              StartsWith("removed 5 objects of the cluster 'gone'"));
  EXPECT_THAT(Printed(PruneStorage(config_, true, out_)), StartsWith("nothing to do"));
  EXPECT_THAT(Printed(ShowStorageSize(config_, out_)), HasSubstr("known"));
  EXPECT_THAT(Printed(CheckStorage(config_, console_, out_)), StartsWith("checked 4 objects"));
}

TEST_F(StorageCommandTest, PrunesNothingThatAnotherVersionOfPediaWrote) {
  Put("gone", 1, false);
  {
    const auto database = MakeDatabase(config_);
    auto connection = (*database)->Connect(storage::Database::Role::kWriter);
    ASSERT_THAT((*connection)->BeginWrite(), IsOk());
    ASSERT_THAT((*connection)->Prepare("UPDATE meta SET encoding=7").Run(), IsOk());
    ASSERT_THAT((*connection)->Commit(), IsOk());
  }
  EXPECT_THAT(PruneStorage(config_, true, out_),
              FailsWith(StatusReason::kConflict, HasSubstr("pedia storage migrate")));
  Migrate();
  EXPECT_THAT(Printed(PruneStorage(config_, true, out_)), StartsWith("removed 1 object of"));
}

TEST_F(StorageCommandTest, LooksIntoNoStoreOfAnOlderSchema) {
  Put("one", 1, true);
  {
    const auto database = MakeDatabase(config_);
    auto connection = (*database)->Connect(storage::Database::Role::kWriter);
    for (const char* older : {"DROP TABLE claims", "ALTER TABLE meta DROP COLUMN last_claim",
                              "UPDATE meta SET schema_version=4"})
      ASSERT_THAT((*connection)->Prepare(older).Run(), IsOk());
  }
  const auto refused = FailsWith(StatusReason::kConflict, HasSubstr("pedia storage migrate"));
  EXPECT_THAT(CheckStorage(config_, console_, out_), refused);
  EXPECT_THAT(ShowStorageSize(config_, out_), refused);
  EXPECT_THAT(PruneStorage(config_, true, out_), refused);
  EXPECT_THAT(Migrate(), HasSubstr("from version 4 to 5"));
  EXPECT_THAT(Printed(CheckStorage(config_, console_, out_)), StartsWith("checked 1 object"));
}

}  // namespace
}  // namespace pedia::cmd
