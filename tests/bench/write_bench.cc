// What writing costs on a database: the first sync, updates that change nothing that is indexed,
// updates that change two entries, and deletions, in batches as the synchro makes them; and what it
// costs to check all of it. The database
// is that of PEDIA_TEST_DATABASE, with durable commits. Usage: write_bench [pods=20000] [batch=1000]
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/audit.h"
#include "storage/mysql_database.h"
#include "storage/postgres_database.h"
#include "storage/sql_store.h"
#include "storage/sqlite_database.h"
#include "tests/bench/pods.h"
#include "tests/testing/database_servers.h"
#include "tests/testing/test_database.h"

namespace pedia::storage {
namespace {

using testing::TestDatabase;
using Kind = TestDatabase::Kind;

struct Place {
  std::unique_ptr<testing::DatabaseServer> server;  // Not for SQLite.
  std::unique_ptr<TestDatabase> file;               // For SQLite.
  std::unique_ptr<Database> database;
};

Place MakePlace() {
  Place place;
  const testing::DatabaseServerSettings durable{.fsync = true, .tls = {}, .more = {}};
  if (TestDatabase::kind() == Kind::kSqlite) {
    place.file = std::make_unique<TestDatabase>();
    place.database = place.file->Open();
    return place;
  }
  const bool postgres = TestDatabase::kind() == Kind::kPostgres;
  if (postgres) {
    place.server = std::make_unique<testing::PostgresServer>(durable);
  } else {
    place.server = std::make_unique<testing::MariadbServer>(durable);
  }
  const ServerOptions options = place.server->CreateDatabase();
  auto database = postgres ? MakePostgresDatabase(options) : MakeMysqlDatabase(options);
  if (!database.ok()) std::exit(1);
  place.database = *std::move(database);
  return place;
}

using Rewrite = std::function<void(Change*, int pod)>;

// Applies batches of all pods, each changed by `rewrite`; making them does not count.
void Run(Store& store, const char* what, int pods, int batch, const Rewrite& rewrite) {
  double wall = 0;
  double cpu = 0;
  double longest = 0;
  for (int begin = 0; begin < pods; begin += batch) {
    const int end = std::min(pods, begin + batch);
    std::vector<Change> changes = bench::Batch(begin, end, pods);
    for (int i = begin; i < end; ++i) rewrite(&changes[static_cast<size_t>(i - begin)], i);
    const double wall_before = bench::Now();
    const double cpu_before = bench::CpuSeconds();
    const Result<ApplyResult> result = store.Apply(changes);
    const double took = bench::Now() - wall_before;
    wall += took;
    cpu += bench::CpuSeconds() - cpu_before;
    longest = std::max(longest, took);
    if (!result.ok()) {
      std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
      std::exit(1);
    }
  }
  std::printf("%-28s %8.0f objects/s   CPU of pedia %6.1f us/object   longest batch %5.0f ms\n",
              what, pods / wall, cpu / pods * 1e6, longest * 1e3);
  std::fflush(stdout);
}

void Check(Database& database) {
  const double wall_before = bench::Now();
  const double cpu_before = bench::CpuSeconds();
  const Result<AuditReport> report = AuditStore(database, {});
  if (!report.ok() || report->differences > 0) {
    std::fprintf(stderr, "the check failed\n");
    std::exit(1);
  }
  const auto objects = static_cast<double>(report->objects);
  std::printf("%-28s %8.0f objects/s   CPU of pedia %6.1f us/object\n", "check",
              objects / (bench::Now() - wall_before),
              (bench::CpuSeconds() - cpu_before) / objects * 1e6);
}

int Main(int argc, char** argv) {
  const int pods = argc > 1 ? std::atoi(argv[1]) : 20'000;
  const int batch = argc > 2 ? std::atoi(argv[2]) : 1'000;
  Place place = MakePlace();
  Database& database = *place.database;
  Result<std::unique_ptr<Store>> opened = OpenStore(std::move(place.database));
  if (!opened.ok()) {
    std::fprintf(stderr, "%s\n", opened.status().ToString().c_str());
    return 1;
  }
  Store& store = **opened;
  Run(store, "first sync", pods, batch, [](Change*, int) {});
  Check(database);
  Run(store, "unchanged", pods, batch, [](Change*, int) {});
  Run(store, "changed, no entry", pods, batch, [](Change* change, int) {
    change->row.resource_version += "1";
    change->row.body += ' ';
  });
  Run(store, "changed, two entries", pods, batch, [](Change* change, int pod) {
    change->row.resource_version += "2";
    int changed = 0;
    for (Entry& entry : change->row.entries) {
      if (!entry.key.starts_with("f:") || ++changed > 2) continue;
      entry.value = "changed-" + std::to_string(pod % 100);
    }
  });
  Run(store, "one at a time", std::min(pods, 1'000), 1,
      [](Change* change, int) { change->row.resource_version += "3"; });
  Run(store, "deleted", pods, batch,
      [](Change* change, int) { change->action = Change::Action::kDelete; });
  return 0;
}

}  // namespace
}  // namespace pedia::storage

int main(int argc, char** argv) { return pedia::storage::Main(argc, argv); }
