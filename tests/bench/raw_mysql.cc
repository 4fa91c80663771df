// The references of the benchmarks: plain libmariadb reading what the store reads, and nothing else.
//   raw_mysql read|decode SOCKET USER     every pod in default order, as raw_postgres
//   raw_mysql page SOCKET USER ROWS SECONDS
#include <mysql.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "storage/body_codec.h"

namespace {

constexpr char kBodies[] =
    "SELECT b.body FROM objects o FORCE INDEX (objects_okey) STRAIGHT_JOIN bodies b ON b.id=o.id "
    "WHERE o.type_id=(SELECT type_id FROM types WHERE resource='pods') ORDER BY o.okey";

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Count {
  double rows = 0;
  double bytes = 0;
};

[[noreturn]] void Die(MYSQL* connection) {
  std::fprintf(stderr, "%s\n", mysql_error(connection));
  std::exit(1);
}

Count Read(MYSQL* connection, const std::string& sql, bool decode) {
  if (mysql_query(connection, sql.c_str()) != 0) Die(connection);
  MYSQL_RES* result = mysql_use_result(connection);
  Count count;
  std::string buffer;
  while (const MYSQL_ROW row = mysql_fetch_row(result)) {
    const std::string_view body(row[0], mysql_fetch_lengths(result)[0]);
    ++count.rows;
    if (!decode) {
      uint32_t size = static_cast<uint32_t>(body.size());  // See body_codec.h.
      if (body[0] != '{') std::memcpy(&size, body.data() + 1, sizeof size);
      count.bytes += size;
      continue;
    }
    const auto json = pedia::storage::DecodeBody(body, &buffer);
    if (!json.ok()) std::exit(1);
    count.bytes += static_cast<double>(json->size());
  }
  mysql_free_result(result);
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 1;
  MYSQL* connection = mysql_init(nullptr);
  if (mysql_real_connect(connection, nullptr, argv[3], nullptr, "pedia", 0, argv[2], 0) == nullptr)
    Die(connection);
  const bool decode = std::strcmp(argv[1], "read") != 0;
  const double start = Now();
  Count count;
  if (argc > 5) {
    for (const double end = start + std::atof(argv[5]); Now() < end; ++count.rows)
      count.bytes += Read(connection, kBodies + (std::string(" LIMIT ") + argv[4]), true).bytes;
  } else {
    count = Read(connection, kBodies, decode);
  }
  const double seconds = Now() - start;
  std::printf("%.1f %.1f\n", count.rows / seconds, count.bytes / seconds / 1e6);
  mysql_close(connection);
}
