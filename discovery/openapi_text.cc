#include "discovery/openapi_text.h"

#include <algorithm>

namespace pedia::discovery {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// Behind the string whose opening quote stands at `quote`.
size_t StringEnd(std::string_view json, size_t quote) {
  size_t at = quote + 1;
  while (at < json.size() && json[at] != '"') {
    at = std::min(json.find_first_of("\"\\", at), json.size());
    if (at < json.size() && json[at] == '\\') at += 2;
  }
  return std::min(at + 1, json.size());
}

}  // namespace

void AppendCompactJson(std::string_view json, std::string* out) {
  for (size_t at = 0; at < json.size();) {
    const size_t run = at;
    while (at < json.size() && !IsSpace(json[at]))
      at = json[at] == '"' ? StringEnd(json, at) : at + 1;
    out->append(json.substr(run, at - run));
    while (at < json.size() && IsSpace(json[at])) ++at;
  }
}

std::string_view GroupVersionPathOf(std::string_view path) {
  const bool core = path.starts_with("/api/");
  if (!core && !path.starts_with("/apis/")) return "";
  size_t end = core ? 4 : 5;  // The slash before the next segment.
  for (int segments = core ? 1 : 2; segments > 0; --segments) {
    const size_t next = path.find('/', end + 1);
    if (next == std::string_view::npos) return "";
    end = next;
  }
  return path.substr(1, end - 1);
}

bool IsWatchPath(std::string_view path) {
  const std::string_view group_version = GroupVersionPathOf(path);
  return !group_version.empty() && path.substr(1 + group_version.size()).starts_with("/watch/");
}

}  // namespace pedia::discovery
