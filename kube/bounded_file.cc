#include "kube/bounded_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace pedia::kube {
namespace {

Status Failure(int error) {
  const std::string why = std::generic_category().message(error);
  return error == ENOENT || error == ENOTDIR ? Status(StatusReason::kNotFound, why)
                                             : BadRequest(why);
}

}  // namespace

Result<std::string> ReadBoundedFile(const std::filesystem::path& path, size_t max_bytes) {
  const int fd = open(
      path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // A pipe without a writer must not block.
  if (fd < 0) return Failure(errno);
  struct stat info {};
  if (fstat(fd, &info) != 0 || S_ISDIR(info.st_mode)) {
    close(fd);
    return Failure(EISDIR);
  }
  std::string content;
  std::array<char, 16384> buffer;
  ssize_t size;
  while ((size = read(fd, buffer.data(), buffer.size())) != 0) {
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 || content.size() + static_cast<size_t>(size) > max_bytes) break;
    content.append(buffer.data(), static_cast<size_t>(size));
  }
  const int error = errno;
  close(fd);
  if (size > 0) return BadRequest("it is larger than " + std::to_string(max_bytes) + " bytes");
  if (size < 0) return Failure(error);
  return content;
}

}  // namespace pedia::kube
