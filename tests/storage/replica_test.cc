// Reads of a store with a streaming replica.
#include <gmock/gmock.h>

#include "storage/postgres_database.h"
#include "storage/sql_store.h"
#include "tests/storage/store_fixture.h"
#include "tests/testing/database_servers.h"

namespace pedia::storage {
namespace {

using ::testing::ElementsAre;

class ReplicaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ServerOptions options = primary_.CreateDatabase();
    database_ = options.database;
    replica_ = primary_.StartReplica();
    options.hosts.push_back({"127.0.0.1", replica_->port()});
    Result<std::unique_ptr<Database>> database = MakePostgresDatabase(options);
    ASSERT_THAT(database, testing::IsOk());
    Result<std::unique_ptr<Store>> store = OpenStore(*std::move(database));
    ASSERT_THAT(store, testing::IsOk());
    store_ = *std::move(store);
    replica_->CatchUp(primary_);
  }

  int64_t Put(const std::string& name) {
    TestObject object;
    object.name = name;
    const std::vector<Change> changes = {Upsert(object)};
    const Result<ApplyResult> result = store_->Apply(changes);
    EXPECT_THAT(result, testing::IsOk());
    return result.ok() ? result->revision : 0;
  }

  // The names and the revision of a list.
  std::pair<std::vector<std::string>, int64_t> List(int64_t min_revision) {
    query::ListOptions options;
    options.min_revision = min_revision;
    CollectingSink sink;
    const Result<ListResult> result = store_->List(
        {kPodsGvr, "", ""}, options, [](const ListHead&) {}, sink);
    EXPECT_THAT(result, testing::IsOk());
    std::vector<std::string> names;
    for (const std::string& body : sink.bodies) names.push_back(EncodeObject(kPodsGvr, body)->name);
    return {names, result.ok() ? result->revision : -1};
  }

  testing::PostgresServer primary_;
  std::unique_ptr<testing::PostgresServer> replica_;
  std::string database_;
  std::unique_ptr<Store> store_;
};

TEST_F(ReplicaTest, AClientThatHasSeenARevisionNeverGoesBehindIt) {
  const int64_t first = Put("a");
  replica_->CatchUp(primary_);
  EXPECT_THAT(List(0), ::testing::Pair(ElementsAre("a"), first));
  replica_->Sql(database_, "SELECT pg_wal_replay_pause()");
  const int64_t second = Put("b");
  ASSERT_GT(second, first);
  EXPECT_THAT(List(0), ::testing::Pair(ElementsAre("a"), first)) << "the replica does not answer";
  EXPECT_THAT(List(first), ::testing::Pair(ElementsAre("a"), first));
  EXPECT_THAT(List(second), ::testing::Pair(ElementsAre("a", "b"), second));
  // A revision that nobody has: what there is.
  EXPECT_THAT(List(second + 100), ::testing::Pair(ElementsAre("a", "b"), second));
  replica_->Sql(database_, "SELECT pg_wal_replay_resume()");
  replica_->CatchUp(primary_);
  EXPECT_THAT(List(0), ::testing::Pair(ElementsAre("a", "b"), second));
}

TEST_F(ReplicaTest, ADocumentIsFoundBeforeTheReplicaHasIt) {
  replica_->Sql(database_, "SELECT pg_wal_replay_pause()");
  const std::vector<NamedDocument> documents = {{"A1", "bytes"}};
  ASSERT_THAT(store_->SaveClusterRecord({"c1", "{}", {"A1"}}, documents), testing::IsOk());
  const Result<std::string> document = store_->LoadDocument("A1");
  ASSERT_THAT(document, testing::IsOk());
  EXPECT_EQ(*document, "bytes");
  EXPECT_THAT(store_->LoadDocument("A2"),
              testing::FailsWith(StatusReason::kNotFound, ::testing::_));
}

TEST_F(ReplicaTest, WithoutItsReplicaTheStoreGoesOn) {
  Put("a");
  replica_->CatchUp(primary_);
  EXPECT_THAT(List(0).first, ElementsAre("a"));
  replica_->Kill();
  const int64_t revision = Put("b");
  EXPECT_THAT(List(0), ::testing::Pair(ElementsAre("a", "b"), revision));
}

TEST_F(ReplicaTest, WhatWasLeftBehindIsNoticedAfterAFailover) {
  Put("a");
  replica_->CatchUp(primary_);
  replica_->Stop();
  Put("lost");
  primary_.Kill();
  replica_->Start();
  replica_->Promote();
  TestObject object;
  object.name = "b";
  const std::vector<Change> changes = {Upsert(object)};
  Result<ApplyResult> result = store_->Apply(changes);
  for (int i = 0; !result.ok() && i < 20; ++i) result = store_->Apply(changes);
  ASSERT_THAT(result, testing::IsOk());
  EXPECT_TRUE(result->lost_writes);
  EXPECT_THAT(List(result->revision), ::testing::Pair(ElementsAre("a", "b"), result->revision));
}

}  // namespace
}  // namespace pedia::storage
