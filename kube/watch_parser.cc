#include "kube/watch_parser.h"

#include <cstring>
#include <optional>

#include "meta/json_reader.h"

namespace pedia::kube {
namespace {

constexpr size_t kKeepCapacity =
    64 << 10;  // Thousands of watches are open at once: give larger tails back.

std::optional<WatchEventType> ParseType(std::string_view text) {
  if (text == "ADDED") return WatchEventType::kAdded;
  if (text == "MODIFIED") return WatchEventType::kModified;
  if (text == "DELETED") return WatchEventType::kDeleted;
  if (text == "BOOKMARK") return WatchEventType::kBookmark;
  if (text == "ERROR") return WatchEventType::kError;
  return std::nullopt;
}

struct RawEvent {
  std::string type;
  std::string_view object;
};

// The members of an event in any order; empty if the line is not one.
std::optional<RawEvent> SplitEvent(std::string_view line) {
  RawEvent event;
  JsonReader reader(line);
  if (!reader.BeginObject()) return std::nullopt;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "type") {
      event.type = reader.ReadString();
    } else if (key == "object") {
      event.object = reader.Skip();
    } else {
      reader.Skip();
    }
  }
  if (!reader.ok() || reader.Peek() != JsonType::kEnd || !reader.ok()) return std::nullopt;
  return event;
}

}  // namespace

Status WatchParser::Feed(std::string_view bytes,
                         const std::function<bool(const WatchEvent&)>& event) {
  while (!bytes.empty()) {
    const void* const newline = std::memchr(bytes.data(), '\n', bytes.size());
    const size_t length =
        newline == nullptr ? bytes.size()
                           : static_cast<size_t>(static_cast<const char*>(newline) - bytes.data());
    if (tail_.size() + length > max_line_bytes_) {
      tail_ = std::string();
      return BadRequest("malformed watch event: longer than " + std::to_string(max_line_bytes_) +
                        " bytes");
    }
    if (newline == nullptr) {
      tail_.append(bytes);
      return Status();
    }
    const std::string_view line = bytes.substr(0, length);
    bytes.remove_prefix(length + 1);
    if (!tail_.empty()) tail_.append(line);
    const Result<bool> more = TakeLine(tail_.empty() ? line : std::string_view(tail_), event);
    if (tail_.capacity() > kKeepCapacity) tail_ = std::string();
    tail_.clear();
    if (!more.ok()) return more.status();
    if (!*more) return Status();
  }
  return Status();
}

Result<bool> WatchParser::TakeLine(std::string_view line,
                                   const std::function<bool(const WatchEvent&)>& event) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return true;
  const std::optional<RawEvent> raw = SplitEvent(line);
  if (!raw) return BadRequest("malformed watch event: not a JSON object");
  const std::optional<WatchEventType> type = ParseType(raw->type);
  if (!type)
    return BadRequest("malformed watch event: unknown type " + JsonString(raw->type.substr(0, 64)));
  if (!raw->object.starts_with('{') || !IsValidJson(raw->object)) {
    return BadRequest("malformed watch event: \"object\" is missing or not well-formed");
  }
  return event(WatchEvent{*type, raw->object});
}

}  // namespace pedia::kube
