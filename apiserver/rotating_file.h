// RotatingFile: a file of lines that is renamed when it has grown, "audit.log" to
// "audit-2026-11-23T20-41-21.123.log", and whose predecessors are removed in time.
// Source: kube-apiserver --audit-log-maxsize, --audit-log-maxbackup, --audit-log-maxage.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "meta/result.h"

namespace pedia::apiserver {

struct RotationOptions {
  std::string path;               // "-": standard output, never renamed.
  uint64_t max_bytes = 0;         // 0: never renamed.
  int max_backups = 0;            // Kept beside the file; 0: any number.
  std::chrono::hours max_age{0};  // Of those, by their names; 0: any.
};

// One thread.
class RotatingFile {
 public:
  // Appends to a file that is there. Errors: InternalError, with path and cause.
  static Result<RotatingFile> Open(const RotationOptions& options);
  RotatingFile(RotatingFile&& other) noexcept;
  RotatingFile& operator=(RotatingFile&&) = delete;
  ~RotatingFile();

  // `lines`: whole ones. Renames before a line that would go beyond max_bytes. Gives how many bytes
  // were written, up to the end of a line; the log says why not all, once.
  size_t Write(std::string_view lines);

 private:
  explicit RotatingFile(const RotationOptions& options) : options_(options) {}
  Status OpenFile();
  void Rotate();
  void Prune() const;
  bool WriteAll(std::string_view bytes);

  const RotationOptions options_;
  int fd_ = -1;
  bool regular_ = false;
  uint64_t size_ = 0;
  bool failing_ = false;  // Said once.
};

}  // namespace pedia::apiserver
