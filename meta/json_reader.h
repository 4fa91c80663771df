// JsonReader: a pull scan over the bytes of one JSON document; no DOM, no allocation, one pass.
// Example, the name in {"metadata":{"name":"a"}}:
//   JsonReader reader(body);
//   reader.BeginObject();
//   for (std::string_view key; reader.NextMember(&key);) {
//     if (key != "metadata") { reader.Skip(); continue; }
//     ...
//   }
// Source: RFC 8259.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "meta/json_string.h"     // IWYU pragma: export
#include "meta/json_validator.h"  // IWYU pragma: export

namespace pedia {

enum class JsonType { kObject, kArray, kString, kNumber, kBool, kNull, kEnd };

// Reads a document from its first byte on. Every value must be consumed exactly once: by
// Begin.../Next..., a Read..., or Skip. Malformed input makes ok() false for good and ends every
// loop; it never reads outside `document`, which must outlive the reader and everything read from
// it. One thread. Documents nested deeper than 512 are malformed.
class JsonReader {
 public:
  explicit JsonReader(std::string_view document)
      : begin_(document.data()), at_(begin_), end_(begin_ + document.size()) {}

  bool ok() const { return !failed_; }
  // The type of the value that stands next; kEnd at the end of the text or after a failure.
  JsonType Peek();

  // Enters an object. If the value is none: false, the value is skipped, and NextMember must not be
  // called for it.
  bool BeginObject();
  bool BeginArray();
  // Moves to the next member and gives its key, escapes NOT decoded; false at the closing brace,
  // which it consumes.
  bool NextMember(std::string_view* raw_key);
  // Moves to the next element; false at the closing bracket, which it consumes.
  bool NextElement();

  // Consumes any value and returns its bytes, trimmed.
  std::string_view Skip();
  // A string without its quotes, escapes not decoded. Any other value is skipped and gives "".
  std::string_view ReadRawString();
  // Whether the key or string that was consumed last has escapes.
  bool had_escapes() const { return had_escapes_; }
  // A decoded string; any other value is skipped and gives "". The view is into the document, or
  // into `*buffer` when there were escapes. Lone surrogates become U+FFFD.
  std::string_view ReadString(std::string* buffer);
  std::string ReadString();
  // An integer; any other value (fractions too) is skipped and gives nothing.
  std::optional<int64_t> ReadInt();
  std::optional<bool> ReadBool();
  // The text of a scalar as Clusterpedia's selectors see it: a decoded string, "3", "true"; nothing
  // for null, object, array.
  std::optional<std::string> ReadScalarText();
  // Consumes the rest of the object or array that was entered last, closing bracket included.
  void SkipRest();
  // The offset of the next unread byte; for splicing.
  size_t offset() const { return static_cast<size_t>(at_ - begin_); }

 private:
  static constexpr int kMaxDepth = 512;

  void SkipSpace();
  bool Fail();
  bool Enter(char open);
  bool SkipString();  // at_ stands on the quote.
  bool SkipToClosing();

  const char* begin_;
  const char* at_;
  const char* end_;
  bool failed_ = false;
  bool fresh_ = false;  // The container entered last has not given a member or element yet.
  bool had_escapes_ = false;
  int depth_ = 0;
};

}  // namespace pedia
