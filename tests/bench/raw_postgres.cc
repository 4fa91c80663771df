// The references of the benchmarks: plain libpq reading what the store reads, and nothing else. Each
// prints rows a second and MB a second of JSON.
//   raw_postgres read CONNINFO        every pod in default order, row by row, not even decoded
//   raw_postgres decode CONNINFO      the same, and turns each body into JSON (LZ4)
//   raw_postgres page CONNINFO ROWS SECONDS   the first ROWS pods over and over, decoded: prints
//                                             pages a second and MB a second
#include <libpq-fe.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "storage/body_codec.h"

namespace {

constexpr char kBodies[] =
    "SELECT b.body FROM objects o JOIN bodies b ON b.id=o.id WHERE o.type_id=(SELECT type_id FROM "
    "types WHERE resource='pods'::bytea) ORDER BY o.okey";

[[noreturn]] void Die(PGconn* connection) {
  std::fprintf(stderr, "%s\n", PQerrorMessage(connection));
  std::exit(1);
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Count {
  double rows = 0;
  double bytes = 0;
};

void Add(const PGresult* result, bool decode, std::string* buffer, Count* count) {
  for (int row = 0; row < PQntuples(result); ++row) {
    const std::string_view body(PQgetvalue(result, row, 0),
                                static_cast<size_t>(PQgetlength(result, row, 0)));
    ++count->rows;
    if (!decode) {
      uint32_t size = static_cast<uint32_t>(body.size());  // See body_codec.h.
      if (body[0] != '{') std::memcpy(&size, body.data() + 1, sizeof size);
      count->bytes += size;
      continue;
    }
    const auto json = pedia::storage::DecodeBody(body, buffer);
    if (!json.ok()) std::exit(1);
    count->bytes += static_cast<double>(json->size());
  }
}

Count ReadAll(PGconn* connection, bool decode) {
  if (PQsendQueryParams(connection, kBodies, 0, nullptr, nullptr, nullptr, nullptr, 1) != 1)
    Die(connection);
  PQsetSingleRowMode(connection);
  Count count;
  std::string buffer;
  while (PGresult* result = PQgetResult(connection)) {
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK) Die(connection);
    Add(result, decode, &buffer, &count);
    PQclear(result);
  }
  return count;
}

Count ReadPages(PGconn* connection, const std::string& rows, double seconds) {
  const std::string sql = kBodies + (" LIMIT " + rows);
  PQclear(PQprepare(connection, "page", sql.c_str(), 0, nullptr));
  Count count;
  std::string buffer;
  double pages = 0;
  for (const double end = Now() + seconds; Now() < end; ++pages) {
    PGresult* result = PQexecPrepared(connection, "page", 0, nullptr, nullptr, nullptr, 1);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) Die(connection);
    Add(result, true, &buffer, &count);
    PQclear(result);
  }
  return {pages, count.bytes};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 1;
  PGconn* connection = PQconnectdb(argv[2]);
  if (PQstatus(connection) != CONNECTION_OK) Die(connection);
  const double start = Now();
  const Count count = argc > 4 ? ReadPages(connection, argv[3], std::atof(argv[4]))
                               : ReadAll(connection, std::strcmp(argv[1], "decode") == 0);
  const double seconds = Now() - start;
  std::printf("%.1f %.1f\n", count.rows / seconds, count.bytes / seconds / 1e6);
  PQfinish(connection);
}
