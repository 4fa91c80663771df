#include "storage/audit.h"

#include <gmock/gmock.h>

#include "storage/usage.h"
#include "tests/storage/store_fixture.h"

namespace pedia::storage {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;

class AuditTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    std::vector<TestObject> objects;
    for (int i = 0; i < 700; ++i) {
      objects.push_back({.cluster = "c" + std::to_string(i % 3),
                         .name_space = "ns" + std::to_string(i % 7),
                         .name = "pod-" + std::to_string(i),
                         .uid = "u" + std::to_string(i),
                         .labels = {{"app", "web"}, {"tier", i % 2 == 0 ? "a" : "b"}},
                         .owner_uid = i % 5 == 0 ? "o" : "",
                         .node = "node-" + std::to_string(i % 9)});
    }
    objects.push_back({.gvr = kNodesGvr, .name_space = "", .name = "node-1", .uid = "n"});
    Put(objects);
  }

  // Behind the store's back.
  void Write(const std::string& sql) {
    const auto database = database_.Open();
    auto connection = database->Connect(Database::Role::kWriter);
    ASSERT_THAT(connection, IsOk());
    ASSERT_THAT((*connection)->BeginWrite(), IsOk());
    ASSERT_THAT((*connection)->Prepare(sql).Run(), IsOk());
    ASSERT_THAT((*connection)->Commit(), IsOk());
  }
  // The first number that `sql` gives.
  int64_t Number(const std::string& sql) {
    const auto database = database_.Open();
    auto connection = database->Connect(Database::Role::kReader);
    EXPECT_THAT(connection, IsOk());
    SqlStatement rows = (*connection)->Prepare(sql);
    EXPECT_TRUE(rows.Step());
    return rows.Int(0);
  }
  AuditReport Audit(const AuditOptions& options = {}) {
    const auto database = database_.Open();
    const Result<AuditReport> report = AuditStore(*database, options);
    EXPECT_THAT(report, IsOk());
    return report.ok() ? *report : AuditReport{};
  }
  std::string Pod(const std::string& name) {
    return std::to_string(Number("SELECT id FROM objects WHERE name='" + name + "'"));
  }
};

TEST_F(AuditTest, FindsNothingWrongWithWhatTheStoreWrote) {
  const AuditReport report = Audit();
  EXPECT_EQ(report.objects, 701);
  EXPECT_EQ(report.entries, Number("SELECT count(*) FROM entries"));
  EXPECT_EQ(report.scopes, 22);
  EXPECT_EQ(report.differences, 0);
  EXPECT_THAT(report.first, IsEmpty());
  EXPECT_FALSE(report.ended);
}

TEST_F(AuditTest, FindsNothingWrongWithAnEmptyStore) {
  for (const char* cluster : {"c0", "c1", "c2"})
    ASSERT_THAT(store_->DeleteCluster(cluster), IsOk());
  const AuditReport report = Audit();
  EXPECT_EQ(report.objects, 0);
  EXPECT_EQ(report.entries, 0);
  EXPECT_THAT(report.first, IsEmpty());
}

TEST_F(AuditTest, NamesEachColumnThatIsNotWhatTheBodySays) {
  int pod = 5;
  for (const std::string change :
       {"uid='x'", "rv='77'", "rv_number=NULL", "created=NULL", "deleted=7", "owner_uid='x'",
        "owner_uid=NULL", "namespace='x'"}) {
    Write("UPDATE objects SET " + change + " WHERE name='pod-" + std::to_string(pod) + "'");
    EXPECT_THAT(Audit().first,
                Contains(AllOf(HasSubstr("!pod-" + std::to_string(pod) + ": "),
                               HasSubstr("column " + change.substr(0, change.find('='))))))
        << change;
    pod += 5;  // All of these have an owner.
  }
}

TEST_F(AuditTest, FindsAMissingEntry) {
  Write("DELETE FROM entries WHERE value='web' AND id=" + Pod("pod-5"));
  EXPECT_THAT(Audit().first,
              ElementsAre(AllOf(HasSubstr("v1/pods c2!ns5!pod-5"), HasSubstr("no row for key"))));
}

TEST_F(AuditTest, FindsAnEntryWithAnotherValue) {
  Write("UPDATE entries SET value='other' WHERE value='web' AND id=" + Pod("pod-5"));
  EXPECT_THAT(Audit().first, ElementsAre(HasSubstr("no row for key"),
                                         HasSubstr("c2!ns5!pod-5: its object does not have it")));
}

TEST_F(AuditTest, FindsAnEntryOfAnotherObject) {
  Write("UPDATE entries SET id=" + Pod("pod-6") + " WHERE value='web' AND id=" + Pod("pod-5"));
  EXPECT_THAT(Audit().first,
              ElementsAre(HasSubstr("no row for key"), HasSubstr("its object does not have it")));
}

TEST_F(AuditTest, FindsAnEntryTooMany) {
  Write(
      "INSERT INTO entries(key_id,value,okey,id) SELECT key_id,'other',okey,id FROM entries WHERE "
      "value='web' AND id=" +
      Pod("pod-5"));
  const AuditReport report = Audit();
  EXPECT_THAT(report.first, ElementsAre(HasSubstr("c2!ns5!pod-5: its object does not have it")));
  EXPECT_EQ(report.entries, Number("SELECT count(*) FROM entries"));
}

TEST_F(AuditTest, FindsAnEntryOfAnUnknownKey) {
  Write("INSERT INTO entries(key_id,value,okey,id) VALUES (999,'web','c2!ns5!pod-5'," +
        Pod("pod-5") + ")");
  EXPECT_THAT(Audit().first,
              ElementsAre("entry of key 999 c2!ns5!pod-5: its object does not have it"));
}

TEST_F(AuditTest, FindsAnEntryWithTheKeyOfAnotherObject) {
  Write("UPDATE entries SET okey='c2!ns5!pod-6' WHERE value='web' AND id=" + Pod("pod-5"));
  EXPECT_THAT(Audit().first, ElementsAre(HasSubstr("pods c2!ns5!pod-5: no row for key"),
                                         HasSubstr("c2!ns5!pod-6: its object does not have it")));
}

TEST_F(AuditTest, FindsAnEntryOfAnObjectThatWasNeverThere) {
  for (const int64_t id : {int64_t{0}, int64_t{-5}, int64_t{1} << 50}) {
    Write("INSERT INTO entries(key_id,value,okey,id) VALUES (7,'a','x'," + std::to_string(id) +
          ")");
    EXPECT_THAT(Audit().first, ElementsAre("entry of key 7 x: its object does not have it")) << id;
    Write("DELETE FROM entries WHERE okey='x'");
  }
}

TEST_F(AuditTest, DescribesTheEntriesOfNoOtherObjectThanTheWrongOne) {
  Write("UPDATE entries SET value='other' WHERE value='web' AND id>" + Pod("pod-400"));
  const AuditReport report = Audit({.described = 10'000});
  EXPECT_EQ(report.differences, 2 * Number("SELECT count(*) FROM entries WHERE value='other'"));
  EXPECT_THAT(report.first, SizeIs(static_cast<size_t>(report.differences)));
}

TEST_F(AuditTest, FindsNothingWrongWithWhatIsWrittenMeanwhile) {
  bool written = false;
  const AuditReport report = Audit({.progress = [&](const AuditProgress& progress) {
    if (written) return true;
    written = true;
    // The first objects have been read, and none of the entries.
    EXPECT_STREQ(progress.part, "objects");
    EXPECT_THAT(store_->DeleteCluster("c1"), IsOk());
    Put({{.cluster = "c0",
          .name_space = "ns0",
          .name = "pod-0",
          .resource_version = "2",
          .uid = "u0",
          .labels = {{"app", "db"}, {"new", "x"}}},
         {.cluster = "c9", .name = "added", .labels = {{"app", "db"}}}});
    return true;
  }});
  EXPECT_TRUE(written);
  EXPECT_THAT(report.first, IsEmpty());
}

TEST_F(AuditTest, FindsEntriesBodiesAndNumbersOfALostObject) {
  const std::string id = Pod("pod-5");
  Write("DELETE FROM objects WHERE id=" + id);
  const AuditReport report = Audit();
  EXPECT_THAT(report.first, Contains("body " + id + ": no object"));
  EXPECT_THAT(report.first, Contains(HasSubstr("c2!ns5!pod-5: its object does not have it")));
  EXPECT_THAT(report.first, Contains("v1/pods c2!ns5: number of objects"));
}

TEST_F(AuditTest, FindsANumberOfObjectsThatIsWrong) {
  Write("UPDATE scopes SET n=n+1 WHERE cluster='c0' AND namespace='ns3'");
  EXPECT_THAT(Audit().first, ElementsAre("v1/pods c0!ns3: number of objects"));
}

TEST_F(AuditTest, FindsALostAndADamagedBody) {
  Write("DELETE FROM bodies WHERE id=" + Pod("pod-5"));
  Write("UPDATE bodies SET body='x' WHERE id=" + Pod("pod-6"));
  const AuditReport report = Audit();
  EXPECT_THAT(report.first, Contains("v1/pods c2!ns5!pod-5: no body"));
  EXPECT_THAT(report.first, Contains("v1/pods c0!ns6!pod-6: damaged body"));
}

TEST_F(AuditTest, FindsPackedEntriesThatAreWrong) {
  Write("UPDATE bodies SET entries='' WHERE id=" + Pod("pod-5"));
  EXPECT_THAT(Audit().first, Contains("v1/pods c2!ns5!pod-5: packed entries"));
}

TEST_F(AuditTest, FindsScopesThatShouldNotBeAndThatAreMissing) {
  Write("UPDATE scopes SET namespace='ghost' WHERE cluster='c0' AND namespace='ns3'");
  EXPECT_THAT(Audit().first, ElementsAre("v1/pods c0!ghost: number of objects",
                                         "v1/pods c0!ns3: number of objects"));
}

TEST_F(AuditTest, FindsADamagedKeySet) {
  const int64_t id = Number(
      "SELECT set_id FROM key_sets WHERE type_id=(SELECT type_id FROM types WHERE "
      "resource='pods')");
  Write("UPDATE key_sets SET key_ids='' WHERE set_id=" + std::to_string(id));
  EXPECT_THAT(Audit().first, Contains(HasSubstr("no key set")));
}

TEST_F(AuditTest, CountsAllDifferencesAndDescribesTheFirst) {
  Write("UPDATE objects SET uid='x'");
  const AuditReport report = Audit({.described = 3});
  EXPECT_EQ(report.differences, 701);
  EXPECT_THAT(report.first, SizeIs(3));
}

TEST_F(AuditTest, EndsWhenTheCallerWantsTo) {
  std::vector<std::string> parts;
  const AuditReport report = Audit({.progress = [&](const AuditProgress& progress) {
    parts.emplace_back(progress.part);
    return false;
  }});
  EXPECT_TRUE(report.ended);
  EXPECT_THAT(parts, ElementsAre("objects"));
  EXPECT_LT(report.objects, 701);
}

TEST_F(AuditTest, RefusesRowsOfAnotherVersionOfPedia) {
  Write("UPDATE meta SET encoding=7");
  const auto database = database_.Open();
  EXPECT_THAT(AuditStore(*database, {}),
              FailsWith(StatusReason::kConflict, HasSubstr("pedia storage migrate")));
}

TEST_F(AuditTest, KnowsWhatTakesTheSpace) {
  const auto database = database_.Open();
  const Result<std::vector<ResourceUsage>> usages = ReadUsage(*database);
  ASSERT_THAT(usages, IsOk());
  ASSERT_THAT(*usages, SizeIs(4));
  int64_t objects = 0;
  for (const ResourceUsage& usage : *usages) {
    objects += usage.objects;
    EXPECT_GT(usage.body_bytes, 50 * usage.objects);
    EXPECT_GT(usage.entry_bytes, 2 * usage.objects);
    EXPECT_EQ(usage.kind, "Kind");
  }
  EXPECT_EQ(objects, 701);
}

}  // namespace
}  // namespace pedia::storage
