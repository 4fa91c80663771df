#include "meta/json_reader.h"

#include <charconv>

#include "meta/json_bytes.h"

namespace pedia {
namespace {

using json_bytes::IsSpace;

bool EndsScalar(char c) { return c == ',' || c == '}' || c == ']' || c == ':' || IsSpace(c); }

}  // namespace

void JsonReader::SkipSpace() {
  while (at_ < end_ && IsSpace(*at_)) ++at_;
}

bool JsonReader::Fail() {
  failed_ = true;
  at_ = end_;
  return false;
}

JsonType JsonReader::Peek() {
  SkipSpace();
  if (failed_ || at_ == end_) return JsonType::kEnd;
  switch (*at_) {
    case '{':
      return JsonType::kObject;
    case '[':
      return JsonType::kArray;
    case '"':
      return JsonType::kString;
    case 't':
    case 'f':
      return JsonType::kBool;
    case 'n':
      return JsonType::kNull;
    default:
      break;
  }
  if (*at_ == '-' || (*at_ >= '0' && *at_ <= '9')) return JsonType::kNumber;
  Fail();
  return JsonType::kEnd;
}

bool JsonReader::Enter(char open) {
  SkipSpace();
  if (failed_ || at_ == end_) return Fail();
  if (*at_ != open) {
    Skip();
    return false;
  }
  if (depth_ == kMaxDepth) return Fail();
  ++depth_;
  ++at_;
  fresh_ = true;
  return true;
}

bool JsonReader::BeginObject() { return Enter('{'); }

bool JsonReader::BeginArray() { return Enter('['); }

bool JsonReader::NextMember(std::string_view* raw_key) {
  SkipSpace();
  if (failed_ || at_ == end_ || depth_ == 0) return Fail();
  if (*at_ == '}') {
    ++at_;
    --depth_;
    fresh_ = false;
    return false;
  }
  if (!fresh_) {
    if (*at_ != ',') return Fail();
    ++at_;
    SkipSpace();
  }
  fresh_ = false;
  if (at_ == end_ || *at_ != '"') return Fail();
  const char* start = at_ + 1;
  if (!SkipString()) return false;
  *raw_key = std::string_view(start, static_cast<size_t>(at_ - 1 - start));
  SkipSpace();
  if (at_ == end_ || *at_ != ':') return Fail();
  ++at_;
  return true;
}

bool JsonReader::NextElement() {
  SkipSpace();
  if (failed_ || at_ == end_ || depth_ == 0) return Fail();
  if (*at_ == ']') {
    ++at_;
    --depth_;
    fresh_ = false;
    return false;
  }
  if (!fresh_) {
    if (*at_ != ',') return Fail();
    ++at_;
  }
  fresh_ = false;
  return true;
}

bool JsonReader::SkipString() {
  ++at_;
  had_escapes_ = false;
  while (true) {
    at_ = json_bytes::FindStringEnd(at_, end_);
    if (at_ == end_) return Fail();
    if (*at_ == '"') break;
    if (end_ - at_ < 2) return Fail();
    had_escapes_ = true;
    at_ += 2;
  }
  ++at_;
  return true;
}

// Counts brackets; that they match was checked when the document was accepted.
bool JsonReader::SkipToClosing() {
  const char* behind = json_bytes::SkipBrackets(at_, end_, 1);
  if (behind == nullptr) return Fail();
  at_ = behind;
  return true;
}

std::string_view JsonReader::Skip() {
  const JsonType type = Peek();
  const char* start = at_;
  switch (type) {
    case JsonType::kEnd:
      Fail();
      return {};
    case JsonType::kObject:
    case JsonType::kArray:
      ++at_;
      SkipToClosing();
      break;
    case JsonType::kString:
      SkipString();
      break;
    default:
      while (at_ < end_ && !EndsScalar(*at_)) ++at_;
  }
  if (failed_) return {};
  return {start, static_cast<size_t>(at_ - start)};
}

std::string_view JsonReader::ReadRawString() {
  const bool is_string = Peek() == JsonType::kString;
  const std::string_view raw = Skip();
  if (!is_string || raw.size() < 2) return {};
  return raw.substr(1, raw.size() - 2);
}

std::string_view JsonReader::ReadString(std::string* buffer) {
  const std::string_view raw = ReadRawString();
  if (raw.empty() || !had_escapes_) return raw;
  DecodeJsonString(raw, buffer);
  return *buffer;
}

std::string JsonReader::ReadString() { return DecodeJsonString(ReadRawString()); }

std::optional<int64_t> JsonReader::ReadInt() {
  const bool is_number = Peek() == JsonType::kNumber;
  const std::string_view raw = Skip();
  int64_t value = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  if (!is_number || error != std::errc() || end != raw.data() + raw.size()) return {};
  return value;
}

std::optional<bool> JsonReader::ReadBool() {
  const bool is_bool = Peek() == JsonType::kBool;
  const std::string_view raw = Skip();
  if (!is_bool) return {};
  return raw == "true";
}

std::optional<std::string> JsonReader::ReadScalarText() {
  switch (Peek()) {
    case JsonType::kString:
      return ReadString();
    case JsonType::kNumber:
    case JsonType::kBool:
      return std::string(Skip());
    default:
      Skip();
      return {};
  }
}

void JsonReader::SkipRest() {
  if (failed_ || depth_ == 0 || !SkipToClosing()) return;
  --depth_;
  fresh_ = false;
}

}  // namespace pedia
