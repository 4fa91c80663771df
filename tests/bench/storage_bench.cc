// What the SQLite store costs beside SQLite itself: every figure with a reference that does the
// same with plain sqlite3 calls on the same rows, in the same run. Usage: storage_bench
// [pods=100000] [batch=1000] [folder]
#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "storage/body_codec.h"
#include "storage/object_key.h"
#include "storage/packed_entries.h"
#include "storage/sql_store.h"
#include "tests/bench/pods.h"

namespace pedia::storage {
namespace {

using bench::Batch;
using bench::CpuSeconds;
using bench::kClusters;
using bench::kPods;
using bench::Now;
using bench::RssMb;

// Plain sqlite3 on tables that a store has made.
class Raw {
 public:
  explicit Raw(const std::string& path) {
    sqlite3_open(path.c_str(), &db_);
    for (const char* pragma : {"PRAGMA synchronous=NORMAL", "PRAGMA wal_autocheckpoint=4000",
                               "PRAGMA cache_size=-24576"})
      Run(pragma);
  }
  ~Raw() {
    for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
    sqlite3_close(db_);
  }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;

  void Run(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
      std::fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db_));
  }
  sqlite3_stmt* Prepare(const char* sql) {
    statements_.push_back(nullptr);
    sqlite3_prepare_v2(db_, sql, -1, &statements_.back(), nullptr);
    return statements_.back();
  }
  static void Bind(sqlite3_stmt* statement, int at, const std::string& text) {
    sqlite3_bind_text(statement, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  static void BindBlob(sqlite3_stmt* statement, int at, const std::string& bytes) {
    sqlite3_bind_blob(statement, at, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
  }
  static void Step(sqlite3_stmt* statement) {
    sqlite3_step(statement);
    sqlite3_reset(statement);
  }
  sqlite3* db() { return db_; }

 private:
  sqlite3* db_ = nullptr;
  std::vector<sqlite3_stmt*> statements_;
};

// One row of each table as it will be inserted.
struct RawRow {
  std::string okey;
  std::string packed;
  std::vector<std::string> values;  // Of the entries; the last is that of the key set.
};

void InsertRaw(Raw& raw, sqlite3_stmt* object, sqlite3_stmt* body, sqlite3_stmt* entry,
               const std::vector<Change>& changes, const std::vector<RawRow>& rows,
               int64_t first_id) {
  raw.Run("BEGIN IMMEDIATE");
  for (size_t i = 0; i < changes.size(); ++i) {
    const ObjectRow& row = changes[i].row;
    const int64_t id = first_id + static_cast<int64_t>(i);
    sqlite3_bind_int64(object, 1, id);
    Raw::Bind(object, 2, rows[i].okey);
    Raw::Bind(object, 3, changes[i].cluster);
    Raw::Bind(object, 4, row.name_space);
    Raw::Bind(object, 5, row.name);
    Raw::Bind(object, 6, row.uid);
    Raw::Bind(object, 7, row.resource_version);
    sqlite3_bind_int64(object, 8, row.created);
    Raw::Step(object);
    sqlite3_bind_int64(body, 1, id);
    Raw::BindBlob(body, 2, rows[i].packed);
    Raw::BindBlob(body, 3, row.body);
    Raw::Step(body);
    for (size_t k = 0; k < rows[i].values.size(); ++k) {
      sqlite3_bind_int64(entry, 1, static_cast<int64_t>(k));
      Raw::Bind(entry, 2, rows[i].values[k]);
      Raw::Bind(entry, 3, rows[i].okey);
      sqlite3_bind_int64(entry, 4, id);
      Raw::Step(entry);
    }
  }
  raw.Run("COMMIT");
}

struct Timer {
  double wall = 0;
  double cpu = 0;
  template <typename Work>
  void Add(Work work) {
    const double wall_before = Now();
    const double cpu_before = CpuSeconds();
    work();
    wall += Now() - wall_before;
    cpu += CpuSeconds() - cpu_before;
  }
};

void Report(const char* what, double ours, double reference, const char* unit) {
  std::printf("%-28s %12.1f %-10s raw sqlite %12.1f   ratio %.2f\n", what, ours, unit, reference,
              ours / reference);
  std::fflush(stdout);
}

void BenchInsert(Store& store, Raw& raw, int pods, int batch) {
  sqlite3_stmt* object = raw.Prepare(
      "INSERT INTO objects(id,type_id,okey,cluster,namespace,name,uid,rv,created,synced,revision) "
      "VALUES(?,1,?,?,?,?,?,?,?,0,0)");
  sqlite3_stmt* body = raw.Prepare("INSERT INTO bodies VALUES(?,?,?)");
  sqlite3_stmt* entry = raw.Prepare("INSERT INTO entries VALUES(?,?,?,?)");
  Timer ours;
  Timer reference;
  Timer encode;
  for (int begin = 0; begin < pods; begin += batch) {
    std::vector<Change> changes;
    encode.Add([&] { changes = Batch(begin, std::min(begin + batch, pods), pods); });
    std::vector<RawRow> rows;
    for (const Change& change : changes) {
      RawRow& row = rows.emplace_back();
      for (const Entry& e : change.row.entries) row.values.push_back(e.value);
      row.values.push_back("1");
      std::vector<KeyedValue> keyed;
      for (const std::string& value : row.values)
        keyed.push_back({static_cast<int64_t>(keyed.size()), value});
      row.okey = ObjectKey(change.cluster, change.row.name_space, change.row.name);
      row.packed = PackEntries(keyed);
    }
    if (begin == 0)
      std::printf("%zu entries, %zu bytes stored per pod\n", rows[0].values.size(),
                  changes[0].row.body.size());
    ours.Add([&] {
      if (!store.Apply(changes).ok()) std::abort();
    });
    reference.Add([&] { InsertRaw(raw, object, body, entry, changes, rows, begin + 1); });
  }
  Report("insert, objects/s", pods / ours.wall, pods / reference.wall, "");
  Report("insert, CPU us/object", ours.cpu * 1e6 / pods, reference.cpu * 1e6 / pods, "");
  std::printf("generate and encode: %.1f us/object; RSS %.0f MB; store %.0f MB\n",
              encode.cpu * 1e6 / pods, RssMb(), static_cast<double>(store.SizeBytes()) / 1e6);
}

void BenchRestart(Store& store, int pods, int batch) {
  Timer versions;
  int64_t seen = 0;
  versions.Add([&] {
    for (int c = 0; c < kClusters; ++c) {
      (void)store.LoadVersions("cluster-" + std::to_string(c), kPods,
                               [&](const StoredVersion&) { return ++seen > 0; });
    }
  });
  std::printf("load versions: %ld in %.3f s\n", static_cast<long>(seen), versions.wall);
  Timer unchanged;
  int64_t written = 0;
  for (int begin = 0; begin < pods; begin += batch * 10) {
    const std::vector<Change> changes = Batch(begin, std::min(begin + batch, pods), pods);
    unchanged.Add([&] { written += store.Apply(changes)->updated; });
  }
  std::printf("apply unchanged: %.0f objects/s, %ld written\n", (pods / 10) / unchanged.wall,
              static_cast<long>(written));
}

// Seconds per run.
double Repeat(int runs, const std::function<void()>& work) {
  work();
  const double before = Now();
  for (int i = 0; i < runs; ++i) work();
  return (Now() - before) / runs;
}

size_t ReadRaw(sqlite3_stmt* statement, int column) {
  size_t bytes = 0;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    const auto* data = static_cast<const unsigned char*>(sqlite3_column_blob(statement, column));
    bytes += static_cast<size_t>(sqlite3_column_bytes(statement, column)) + data[0];
  }
  sqlite3_reset(statement);
  return bytes;
}

void BenchList(Store& store, Raw& raw, int pods) {
  const auto list = [&](const query::ListOptions& options) {
    return bench::ListPods(store, options);
  };
  const double before = RssMb();
  double grown = 0;
  const double full = Repeat(3, [&] {
    const bench::Counted counted = list({});
    grown = std::max(grown, RssMb() - before);
    if (counted.rows != static_cast<size_t>(pods)) std::abort();
  });
  sqlite3_stmt* scan = raw.Prepare("SELECT body FROM bodies");
  const double raw_full = Repeat(3, [&] { ReadRaw(scan, 0); });
  Report("full list, objects/s", pods / full, pods / raw_full, "");
  std::string buffer;
  const double raw_decoded = Repeat(3, [&] {
    while (sqlite3_step(scan) == SQLITE_ROW) {
      const auto* data = static_cast<const char*>(sqlite3_column_blob(scan, 0));
      const auto size = static_cast<size_t>(sqlite3_column_bytes(scan, 0));
      if (!DecodeBody({data, size}, &buffer).ok()) std::abort();
    }
    sqlite3_reset(scan);
  });
  Report("  beside read and decode", pods / full, pods / raw_decoded, "");
  if (std::getenv("STORAGE_BENCH_FULL") != nullptr)
    Repeat(60, [&] { list({}); });  // For a profiler.
  std::printf("full list: %.0f MB/s decoded, RSS grew by %.1f MB\n",
              static_cast<double>(list({}).bytes) / full / 1e6, grown);

  query::ListOptions options;
  options.limit = 500;
  sqlite3_stmt* page = raw.Prepare(
      "SELECT o.okey,b.body FROM objects o INDEXED BY objects_okey CROSS JOIN bodies b WHERE "
      "o.type_id=1 AND o.okey>? "
      "AND b.id=o.id ORDER BY o.okey LIMIT 501");
  sqlite3_bind_text(page, 1, "", 0, SQLITE_STATIC);
  Report("page of 500, pages/s", 1 / Repeat(300, [&] { list(options); }),
         1 / Repeat(300, [&] { ReadRaw(page, 1); }), "");
  query::ListOptions deep = options;
  for (int i = 0; i < pods / 500 * 9 / 10; ++i) deep.start.token_key = list(deep).result.next_key;
  Report("page of 500 at 90 %", 1 / Repeat(300, [&] { list(deep); }),
         1 / Repeat(300, [&] { ReadRaw(page, 1); }), "");
  query::ListOptions fifty;
  fifty.limit = 50;
  std::printf("page of 50: %.0f /s\n", 1 / Repeat(1'000, [&] { list(fifty); }));

  options.label_selector = {{"app", query::SelectorOperator::kEquals, {"app-7"}}};
  sqlite3_stmt* selector = raw.Prepare(
      "SELECT e.okey,b.body FROM entries e CROSS JOIN bodies b WHERE e.key_id=(SELECT key_id FROM "
      "keys WHERE path='l:app') AND "
      "e.value='app-7' AND b.id=e.id ORDER BY e.okey LIMIT 501");
  Report("0.1 % selector, lists/s", 1 / Repeat(300, [&] { list(options); }),
         1 / Repeat(300, [&] { ReadRaw(selector, 1); }), "");
  options.label_selector.push_back({"env", query::SelectorOperator::kEquals, {"dev"}});
  std::printf("two labels: %.0f /s\n", 1 / Repeat(300, [&] { list(options); }));
  options.label_selector = {{"env", query::SelectorOperator::kNotEquals, {"prod"}}};
  std::printf("!= of 67 %%: %.0f /s\n", 1 / Repeat(100, [&] { list(options); }));
  fifty.order_by = {{query::OrderColumn::kCreatedAt, true}};
  std::printf("created desc, 50: %.0f /s\n", 1 / Repeat(100, [&] { list(fifty); }));
  options.label_selector.clear();
  options.namespaces = {true, {"team-0007"}, {}};
  std::printf("one namespace of all clusters, 500: %.0f /s\n",
              1 / Repeat(100, [&] { list(options); }));
}

// What a start costs after an update of pedia that indexes other fields.
void BenchReindex(const std::string& path, int pods) {
  Raw(path).Run("UPDATE meta SET encoding=0");
  Timer timer;
  timer.Add([&] {
    if (!OpenSqliteStore({.path = path}).ok()) std::abort();
  });
  std::printf("reindex: %.0f objects/s, CPU %.1f us/object\n", pods / timer.wall,
              timer.cpu * 1e6 / pods);
}

int Main(int argc, char** argv) {
  const int pods = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const int batch = argc > 2 ? std::atoi(argv[2]) : 1'000;
  std::string folder =
      (argc > 3 ? std::filesystem::path(argv[3]) : std::filesystem::temp_directory_path()) /
      "storage-bench-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  {
    Result<std::unique_ptr<Store>> store = OpenSqliteStore({.path = folder + "/pedia.db"});
    if (!store.ok() || !OpenSqliteStore({.path = folder + "/raw.db"}).ok()) return 1;
    {
      Raw raw(folder + "/raw.db");
      BenchInsert(**store, raw, pods, batch);
    }
    BenchRestart(**store, pods, batch);
    Raw raw(folder + "/pedia.db");
    BenchList(**store, raw, pods);
  }
  BenchReindex(folder + "/pedia.db", pods);
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace pedia::storage

int main(int argc, char** argv) { return pedia::storage::Main(argc, argv); }
