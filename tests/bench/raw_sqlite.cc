// The references of the benchmarks: plain SQLite doing what the store does, with the same rows and
// nothing else.
//   raw_sqlite insert DB NEW_DB BATCH   reads the rows of the first objects of DB into memory, then
//   times inserting them into NEW_DB (same schema), BATCH objects a transaction: prints objects/s
//   and CPU seconds
//   raw_sqlite read DB                  times reading every body in default order: prints rows/s
//   raw_sqlite decode DB   as read, and turns each body into JSON (LZ4)
//   raw_sqlite page DB ROWS REPEATS     times reading the first ROWS bodies, REPEATS times: prints
//   pages/s
#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "storage/body_codec.h"

namespace {

constexpr int kObjects = 100'000;

[[noreturn]] void Die(sqlite3* db) {
  std::fprintf(stderr, "%s\n", sqlite3_errmsg(db));
  std::exit(1);
}

sqlite3* Open(const char* path) {
  sqlite3* db = nullptr;
  if (sqlite3_open(path, &db) != SQLITE_OK) Die(db);
  for (const char* pragma :
       {"PRAGMA page_size=8192", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL",
        "PRAGMA wal_autocheckpoint=4000", "PRAGMA secure_delete=0", "PRAGMA cache_size=-8192"}) {
    if (sqlite3_exec(db, pragma, nullptr, nullptr, nullptr) != SQLITE_OK) Die(db);
  }
  return db;
}

sqlite3_stmt* Prepare(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) Die(db);
  return statement;
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

// One table's rows in memory, ready to be bound again.
struct Table {
  std::string name;
  int columns = 0;
  std::vector<std::vector<sqlite3_value*>> rows;
};

// The rows of the first objects; there are enough of them for a rate.
Table Load(sqlite3* db, const std::string& name) {
  Table table{name, 0, {}};
  sqlite3_stmt* select = Prepare(
      db, "SELECT * FROM " + name + " WHERE id<=" + std::to_string(kObjects) + " ORDER BY id");
  table.columns = sqlite3_column_count(select);
  while (sqlite3_step(select) == SQLITE_ROW) {
    std::vector<sqlite3_value*> row;
    for (int i = 0; i < table.columns; ++i)
      row.push_back(sqlite3_value_dup(sqlite3_column_value(select, i)));
    table.rows.push_back(std::move(row));
  }
  sqlite3_finalize(select);
  return table;
}

sqlite3_stmt* PrepareInsert(sqlite3* db, const Table& table) {
  std::string sql = "INSERT INTO " + table.name + " VALUES (?";
  for (int i = 1; i < table.columns; ++i) sql += ",?";
  return Prepare(db, sql + ")");
}

void Insert(sqlite3* db, sqlite3_stmt* insert, const std::vector<sqlite3_value*>& row) {
  for (size_t i = 0; i < row.size(); ++i)
    sqlite3_bind_value(insert, static_cast<int>(i) + 1, row[i]);
  if (sqlite3_step(insert) != SQLITE_DONE) Die(db);
  sqlite3_reset(insert);
}

void CopySchema(sqlite3* from, sqlite3* to) {
  sqlite3_stmt* select = Prepare(from,
                                 "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT "
                                 "LIKE 'sqlite_%' ORDER BY type DESC");
  while (sqlite3_step(select) == SQLITE_ROW) {
    if (sqlite3_exec(to, reinterpret_cast<const char*>(sqlite3_column_text(select, 0)), nullptr,
                     nullptr, nullptr) != SQLITE_OK)
      Die(to);
  }
  sqlite3_finalize(select);
}

int RunInsert(const char* from_path, const char* to_path, size_t batch) {
  sqlite3* from = Open(from_path);
  sqlite3* to = Open(to_path);
  CopySchema(from, to);
  const Table objects = Load(from, "objects");
  const Table bodies = Load(from, "bodies");
  const Table entries = Load(from, "entries");  // The last column is the object's id.
  sqlite3_stmt* insert_object = PrepareInsert(to, objects);
  sqlite3_stmt* insert_body = PrepareInsert(to, bodies);
  sqlite3_stmt* insert_entry = PrepareInsert(to, entries);
  const double start = Now(), cpu = CpuSeconds();
  size_t entry = 0;
  for (size_t i = 0; i < objects.rows.size(); i += batch) {
    const size_t end = std::min(i + batch, objects.rows.size());
    sqlite3_exec(to, "BEGIN", nullptr, nullptr, nullptr);
    for (size_t j = i; j < end; ++j) {
      Insert(to, insert_object, objects.rows[j]);
      Insert(to, insert_body, bodies.rows[j]);
      const int64_t id = sqlite3_value_int64(objects.rows[j][0]);
      for (; entry < entries.rows.size() && sqlite3_value_int64(entries.rows[entry].back()) == id;
           ++entry) {
        Insert(to, insert_entry, entries.rows[entry]);
      }
    }
    if (sqlite3_exec(to, "COMMIT", nullptr, nullptr, nullptr) != SQLITE_OK) Die(to);
  }
  const double seconds = Now() - start;
  std::printf("%.0f %.2f\n", static_cast<double>(objects.rows.size()) / seconds,
              CpuSeconds() - cpu);
  return 0;
}

// The type with the most objects.
int64_t LargestType(sqlite3* db) {
  sqlite3_stmt* select =
      Prepare(db, "SELECT type_id FROM objects GROUP BY type_id ORDER BY count(*) DESC LIMIT 1");
  if (sqlite3_step(select) != SQLITE_ROW) Die(db);
  const int64_t type = sqlite3_column_int64(select, 0);
  sqlite3_finalize(select);
  return type;
}

// Reads bodies in default order, `limit` of them (-1 = all), `repeats` times; with `decode`, to the
// JSON that a list is made of. Rows read.
int64_t ReadBodies(sqlite3* db, int64_t type, int64_t limit, int repeats, bool decode) {
  sqlite3_stmt* select = Prepare(db,
                                 "SELECT b.body FROM objects o CROSS JOIN bodies b ON b.id=o.id "
                                 "WHERE o.type_id=? ORDER BY o.okey LIMIT ?");
  int64_t rows = 0;
  size_t bytes = 0;
  std::string copy;
  std::string buffer;
  for (int i = 0; i < repeats; ++i) {
    sqlite3_bind_int64(select, 1, type);
    sqlite3_bind_int64(select, 2, limit);
    while (sqlite3_step(select) == SQLITE_ROW) {
      const std::string_view body(static_cast<const char*>(sqlite3_column_blob(select, 0)),
                                  static_cast<size_t>(sqlite3_column_bytes(select, 0)));
      copy.assign(decode ? *pedia::storage::DecodeBody(body, &buffer) : body);
      bytes += copy.size();
      ++rows;
    }
    sqlite3_reset(select);
  }
  return bytes > 0 ? rows : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "insert" && argc == 5)
    return RunInsert(argv[2], argv[3], static_cast<size_t>(std::atoi(argv[4])));
  if ((mode == "read" || mode == "decode") && argc == 3) {
    sqlite3* db = Open(argv[2]);
    const int64_t type = LargestType(db);
    const double start = Now();
    const int64_t rows = ReadBodies(db, type, -1, 1, mode == "decode");
    std::printf("%.0f\n", static_cast<double>(rows) / (Now() - start));
    return 0;
  }
  if (mode == "page" && argc == 5) {
    sqlite3* db = Open(argv[2]);
    const int repeats = std::atoi(argv[4]);
    const int64_t type = LargestType(db);
    ReadBodies(db, type, std::atoi(argv[3]), 1, false);
    const double start = Now();
    ReadBodies(db, type, std::atoi(argv[3]), repeats, false);
    std::printf("%.1f\n", repeats / (Now() - start));
    return 0;
  }
  std::fprintf(stderr,
               "usage: raw_sqlite insert DB NEW_DB BATCH | read DB | page DB ROWS REPEATS\n");
  return 2;
}
