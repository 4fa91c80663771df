// Servers that die, hang, refuse or are full while a store writes to them: nothing that was confirmed
// is lost, nothing is written in part, and the store goes on by itself.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <thread>

#include "meta/log.h"
#include "storage/audit.h"
#include "storage/mysql_database.h"
#include "storage/postgres_database.h"
#include "tests/storage/store_fixture.h"
#include "tests/testing/database_servers.h"

namespace pedia::storage {
namespace {

using testing::IsOk;
using testing::TestDatabase;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = 120s;

// A server of the test's own, and what its database must hold.
class StoreOutageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (TestDatabase::kind() == TestDatabase::Kind::kSqlite) GTEST_SKIP() << "it has no server";
    SetLogSink([](LogLevel, std::string_view) {});
    if (is_postgres()) {
      server_ = std::make_unique<testing::PostgresServer>();
    } else {
      server_ = std::make_unique<testing::MariadbServer>();
    }
    options_ = server_->CreateDatabase();
  }
  void TearDown() override { store_.reset(); }

  static bool is_postgres() { return TestDatabase::kind() == TestDatabase::Kind::kPostgres; }
  std::unique_ptr<Database> OpenDatabase() const {
    auto database = is_postgres() ? MakePostgresDatabase(options_) : MakeMysqlDatabase(options_);
    EXPECT_THAT(database, IsOk());
    return *std::move(database);
  }
  void Open(std::chrono::milliseconds write_deadline = 30s) {
    options_.connect_timeout = 5s;
    StoreOptions options;
    options.write_deadline = write_deadline;
    Result<std::unique_ptr<Store>> store = OpenStore(OpenDatabase(), options);
    ASSERT_THAT(store, IsOk());
    store_ = *std::move(store);
  }

  // Some hundred changes of 400 objects.
  std::vector<Change> NextBatch() {
    std::vector<Change> changes;
    ++batch_;
    const size_t size = 1 + random_() % 300;
    for (size_t i = 0; i < size; ++i) {
      const std::string number = std::to_string(random_() % 400);
      TestObject object{.cluster = "c" + std::to_string(random_() % 2),
                        .name = "p" + number,
                        .resource_version = std::to_string(batch_) + "." + std::to_string(i),
                        .labels = {{"app", std::to_string(random_() % 5)}}};
      if (random_() % 3 == 0) object.labels.emplace_back("k" + std::to_string(random_() % 40), "1");
      object.padding = std::string(random_() % 3'000, static_cast<char>('a' + random_() % 26));
      if (random_() % 5 == 0) {
        changes.push_back(Deletion(object));
        model_.erase({object.cluster, object.name});
      } else {
        changes.push_back(Upsert(object));
        model_[{object.cluster, object.name}] = object.Json();
      }
    }
    return changes;
  }
  // As the synchro does: the same batch, until the store has taken it.
  ApplyResult WriteUntilTaken(const std::vector<Change>& changes) {
    for (const auto start = Clock::now(); Clock::now() - start < kPatience;) {
      const Result<ApplyResult> result = store_->Apply(changes);
      if (result.ok()) {
        EXPECT_FALSE(result->lost_writes);
        EXPECT_GE(result->revision, revision_);
        revision_ = result->revision;
        return *result;
      }
      EXPECT_TRUE(result.status().reason() == StatusReason::kServiceUnavailable ||
                  result.status().reason() == StatusReason::kTimeout)
          << result.status().ToString();
      ++failures_;
      std::this_thread::sleep_for(10ms);
    }
    ADD_FAILURE() << "the store does not come back";
    return {};
  }
  // Writes batches on a thread of its own while `trouble` goes on.
  void WriteDuring(const std::function<void()>& trouble) {
    std::jthread writer([this](const std::stop_token& stop) {
      while (!stop.stop_requested() && !HasFailure()) {
        WriteUntilTaken(NextBatch());
        ++written_;
      }
    });
    trouble();
  }
  // Until so many more batches are written.
  void WaitForBatches(int count) {
    const int until = written_ + count;
    testing::WaitUntil([&] { return written_ >= until || HasFailure(); }, "batches are written");
  }

  void ExpectTheStoreHoldsTheModel() {
    const std::unique_ptr<Database> database = OpenDatabase();
    const Result<AuditReport> audit = AuditStore(*database, {});
    ASSERT_THAT(audit, IsOk());
    EXPECT_THAT(audit->first, ::testing::IsEmpty());
    EXPECT_EQ(audit->objects, static_cast<int64_t>(model_.size()));
    for (const auto& [key, body] : model_) {
      const Result<StoredObject> object =
          store_->Get(key.first, kPodsGvr, "default", key.second, nullptr);
      ASSERT_THAT(object, IsOk()) << key.second;
      ASSERT_EQ(object->body, body);
    }
  }

  std::unique_ptr<testing::DatabaseServer> server_;
  ServerOptions options_;
  std::unique_ptr<Store> store_;
  std::mt19937 random_{20'26};
  int batch_ = 0;
  std::map<std::pair<std::string, std::string>, std::string> model_;  // Cluster, name: body.
  int64_t revision_ = 0;
  std::atomic<int> written_ = 0;
  std::atomic<int> failures_ = 0;
};

TEST_F(StoreOutageTest, AServerThatIsKilledLosesNothing) {
  Open();
  WriteDuring([&] {
    for (int round = 0; round < 4; ++round) {
      WaitForBatches(3 + round);
      // Anywhere in a transaction.
      std::this_thread::sleep_for(std::chrono::milliseconds(7 * round));
      server_->Kill();
      server_->Start();
    }
    WaitForBatches(2);
  });
  EXPECT_GT(failures_, 0);
  ExpectTheStoreHoldsTheModel();
}

TEST_F(StoreOutageTest, AServerThatIsRestartedLosesNothing) {
  Open();
  WriteDuring([&] {
    for (int round = 0; round < 2; ++round) {
      WaitForBatches(3);
      server_->Restart();
    }
    WaitForBatches(2);
  });
  EXPECT_GT(failures_, 0);
  ExpectTheStoreHoldsTheModel();
}

TEST_F(StoreOutageTest, AClaimHoldsAgainstWhoWasCutOffMeanwhile) {
  Open();
  ASSERT_THAT(store_->ClaimCluster("c0", "first"), IsOk());
  ASSERT_THAT(store_->ClaimCluster("c1", "first"), IsOk());
  WriteUntilTaken(NextBatch());
  server_->Kill();
  server_->Start();
  Result<std::unique_ptr<Store>> other = OpenStore(OpenDatabase());
  ASSERT_THAT(other, IsOk());
  ASSERT_THAT((*other)->ClaimCluster("c0", "second"), IsOk());
  const ApplyResult result = WriteUntilTaken(
      {Upsert({.cluster = "c0", .name = "late"}), Upsert({.cluster = "c1", .name = "late"})});
  EXPECT_THAT(result.fenced, ::testing::ElementsAre("c0"));
  model_[{"c1", "late"}] = TestObject{.cluster = "c1", .name = "late"}.Json();
  ExpectTheStoreHoldsTheModel();
}

TEST_F(StoreOutageTest, AServerThatHangsForAMomentIsWaitedFor) {
  Open();
  WriteDuring([&] {
    for (int round = 0; round < 3; ++round) {
      WaitForBatches(3);
      server_->Freeze();
      std::this_thread::sleep_for(200ms);
      server_->Thaw();
    }
    WaitForBatches(2);
  });
  EXPECT_EQ(failures_, 0);
  ExpectTheStoreHoldsTheModel();
}

TEST_F(StoreOutageTest, AServerThatHangsForLongFailsTheTransactionAndLosesNothing) {
  Open(/*write_deadline=*/2s);  // More than a batch takes.
  WriteDuring([&] {
    for (int round = 0; round < 2; ++round) {
      WaitForBatches(3);
      const int failures = failures_;
      server_->Freeze();
      testing::WaitUntil([&] { return failures_ > failures; }, "a transaction fails");
      server_->Thaw();
    }
    WaitForBatches(2);
  });
  ExpectTheStoreHoldsTheModel();
}

TEST_F(StoreOutageTest, ATransactionThatHangsCanBeCancelled) {
  Open(/*write_deadline=*/600s);
  WriteUntilTaken(NextBatch());
  const std::vector<Change> changes = NextBatch();
  server_->Freeze();
  std::atomic<bool> ended = false;
  Status status;
  std::thread writer([&] {
    status = testing::ToStatus(store_->Apply(changes));
    ended = true;
  });
  testing::WaitUntil(
      [&] {
        store_->CancelWrite();
        return ended.load();
      },
      "it ends");
  writer.join();
  server_->Thaw();
  EXPECT_THAT(status, testing::FailsWith(StatusReason::kTimeout, ::testing::_));
  WriteUntilTaken(changes);
  ExpectTheStoreHoldsTheModel();
}

TEST_F(StoreOutageTest, AConnectionThatIsEndedIsMadeAnew) {
  Open();
  WriteUntilTaken(NextBatch());
  if (is_postgres()) {
    server_->Sql(options_.database,
                 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname='" +
                     options_.database + "' AND pid<>pg_backend_pid()");
  } else {
    server_->Sql(options_.database, "KILL USER pedia");
  }
  WriteUntilTaken(NextBatch());
  EXPECT_LE(failures_, 1);
  ExpectTheStoreHoldsTheModel();
}

TEST_F(StoreOutageTest, ADeadlockIsTriedAgain) {
  Open();
  WriteUntilTaken({Upsert({.cluster = "c0", .name = "p1", .resource_version = "1"})});
  const TestObject after{.cluster = "c0", .name = "p1", .resource_version = "2"};
  model_[{"c0", "p1"}] = after.Json();
  // Somebody who takes the locks in the other order.
  const std::unique_ptr<Database> database = OpenDatabase();
  std::unique_ptr<SqlConnection> foreign = *database->Connect(Database::Role::kReader);
  const auto run = [&](const char* sql) { return foreign->Prepare(sql).Run(); };
  ASSERT_THAT(run("START TRANSACTION READ WRITE"), IsOk());
  ASSERT_THAT(run("SELECT id FROM objects WHERE id=1 FOR UPDATE"), IsOk());
  std::jthread writer([&] { WriteUntilTaken({Upsert(after)}); });
  const char* waiting =
      is_postgres()
          ? "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type='Lock'"
          : "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state='LOCK WAIT'";
  testing::WaitUntil([&] { return server_->Sql(options_.database, waiting) != "0\n"; },
                     "the writer to wait");
  const Status crosswise = run("SELECT revision FROM meta WHERE id=1 FOR UPDATE");
  foreign.reset();  // Which ends its transaction.
  writer.join();
  EXPECT_TRUE(failures_ > 0 || !crosswise.ok()) << "there was no deadlock";
  ExpectTheStoreHoldsTheModel();
}

TEST_F(StoreOutageTest, AReplicaThatTookOverWithoutTheLastWritesIsNoticed) {
  if (!is_postgres()) GTEST_SKIP() << "only PostgreSQL's test server has replicas";
  auto& primary = dynamic_cast<testing::PostgresServer&>(*server_);
  const std::unique_ptr<testing::PostgresServer> replica = primary.StartReplica();
  options_.hosts.push_back(options_.hosts.front());
  options_.hosts.back().port = replica->port();
  Open();
  WriteUntilTaken(NextBatch());
  replica->CatchUp(primary);
  const auto known_to_the_replica = model_;
  replica->Stop();
  WriteUntilTaken(NextBatch());
  const int64_t lost = revision_;
  primary.Kill();
  replica->Start();
  replica->Promote();

  model_ = known_to_the_replica;
  Result<ApplyResult> result = store_->Apply({});
  for (const auto start = Clock::now(); !result.ok() && Clock::now() - start < kPatience;) {
    std::this_thread::sleep_for(10ms);
    result = store_->Apply({});
  }
  ASSERT_THAT(result, IsOk());
  EXPECT_TRUE(result->lost_writes);
  EXPECT_GT(result->revision, lost);
  WriteUntilTaken(NextBatch());
  ExpectTheStoreHoldsTheModel();
  store_.reset();
}

// A file system of some megabytes, filled and relieved at will.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path path) : path_(std::move(path)) {}
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool Mount() {
    mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=64m,mode=0777") == 0;
    return mounted_;
  }
  // Leaves `bytes`.
  void Fill(uintmax_t bytes) {
    const uintmax_t free = std::filesystem::space(path_).available;
    std::ofstream(path_ / "ballast") << std::string(free > bytes ? free - bytes : 0, 'x');
  }
  void Relieve() { std::filesystem::remove(path_ / "ballast"); }

 private:
  std::filesystem::path path_;
  bool mounted_ = false;
};

TEST_F(StoreOutageTest, AFullDiskIsWaitedFor) {
  const std::filesystem::path place =
      is_postgres() ? server_->folder() / "small" : server_->folder() / "data" / options_.database;
  std::filesystem::create_directory(place);
  SmallDisk disk(place);
  if (!disk.Mount()) GTEST_SKIP() << "only who may mount a file system can fill it";
  if (is_postgres()) {
    std::filesystem::create_directory(place / "space");
    struct stat owner {};
    ASSERT_EQ(stat(server_->folder().c_str(), &owner), 0);
    ASSERT_EQ(chown((place / "space").c_str(), owner.st_uid, owner.st_gid), 0);
    server_->Sql("postgres",
                 "CREATE TABLESPACE small LOCATION '" + (place / "space").string() + "'");
    server_->Sql("postgres", "ALTER DATABASE " + options_.database + " SET TABLESPACE small");
  }
  Open();
  WriteUntilTaken(NextBatch());
  WriteDuring([&] {
    WaitForBatches(2);
    disk.Fill(100'000);
    testing::WaitUntil([&] { return failures_ > 2; }, "the disk is full");
    disk.Relieve();
    const int until = written_ + 3;
    testing::WaitUntil(
        [&] {
          // MariaDB may end itself when it cannot even undo a transaction; somebody starts it again.
          if (!server_->running()) server_->Start();
          return written_ >= until || HasFailure();
        },
        "batches are written");
  });
  ExpectTheStoreHoldsTheModel();
  store_.reset();
  server_->Stop();
}

}  // namespace
}  // namespace pedia::storage
