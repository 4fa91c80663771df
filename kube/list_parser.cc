#include "kube/list_parser.h"

#include <array>

#include "meta/json_reader.h"

namespace pedia::kube {
namespace {

constexpr size_t kKeepCapacity =
    1 << 20;  // A larger buffer is given back after the item that needed it.

constexpr bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

using ByteSet = std::array<bool, 256>;

constexpr ByteSet MakeSet(std::string_view bytes) {
  ByteSet set{};
  for (const char c : bytes) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr ByteSet kStructural = MakeSet("\"{}[]");
constexpr ByteSet kStringSpecial = MakeSet("\"\\");
constexpr ByteSet kScalarEnd = MakeSet(",]} \n\t\r");

inline const char* FindAny(const ByteSet& set, const char* at, const char* end) {
  while (end - at >= 4) {
    if (set[static_cast<unsigned char>(at[0])]) return at;
    if (set[static_cast<unsigned char>(at[1])]) return at + 1;
    if (set[static_cast<unsigned char>(at[2])]) return at + 2;
    if (set[static_cast<unsigned char>(at[3])]) return at + 3;
    at += 4;
  }
  while (at != end && !set[static_cast<unsigned char>(*at)]) ++at;
  return at;
}

}  // namespace

ListParser::ListParser(std::function<void(std::string_view item)> item, size_t max_item_bytes)
    : item_(std::move(item)), max_item_bytes_(max_item_bytes) {}

Status ListParser::Feed(std::string_view bytes) {
  if (!failure_.ok()) return failure_;
  feed_ = bytes.data();
  const char* const end = bytes.data() + bytes.size();
  for (const char* at = bytes.data(); at != end;) {
    at = Step(at, end);
    if (at == nullptr) return failure_;
  }
  feed_offset_ += bytes.size();
  return Status();
}

Status ListParser::Finish() {
  if (!failure_.ok()) return failure_;
  if (expect_ != Expect::kNothing) {
    failure_ = BadRequest("truncated list: it ends at byte " + std::to_string(feed_offset_) +
                          ", after " + std::to_string(items_) + " items");
  } else if (!seen_items_) {
    failure_ = BadRequest("malformed list: it has no \"items\"");
  }
  return failure_;
}

const char* ListParser::Fail(std::string_view what, const char* at) {
  const uint64_t offset = feed_offset_ + static_cast<uint64_t>(at - feed_);
  failure_ =
      BadRequest("malformed list: " + std::string(what) + " at byte " + std::to_string(offset));
  partial_ = std::string();
  return nullptr;
}

const char* ListParser::Step(const char* at, const char* end) {
  if (shape_ != Shape::kNone) return ContinueValue(at, end);
  if (IsSpace(*at)) return at + 1;
  const char c = *at;
  switch (expect_) {
    case Expect::kDocument:
      if (c != '{') return Fail("expected '{'", at);
      expect_ = Expect::kKeyOrEnd;
      return at + 1;
    case Expect::kKeyOrEnd:
    case Expect::kKey:
      if (c == '}' && expect_ == Expect::kKeyOrEnd) {
        expect_ = Expect::kNothing;
        return at + 1;
      }
      if (c != '"') return Fail("expected a key", at);
      return StartValue(at, end);
    case Expect::kColon:
      if (c != ':') return Fail("expected ':'", at);
      expect_ = Expect::kValue;
      return at + 1;
    case Expect::kValue:
      if (key_ != "items" || c == 'n') return StartValue(at, end);
      if (c != '[') return Fail("\"items\" is not an array", at);
      if (seen_items_) return Fail("\"items\" stands twice", at);
      seen_items_ = true;
      expect_ = Expect::kItemOrEnd;
      return at + 1;
    case Expect::kCommaOrEnd:
      if (c != ',' && c != '}') return Fail("expected ',' or '}'", at);
      expect_ = c == ',' ? Expect::kKey : Expect::kNothing;
      return at + 1;
    case Expect::kItemOrEnd:
    case Expect::kItem:
      if (c == ']' && expect_ == Expect::kItemOrEnd) {
        expect_ = Expect::kCommaOrEnd;
        return at + 1;
      }
      if (c != '{') return Fail("item " + std::to_string(items_) + " is not an object", at);
      return StartValue(at, end);
    case Expect::kItemCommaOrEnd:
      if (c != ',' && c != ']') return Fail("expected ',' or ']'", at);
      expect_ = c == ',' ? Expect::kItem : Expect::kCommaOrEnd;
      return at + 1;
    case Expect::kNothing:
      break;
  }
  return Fail("garbage after the document", at);
}

const char* ListParser::StartValue(const char* at, const char* end) {
  in_string_ = escaped_ = false;
  depth_ = 0;
  shape_ = *at == '{' || *at == '[' ? Shape::kContainer
           : *at == '"'             ? Shape::kString
                                    : Shape::kScalar;
  if (shape_ == Shape::kScalar && kScalarEnd[static_cast<unsigned char>(*at)])
    return Fail("expected a value", at);
  return ContinueValue(at, end);
}

const char* ListParser::ContinueValue(const char* at, const char* end) {
  const char* const value_end = FindValueEnd(at, end);
  const std::string_view piece(at,
                               static_cast<size_t>((value_end != nullptr ? value_end : end) - at));
  if (partial_.size() + piece.size() > max_item_bytes_) return Fail("a value is too large", at);
  if (value_end == nullptr) {
    partial_.append(piece);
    return end;
  }
  bool taken;
  if (partial_.empty()) {
    taken = TakeValue(piece);
  } else {
    partial_.append(piece);
    taken = TakeValue(partial_);
    if (partial_.capacity() > kKeepCapacity) partial_ = std::string();
    partial_.clear();
  }
  shape_ = Shape::kNone;
  return taken ? value_end : Fail("a value is not well-formed; it ends", value_end);
}

const char* ListParser::FindValueEnd(const char* at, const char* end) {
  if (shape_ == Shape::kScalar) {
    const char* const found = FindAny(kScalarEnd, at, end);
    return found == end ? nullptr : found;
  }
  while (at != end) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
        ++at;
        continue;
      }
      at = FindAny(kStringSpecial, at, end);
      if (at == end) return nullptr;
      escaped_ = *at == '\\';
      in_string_ = escaped_;
      ++at;
      if (!in_string_ && shape_ == Shape::kString) return at;
      continue;
    }
    at = FindAny(kStructural, at, end);
    if (at == end) return nullptr;
    const char c = *at++;
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (--depth_ == 0) {
      return at;
    }
  }
  return nullptr;
}

bool ListParser::TakeValue(std::string_view text) {
  switch (expect_) {
    case Expect::kKeyOrEnd:
    case Expect::kKey:
      if (!IsValidJson(text)) return false;
      key_ = DecodeJsonString(text.substr(1, text.size() - 2));
      expect_ = Expect::kColon;
      return true;
    case Expect::kValue:
      expect_ = Expect::kCommaOrEnd;
      return TakeMember(text);
    default:
      expect_ = Expect::kItemCommaOrEnd;
      return TakeItem(text);
  }
}

bool ListParser::TakeItem(std::string_view text) {
  if (!IsValidJson(text)) return false;
  ++items_;
  item_(text);
  return true;
}

bool ListParser::TakeMember(std::string_view text) {
  if (!IsValidJson(text)) return false;
  if (key_ == "items") {  // Go writes an empty slice as null. Only null comes here.
    seen_items_ = true;
  } else if (key_ == "kind") {
    kind_ = JsonReader(text).ReadString();
  } else if (key_ == "metadata") {
    ReadListMeta(text);
  }
  return true;
}

void ListParser::ReadListMeta(std::string_view text) {
  JsonReader reader(text);
  if (!reader.BeginObject()) return;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "resourceVersion") {
      resource_version_ = reader.ReadString();
    } else if (key == "continue") {
      continue_ = reader.ReadString();
    } else if (key == "remainingItemCount") {
      const auto count = reader.ReadInt();
      remaining_ = count && *count >= 0 ? std::to_string(*count) : "";
    } else {
      reader.Skip();
    }
  }
}

}  // namespace pedia::kube
