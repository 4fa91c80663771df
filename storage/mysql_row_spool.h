// RowSpool: rows put aside, the first ones in memory, the rest in a file without a name.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::storage {

// First all rows are appended, then all are read, in the same order. One thread.
class RowSpool {
 public:
  explicit RowSpool(size_t memory = 1024 * 1024) : memory_(memory) {}
  ~RowSpool();
  RowSpool(const RowSpool&) = delete;
  RowSpool& operator=(const RowSpool&) = delete;

  // Adds a value to the row; nullopt is NULL.
  void Append(std::optional<std::string_view> value);
  // Ends the row. Errors: ServiceUnavailable if it cannot be written.
  Status EndRow();

  // Reads the next row of `columns` values, valid until the next call. False at the end. Errors:
  // ServiceUnavailable if it cannot be read.
  Result<bool> Next(size_t columns, std::vector<std::optional<std::string_view>>* row);

 private:
  Status WriteOut();
  Status Require(size_t bytes);  // Has so many bytes at `at_`.

  const size_t memory_;
  std::string buffer_;  // Appended and not written; then: read and not used.
  size_t at_ = 0;       // In `buffer_`, when reading.
  int file_ = -1;
  uint64_t written_ = 0;
  uint64_t read_ = 0;
  uint64_t rows_ = 0;
  bool reading_ = false;
};

}  // namespace pedia::storage
