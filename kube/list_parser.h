// ListParser: takes a list response apart, item by item, while it streams in: memory is one item,
// not one page. Source: metav1.List:
// {"kind":"PodList","metadata":{"resourceVersion":"7","continue":"..."},"items":[...]}, keys in any
// order.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "meta/result.h"

namespace pedia::kube {

// One thread. Feed bytes as they come, then Finish.
class ListParser {
 public:
  // `item` gets the bytes of one element of "items", checked to be a well-formed JSON object; valid
  // during the call. Items larger than `max_item_bytes` are an error.
  explicit ListParser(std::function<void(std::string_view item)> item,
                      size_t max_item_bytes = 32 << 20);

  // Errors: BadRequest, what was malformed and at which offset; then the parser is dead.
  Status Feed(std::string_view bytes);
  // The document must be complete and have "items" (an array or null). Errors: BadRequest
  // "truncated ...".
  Status Finish();

  // Known after Finish.
  const std::string& resource_version() const { return resource_version_; }
  const std::string& continue_token() const { return continue_; }
  const std::string& remaining_item_count() const { return remaining_; }  // Digits or "".
  const std::string& kind() const { return kind_; }                       // "PodList"

 private:
  // What stands next in the top-level object.
  enum class Expect : uint8_t {
    kDocument,
    kKeyOrEnd,
    kKey,
    kColon,
    kValue,
    kCommaOrEnd,
    kItemOrEnd,
    kItem,
    kItemCommaOrEnd,
    kNothing
  };
  // The value that is being read: a member's key, its value, or an item.
  enum class Shape : uint8_t { kNone, kContainer, kString, kScalar };

  // Consumes from `at` what it can; the new position, or nullptr after a failure.
  const char* Step(const char* at, const char* end);
  const char* StartValue(const char* at, const char* end);
  const char* ContinueValue(const char* at, const char* end);
  // Where the value ends, or nullptr if that is not in [at, end).
  const char* FindValueEnd(const char* at, const char* end);
  bool TakeValue(std::string_view text);
  bool TakeItem(std::string_view text);
  bool TakeMember(std::string_view text);
  void ReadListMeta(std::string_view text);
  const char* Fail(std::string_view what, const char* at);

  std::function<void(std::string_view)> item_;
  size_t max_item_bytes_;
  std::string resource_version_, continue_, remaining_, kind_;

  Status failure_;
  Expect expect_ = Expect::kDocument;
  Shape shape_ = Shape::kNone;
  bool in_string_ = false;  // Inside a string within the value; with escaped_, what a split between
                            // two Feeds needs.
  bool escaped_ = false;
  bool seen_items_ = false;
  size_t depth_ = 0;     // Of brackets open in the value.
  std::string key_;      // Of the current member, decoded.
  std::string partial_;  // The value's bytes from earlier Feeds.
  const char* feed_ =
      nullptr;  // The first byte of this Feed, and the offset of it in the document.
  uint64_t feed_offset_ = 0;
  uint64_t items_ = 0;
};

}  // namespace pedia::kube
