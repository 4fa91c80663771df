#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "query/list_options.h"
#include "query/strconv.h"

namespace pedia::query {
namespace {

constexpr size_t kMaxPatterns = 256;
constexpr size_t kMaxFoundBytes = 1024;

// Splits at commas, blanks removed; "" gives one empty part: the core group.
std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else if (c != ' ') {
      parts.back().push_back(c);
    }
  }
  return parts;
}

// Group, version, resource: up to three parts between slashes. Nothing (false) if there are more.
bool SplitSlashes(std::string_view text, std::array<std::string, 3>* parts, size_t* count) {
  for (*count = 0; *count < parts->size();) {
    const size_t slash = text.find('/');
    (*parts)[(*count)++] = text.substr(0, slash);
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
  return false;
}

Status Unexpected(std::string_view parameter, std::string_view type, std::string_view text,
                  std::string_view expected) {
  std::string found(text.substr(0, kMaxFoundBytes));
  if (text.size() > kMaxFoundBytes) found += "...";
  return BadRequest(std::string(parameter) + " query: unexpected " + std::string(type) +
                    " string: " + found + ", expect " + std::string(expected));
}

Result<ResourcePattern> ParseGroup(std::string_view text) {
  std::array<std::string, 3> parts;
  size_t count = 0;
  if (!SplitSlashes(text, &parts, &count) || count > 2)
    return Unexpected("groups", "GroupVersion", text, "<group> or <group>/<version>");
  return ResourcePattern{std::move(parts[0]), std::move(parts[1]), "", false};
}

Result<ResourcePattern> ParseResource(std::string_view text) {
  std::array<std::string, 3> parts;
  size_t count = 0;
  if (!SplitSlashes(text, &parts, &count) || count < 2 || parts[count - 1].empty()) {
    return Unexpected("resources", "GroupVersionResource", text,
                      "<group>/<resource> or <group>/<version>/<resource>");
  }
  if (count == 2) return ResourcePattern{std::move(parts[0]), "", std::move(parts[1]), false};
  return ResourcePattern{std::move(parts[0]), std::move(parts[1]), std::move(parts[2]), false};
}

// Collects patterns, each once.
class Patterns {
 public:
  // Reads each part of `text` with `parse`. Errors: those of `parse`; too many patterns.
  template <typename Parse>
  Status Read(std::string_view parameter, const std::vector<std::string>& parts, Parse parse) {
    for (const std::string& part : parts) {
      Result<ResourcePattern> pattern = parse(part);
      if (!pattern.ok()) return pattern.status();
      if (!seen_.insert({pattern->group, pattern->version, pattern->resource}).second) continue;
      if (patterns_.size() == kMaxPatterns) {
        return BadRequest(std::string(parameter) + " query: more than " +
                          std::to_string(kMaxPatterns) + " of them");
      }
      patterns_.push_back(*std::move(pattern));
    }
    return Status();
  }

  std::vector<ResourcePattern> Take() { return std::move(patterns_); }

 private:
  std::vector<ResourcePattern> patterns_;
  std::set<std::array<std::string, 3>> seen_;
};

}  // namespace

Result<std::vector<ResourcePattern>> ParseResourcePatterns(const UrlQuery& query) {
  const auto groups = query.Find("groups");
  const auto resources = query.Find("resources");
  if (!groups && !resources) return BadRequest("url query - `groups` or `resources` is required");
  Patterns patterns;
  if (groups) {
    const std::vector<std::string> parts = Split(*groups);
    if (std::find(parts.begin(), parts.end(), "*") != parts.end())
      return std::vector<ResourcePattern>{{"", "", "", true}};
    if (Status status = patterns.Read("groups", parts, ParseGroup); !status.ok()) return status;
  }
  if (resources) {
    if (Status status = patterns.Read("resources", Split(*resources), ParseResource); !status.ok())
      return status;
  }
  return patterns.Take();
}

}  // namespace pedia::query
