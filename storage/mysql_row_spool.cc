#include "storage/mysql_row_spool.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "meta/log.h"

namespace pedia::storage {
namespace {

constexpr size_t kChunk = 256 * 1024;
constexpr uint32_t kNull = UINT32_MAX;

Status Failed(const char* what) {
  LogError(std::string("rows cannot be put aside: ") + what + ": " + std::strerror(errno));
  return ServiceUnavailable("the store cannot be used at the moment");
}

}  // namespace

RowSpool::~RowSpool() {
  if (file_ >= 0) close(file_);
}

// A value is its length in 4 bytes, then its bytes.
void RowSpool::Append(std::optional<std::string_view> value) {
  const uint32_t length = value ? static_cast<uint32_t>(value->size()) : kNull;
  buffer_.append(reinterpret_cast<const char*>(&length), sizeof(length));
  if (value) buffer_.append(*value);
}

Status RowSpool::EndRow() {
  ++rows_;
  return buffer_.size() < memory_ ? Status() : WriteOut();
}

Status RowSpool::WriteOut() {
  if (file_ < 0) {
    std::error_code error;
    std::string path = (std::filesystem::temp_directory_path(error) / "pedia-rows-XXXXXX").string();
    file_ = mkstemp(path.data());
    if (file_ < 0) return Failed("temporary file");
    unlink(path.c_str());
  }
  for (size_t at = 0; at < buffer_.size();) {
    const ssize_t n = write(file_, buffer_.data() + at, buffer_.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Failed("write");
    at += static_cast<size_t>(n);
  }
  written_ += buffer_.size();
  buffer_.clear();
  return Status();
}

Result<bool> RowSpool::Next(size_t columns, std::vector<std::optional<std::string_view>>* row) {
  if (!reading_) {
    // What is still in memory is the end of what is in the file.
    if (file_ >= 0 && !buffer_.empty()) {
      if (Status status = WriteOut(); !status.ok()) return status;
    }
    reading_ = true;
  }
  if (rows_ == 0) return false;
  --rows_;
  if (at_ >= kChunk) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  // Views are made last: until then the buffer may move.
  std::vector<std::pair<size_t, uint32_t>> values;
  for (size_t i = 0; i < columns; ++i) {
    uint32_t length = 0;
    if (Status status = Require(sizeof(length)); !status.ok()) return status;
    std::memcpy(&length, buffer_.data() + at_, sizeof(length));
    at_ += sizeof(length);
    values.emplace_back(at_, length);
    if (length == kNull) continue;
    if (Status status = Require(length); !status.ok()) return status;
    at_ += length;
  }
  row->clear();
  for (const auto& [at, length] : values) {
    if (length == kNull) row->emplace_back();
    if (length != kNull) row->emplace_back(std::string_view(buffer_).substr(at, length));
  }
  return true;
}

Status RowSpool::Require(size_t bytes) {
  while (buffer_.size() - at_ < bytes) {
    const size_t had = buffer_.size();
    const size_t wanted = std::min<uint64_t>(std::max(kChunk, bytes), written_ - read_);
    if (wanted == 0) return InternalError("rows put aside are incomplete");
    buffer_.resize(had + wanted);
    const ssize_t n = pread(file_, buffer_.data() + had, wanted, static_cast<off_t>(read_));
    buffer_.resize(had + static_cast<size_t>(std::max<ssize_t>(n, 0)));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Failed("read");
    read_ += static_cast<uint64_t>(n);
  }
  return Status();
}

}  // namespace pedia::storage
