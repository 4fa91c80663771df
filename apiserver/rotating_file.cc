#include "apiserver/rotating_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "meta/log.h"

namespace pedia::apiserver {
namespace {

namespace fs = std::filesystem;
using std::chrono::system_clock;

constexpr std::string_view kTimeFormat = "0000-00-00T00-00-00.000";

std::string TimeText(system_clock::time_point time) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H-%M-%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%03d", static_cast<int>(milliseconds % 1000));
  return text;
}

bool IsTime(std::string_view text) {
  return std::equal(
      text.begin(), text.end(), kTimeFormat.begin(), kTimeFormat.end(),
      [](char c, char form) { return form == '0' ? c >= '0' && c <= '9' : c == form; });
}

std::string BackupName(const fs::path& path, std::string_view time) {
  return path.stem().string() + '-' + std::string(time) + path.extension().string();
}

// The time in the name of a backup of `path`; empty: it is none.
std::optional<std::string> TimeOfBackup(const fs::path& path, const std::string& name) {
  const std::string before = path.stem().string() + '-';
  const std::string after = path.extension().string();
  if (name.size() != before.size() + kTimeFormat.size() + after.size()) return std::nullopt;
  std::string time = name.substr(before.size(), kTimeFormat.size());
  if (!IsTime(time) || name != BackupName(path, time)) return std::nullopt;
  return time;
}

Status Failure(const std::string& what, const std::string& path) {
  return InternalError("cannot " + what + " " + path + ": " + std::strerror(errno));
}

}  // namespace

Result<RotatingFile> RotatingFile::Open(const RotationOptions& options) {
  RotatingFile file(options);
  if (options.path == "-") {
    file.fd_ = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    if (file.fd_ < 0) return Failure("use", "standard output");
    return file;
  }
  if (Status status = file.OpenFile(); !status.ok()) return status;
  file.Prune();
  return file;
}

RotatingFile::RotatingFile(RotatingFile&& other) noexcept
    : options_(other.options_),
      fd_(std::exchange(other.fd_, -1)),
      regular_(other.regular_),
      size_(other.size_) {}

RotatingFile::~RotatingFile() {
  if (fd_ >= 0) ::close(fd_);
}

// Who asked for what is nobody else's business.
Status RotatingFile::OpenFile() {
  const int fd = ::open(options_.path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  struct stat info {};
  if (fd < 0 || ::fstat(fd, &info) != 0) {
    Status status = Failure("open", options_.path);
    if (fd >= 0) ::close(fd);
    return status;
  }
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
  regular_ = S_ISREG(info.st_mode);
  size_ = regular_ ? static_cast<uint64_t>(info.st_size) : 0;
  return {};
}

size_t RotatingFile::Write(std::string_view lines) {
  size_t written = 0;
  while (written < lines.size()) {
    std::string_view piece = lines.substr(written);
    if (regular_ && options_.max_bytes > 0) {
      const uint64_t room = options_.max_bytes - std::min(size_, options_.max_bytes);
      const size_t first = piece.find('\n') + 1;
      if (first > room && size_ > 0) Rotate();
      if (piece.size() > room && first <= room) {
        piece = piece.substr(0, piece.rfind('\n', static_cast<size_t>(room) - 1) + 1);
      } else if (piece.size() > room) {
        piece = piece.substr(0, first);
      }
    }
    if (!WriteAll(piece)) break;
    written += piece.size();
  }
  return written;
}

// All or nothing, where that is possible.
bool RotatingFile::WriteAll(std::string_view bytes) {
  const uint64_t start = size_;
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      if (!std::exchange(failing_, true)) LogError(Failure("write", options_.path).message());
      if (regular_ && size_ > start && ::ftruncate(fd_, static_cast<off_t>(start)) == 0)
        size_ = start;
      return false;
    }
    size_ += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  failing_ = false;
  return true;
}

void RotatingFile::Rotate() {
  const fs::path path(options_.path);
  // Two within a millisecond get names of their own, so that none is written over.
  auto time = system_clock::now();
  std::error_code failure;
  fs::path backup;
  do {
    backup = path.parent_path() / BackupName(path, TimeText(time));
    time += std::chrono::milliseconds(1);
  } while (fs::exists(backup, failure));
  fs::rename(path, backup, failure);
  if (failure) LogError("cannot rename " + options_.path + ": " + failure.message());
  if (Status status = OpenFile(); !status.ok()) LogError(status.message());
  Prune();
}

void RotatingFile::Prune() const {
  const fs::path path(options_.path);
  const fs::path directory = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::vector<std::pair<std::string, fs::path>> backups;
  std::error_code failure;
  for (fs::directory_iterator it(directory, failure), end; !failure && it != end;
       it.increment(failure)) {
    if (auto time = TimeOfBackup(path, it->path().filename().string()))
      backups.emplace_back(*std::move(time), it->path());
  }
  std::sort(backups.rbegin(), backups.rend());
  const std::string oldest = TimeText(system_clock::now() - options_.max_age);
  for (size_t i = 0; i < backups.size(); ++i) {
    const bool surplus = options_.max_backups > 0 && i >= static_cast<size_t>(options_.max_backups);
    const bool aged = options_.max_age.count() > 0 && backups[i].first < oldest;
    if ((surplus || aged) && !fs::remove(backups[i].second, failure))
      LogError("cannot remove " + backups[i].second.string() + ": " + failure.message());
  }
}

}  // namespace pedia::apiserver
