// Several processes on one database, and processes that die while they write.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "query/list_options.h"
#include "tests/storage/store_fixture.h"
#include "tests/storage/table_reader.h"

namespace pedia::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;

// Runs `work` in a child process that ends with its result.
template <typename Work>
pid_t Fork(Work work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  return child;
}

int ExitCode(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(StoreProcessTest, ProcessesThatOpenAnEmptyDatabaseAtOnceAllSucceed) {
  for (int round = 0; round < 5; ++round) {
    const testing::TestDatabase database;
    int gate[2];
    ASSERT_EQ(pipe(gate), 0);
    std::vector<pid_t> children;
    for (int i = 0; i < 5; ++i) {
      children.push_back(Fork([&] {
        char byte;
        close(gate[1]);
        (void)!read(gate[0], &byte, 1);  // Until all are there: the end of the file.
        Result<std::unique_ptr<Store>> store = OpenStore(database.Open());
        if (!store.ok()) return 1;
        const std::vector<Change> changes = {Upsert({.cluster = "c" + std::to_string(i)})};
        return (*store)->Apply(changes).ok() ? 0 : 2;
      }));
    }
    close(gate[0]);
    close(gate[1]);
    for (const pid_t child : children) EXPECT_EQ(ExitCode(child), 0);
    EXPECT_THAT(ReadTable(database, "SELECT schema_version,revision FROM meta"),
                ElementsAre("5|5"));
    EXPECT_THAT(ReadTable(database, "SELECT count(*) FROM objects"), ElementsAre("5"));
    EXPECT_THAT(Inconsistencies(database), IsEmpty());
  }
}

const GroupVersionResource kServicesGvr{"", "v1", "services"};

// A list is planned with what its process knew last, before it is known whether that is all.
class TwoProcessesTest : public StoreTest {
 protected:
  // Writes through another store, as another process does.
  void PutElsewhere(const std::vector<TestObject>& objects) {
    Result<std::unique_ptr<Store>> other = OpenStore(database_.Open());
    ASSERT_THAT(other, IsOk());
    std::vector<Change> changes;
    for (const TestObject& object : objects) changes.push_back(Upsert(object));
    const Result<ApplyResult> result = (*other)->Apply(changes);
    ASSERT_THAT(result, IsOk());
    revision_ = result->revision;
  }
  static query::ListOptions Labelled(const char* selector) {
    const Result<query::UrlQuery> query =
        query::ParseUrlQuery(std::string("limit=10&labelSelector=") + selector);
    EXPECT_THAT(query, IsOk());
    const auto options = query::ParseListOptions({kPodsGvr, "", ""}, *query);
    EXPECT_THAT(options, IsOk());
    return *options;
  }

  int64_t revision_ = 0;
};

TEST_F(TwoProcessesTest, AListFindsByALabelThatOnlyTheOtherProcessKnows) {
  Put({{.name = "a", .labels = {{"x", "1"}}}});
  EXPECT_THAT(Names(Labelled("x%3D1")), ElementsAre("c1/default/a"));
  EXPECT_THAT(Names(Labelled("y%3D1")), IsEmpty());
  PutElsewhere({{.name = "b", .labels = {{"y", "1"}}}, {.name = "c", .labels = {{"x", "2"}}}});
  const Listed listed = List(Labelled("y%3D1"));
  EXPECT_EQ(listed.bodies.size(), 1U);
  EXPECT_THAT(listed.heads, ElementsAre(revision_));
  EXPECT_EQ(listed.result.revision, revision_);
  EXPECT_THAT(Names(Labelled("!x")), ElementsAre("c1/default/b"));
  EXPECT_THAT(Names(Labelled("x")), ElementsAre("c1/default/a", "c1/default/c"));
}

TEST_F(TwoProcessesTest, AListExcludesByALabelThatOnlyTheOtherProcessKnows) {
  Put({{.name = "a"}, {.name = "b"}});
  EXPECT_THAT(Names(Labelled("y!%3D1")), ElementsAre("c1/default/a", "c1/default/b"));
  PutElsewhere({{.name = "b", .labels = {{"y", "1"}}}});
  EXPECT_THAT(Names(Labelled("y!%3D1")), ElementsAre("c1/default/a"));
}

TEST_F(TwoProcessesTest, AResourceThatOnlyTheOtherProcessKnowsIsThere) {
  Put({{.name = "a"}});
  EXPECT_THAT(Names({}, {kNodesGvr, "", ""}), IsEmpty());
  EXPECT_FALSE(store_->Get("c1", kNodesGvr, "", "n", nullptr).ok());
  PutElsewhere({{.gvr = kNodesGvr, .name_space = "", .name = "n"}});
  EXPECT_THAT(store_->Get("c1", kNodesGvr, "", "n", nullptr), IsOk());
  PutElsewhere({{.gvr = kServicesGvr, .name = "s"}});
  EXPECT_THAT(Names({}, {kServicesGvr, "", ""}), ElementsAre("c1/default/s"));
}

TEST_F(TwoProcessesTest, WhatTheOtherProcessHasForgottenIsReadAnew) {
  Put({{.name = "a", .labels = {{"x", "1"}}}, {.name = "b"}});
  EXPECT_THAT(Names(Labelled("x%3D1")), ElementsAre("c1/default/a"));
  PutElsewhere({{.name = "a", .resource_version = "2"}});
  PutElsewhere({{.name = "c", .labels = {{"x", "1"}}}});
  PutElsewhere({{.name = "d", .labels = {{"x", "1"}}}});
  EXPECT_THAT(Names(Labelled("x%3D1")), ElementsAre("c1/default/c", "c1/default/d"));
  EXPECT_THAT(Names(Labelled("!x")), ElementsAre("c1/default/a", "c1/default/b"));
}

// Writes transactions of 50 objects for ever; tells through `out` which revision is committed.
int WriteForEver(const testing::TestDatabase& database, int out) {
  Result<std::unique_ptr<Store>> store = OpenStore(database.Open());
  if (!store.ok()) return 1;
  for (int i = 0;; ++i) {
    std::vector<Change> changes;
    for (int k = 0; k < 50; ++k) {
      const TestObject object{
          .name = "p" + std::to_string((i * 37 + k) % 500),
          .resource_version = std::to_string(i),
          .labels = {{"i", std::to_string(i % 7)}, {"k" + std::to_string(i % 5), "x"}},
          .padding = std::string(static_cast<size_t>(i * k % 3'000), 'x')};
      changes.push_back((i + k) % 11 == 0 ? Deletion(object) : Upsert(object));
    }
    const Result<ApplyResult> result = (*store)->Apply(changes);
    if (!result.ok()) return 2;
    const int64_t revision = result->revision;
    if (write(out, &revision, sizeof revision) != sizeof revision) return 3;
  }
}

TEST(StoreProcessTest, AKilledWriterLeavesACompleteStoreWithAllItCommitted) {
  const testing::TestDatabase database;
  for (int round = 0; round < 12; ++round) {
    int progress[2];
    ASSERT_EQ(pipe(progress), 0);
    const pid_t child = Fork([&] { return WriteForEver(database, progress[1]); });
    close(progress[1]);
    int64_t committed = 0;
    for (int i = 0; i < 5 + round * 3; ++i) {
      ASSERT_EQ(read(progress[0], &committed, sizeof committed),
                static_cast<ssize_t>(sizeof committed));
    }
    kill(child, SIGKILL);
    EXPECT_EQ(ExitCode(child), -1);
    int64_t later = 0;
    while (read(progress[0], &later, sizeof later) == static_cast<ssize_t>(sizeof later))
      committed = later;
    close(progress[0]);
    Result<std::unique_ptr<Store>> store = OpenStore(database.Open());
    ASSERT_THAT(store, IsOk());
    EXPECT_GE(*(*store)->Revision(), committed);
    EXPECT_THAT(Inconsistencies(database), IsEmpty());
  }
}

}  // namespace
}  // namespace pedia::storage
