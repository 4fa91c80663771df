// The parameters of a PostgreSQL statement in the binary form: numbers as int8, texts and blobs as
// bytea.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sql_statement.h"
#include "storage/table.h"

namespace pedia::storage {

inline constexpr unsigned kPostgresBytea = 17;
inline constexpr unsigned kPostgresInt8 = 20;

// Big-endian, as on the wire.
void AppendInt16(int16_t value, std::string* out);
void AppendInt32(int32_t value, std::string* out);
void AppendInt64(int64_t value, std::string* out);
// The length in 4 bytes and the value; the length -1 for NULL.
void AppendField(const SqlParameter& value, std::string* out);

// The arguments of libpq's functions. Refers to the bytes of texts. One thread.
class PostgresParameters {
 public:
  PostgresParameters() = default;
  explicit PostgresParameters(std::span<const SqlParameter> values);
  PostgresParameters(const PostgresParameters&) = delete;
  PostgresParameters& operator=(const PostgresParameters&) = delete;

  // A column of row-major `rows` of `width` columns, as an array.
  void AddColumn(ColumnType type, std::span<const SqlParameter> rows, size_t column, size_t width);

  int count() const { return static_cast<int>(values_.size()); }
  // nullptr for NULL and an empty list; types: 0 where the server decides (NULL).
  const unsigned* types() const { return types_.data(); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  void Add(unsigned type, const char* data, size_t size);

  std::vector<std::array<char, 8>> numbers_;
  std::deque<std::string> arrays_;
  std::vector<unsigned> types_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

}  // namespace pedia::storage
