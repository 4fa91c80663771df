// WatchParser: splits a watch stream into events: {"type":"ADDED","object":{...}} per line.
// Source: Kubernetes API concepts "Efficient detection of changes"; metav1.WatchEvent.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "meta/result.h"

namespace pedia::kube {

enum class WatchEventType { kAdded, kModified, kDeleted, kBookmark, kError };

struct WatchEvent {
  WatchEventType type;
  std::string_view
      object;  // The bytes of "object", a well-formed JSON object. Valid during the call.
};

// One thread. A line that straddles two Feeds is kept; others are not copied.
class WatchParser {
 public:
  explicit WatchParser(size_t max_line_bytes = 32 << 20) : max_line_bytes_(max_line_bytes) {}
  // Calls `event` for each complete line; `event` returning false stops (the rest of `bytes` is
  // dropped). Errors: BadRequest for a line that is malformed, too long or of an unknown type.
  Status Feed(std::string_view bytes, const std::function<bool(const WatchEvent&)>& event);
  bool HasPartialLine() const { return !tail_.empty(); }

 private:
  // False if the receiver wants no more.
  Result<bool> TakeLine(std::string_view line, const std::function<bool(const WatchEvent&)>& event);

  size_t max_line_bytes_;
  std::string tail_;
};

}  // namespace pedia::kube
