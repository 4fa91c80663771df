// A store that is away, and one that loses what was written to it: on every database.
#include "tests/storage/store_backup.h"
#include "tests/synchro/sync_fixture.h"

namespace pedia::synchro {
namespace {

using std::chrono::milliseconds;

TEST_F(SyncTest, AnOutageOfTheStoreLosesNothing) {
  options_.queue_bytes = 100'000;
  Member& east = GivenAMember("east", 400);
  SetStoreOutage(true);
  StartPedia();
  Eventually("the store has been tried", [&] { return pedia_->counters().store_errors > 3; });
  SetStoreOutage(false);
  ExpectTheStoreEqualsTheMembers();

  SetStoreOutage(true);
  for (int i = 0; i < 10; ++i) east.churn->Step(40);
  Eventually("changes wait", [&] { return pedia_->counters().store_errors > 8; });
  SetStoreOutage(false);
  ExpectTheStoreEqualsTheMembers();
  EXPECT_EQ(pedia_->counters().dropped, 0);
}

TEST_F(SyncTest, WhatTheStoreHasLostIsReadFromTheMembersAgain) {
  Member& east = GivenAMember("east", 200);
  GivenAMember("west", 100);
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  storage::StoreBackup backup(database_.Open());
  east.CreateWidgets();  // Another resource, whose id will mean nothing.
  east.churn->Step(300);
  ExpectTheStoreEqualsTheMembers();
  backup.Restore();
  east.churn->Step(1);  // Any change that is written.
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(SyncTest, ALossIsNoticedAlsoWhileNothingChanges) {
  options_.store_check_interval = milliseconds(100);
  Member& east = GivenAMember("east", 200);
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  Eventually("east is ready", [&] { return ConditionOf("east", "Ready") == "True"; });
  storage::StoreBackup backup(database_.Open());
  east.churn->Step(100);
  ExpectTheStoreEqualsTheMembers();
  backup.Restore();
  ExpectTheStoreEqualsTheMembers();
}

TEST_F(SyncTest, ADeletionThatTheStoreHasLostIsRepeated) {
  options_.store_check_interval = milliseconds(100);
  Member& east = GivenAMember("east", 100);
  GivenAMember("west", 100);
  StartPedia();
  ExpectTheStoreEqualsTheMembers();
  storage::StoreBackup backup(database_.Open());
  pedia_->SetClusters({SpecOf(east)});
  Eventually("west is deleted", [&] { return CountStored("west", kPods) == 0; });
  SetStoreOutage(true);
  backup.Restore();
  ASSERT_GT(CountStored("west", kPods), 0u);
  SetStoreOutage(false);
  Eventually("west is deleted again", [&] { return CountStored("west", kPods) == 0; });
  EXPECT_EQ(CountStored("east", kPods), 100u);
}

}  // namespace
}  // namespace pedia::synchro
