#include "meta/json_reader.h"

#include <charconv>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pedia {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

#if defined(__SSE2__)
// A bit per byte of the 16 at `at` that equals one of the characters.
template <typename... Chars>
unsigned FindAny16(const char* at, Chars... chars) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  __m128i found = _mm_setzero_si128();
  ((found = _mm_or_si128(found, _mm_cmpeq_epi8(block, _mm_set1_epi8(chars)))), ...);
  return static_cast<unsigned>(_mm_movemask_epi8(found));
}
#endif

// The first quote or backslash in [at, end), or end.
const char* FindStringEnd(const char* at, const char* end) {
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    if (const unsigned mask = FindAny16(at, '"', '\\')) return at + __builtin_ctz(mask);
  }
#endif
  while (at < end && *at != '"' && *at != '\\') ++at;
  return at;
}

// The first quote or bracket in [at, end), or end.
const char* FindStructure(const char* at, const char* end) {
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    if (const unsigned mask = FindAny16(at, '"', '{', '}', '[', ']'))
      return at + __builtin_ctz(mask);
  }
#endif
  while (at < end && *at != '"' && *at != '{' && *at != '}' && *at != '[' && *at != ']') ++at;
  return at;
}

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
  if (depth_ >= static_cast<int>(is_object_.size())) return Fail();
  is_object_[static_cast<size_t>(depth_++)] = open == '{';
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
  while (true) {
    at_ = FindStringEnd(at_, end_);
    if (at_ == end_) return Fail();
    if (*at_ == '"') break;
    if (end_ - at_ < 2) return Fail();
    at_ += 2;
  }
  ++at_;
  return true;
}

// Counts brackets; that they match was checked when the document was accepted.
void JsonReader::SkipContainer() {
  int depth = 0;
  while (true) {
    at_ = FindStructure(at_, end_);
    if (at_ == end_) {
      Fail();
      return;
    }
    if (*at_ == '"') {
      if (!SkipString()) return;
      continue;
    }
    depth += (*at_ == '{' || *at_ == '[') ? 1 : -1;
    ++at_;
    if (depth == 0) return;
  }
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
      SkipContainer();
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
  if (raw.find('\\') == std::string_view::npos) return raw;
  *buffer = DecodeJsonString(raw);
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
  if (failed_ || depth_ == 0) return;
  const bool is_object = is_object_[static_cast<size_t>(depth_ - 1)];
  std::string_view key;
  while (is_object ? NextMember(&key) : NextElement()) Skip();
}

namespace {

void AppendUtf8(uint32_t code, std::string* out) {
  const auto put = [out](uint32_t byte) {
    *out += static_cast<char>(static_cast<unsigned char>(byte));
  };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

// The number in four hex digits at `at`, or -1.
int32_t HexQuad(const char* at, const char* end) {
  if (end - at < 4) return -1;
  uint32_t code = 0;
  const auto [stop, error] = std::from_chars(at, at + 4, code, 16);
  return error == std::errc() && stop == at + 4 ? static_cast<int32_t>(code) : -1;
}

// Decodes the \u escape whose four digits start at `at`; returns where to go on.
const char* DecodeUnicodeEscape(const char* at, const char* end, std::string* out) {
  constexpr uint32_t kReplacement = 0xFFFD;
  const int32_t quad = HexQuad(at, end);
  if (quad < 0) {
    AppendUtf8(kReplacement, out);
    return at;
  }
  at += 4;
  uint32_t code = static_cast<uint32_t>(quad);
  if (code >= 0xD800 && code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
    const int32_t low = HexQuad(at + 2, end);
    if (low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<uint32_t>(low) - 0xDC00);
      at += 6;
    }
  }
  AppendUtf8(code >= 0xD800 && code < 0xE000 ? kReplacement : code, out);
  return at;
}

// The length of the well-formed UTF-8 sequence at `at`, or 0.
size_t Utf8Length(const char* at, const char* end) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(at[i]); };
  const auto tail = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const size_t left = static_cast<size_t>(end - at);
  if (byte(0) < 0x80) return 1;
  if (byte(0) >= 0xC2 && byte(0) <= 0xDF) return left >= 2 && tail(1) ? 2 : 0;
  if (byte(0) >= 0xE0 && byte(0) <= 0xEF) {
    if (left < 3 || !tail(1) || !tail(2)) return 0;
    if (byte(0) == 0xE0 && byte(1) < 0xA0) return 0;
    if (byte(0) == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (byte(0) >= 0xF0 && byte(0) <= 0xF4) {
    if (left < 4 || !tail(1) || !tail(2) || !tail(3)) return 0;
    if (byte(0) == 0xF0 && byte(1) < 0x90) return 0;
    if (byte(0) == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

// Strict validation, one pass, no recursion.
class Validator {
 public:
  explicit Validator(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  bool Run() {
    if (!Value()) return false;
    while (depth_ > 0) {
      if (!AfterValue()) return false;
    }
    Space();
    return at_ == end_;
  }

 private:
  void Space() {
    while (at_ < end_ && IsSpace(*at_)) ++at_;
  }
  bool Take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  // One scalar, or the opening of a container and the values that start right behind it.
  bool Value() {
    while (true) {
      Space();
      if (at_ == end_) return false;
      switch (*at_) {
        case '"':
          return String();
        case 't':
          return Word("true");
        case 'f':
          return Word("false");
        case 'n':
          return Word("null");
        case '{':
        case '[': {
          if (depth_ == kMaxDepth) return false;
          const bool object = *at_++ == '{';
          is_object_[static_cast<size_t>(depth_++)] = object;
          Space();
          if (Take(object ? '}' : ']')) {
            --depth_;
            return true;
          }
          if (object && !Key()) return false;
          continue;
        }
        default:
          return Number();
      }
    }
  }

  // Behind a complete value inside a container: a comma and the next value, or the end of the
  // container.
  bool AfterValue() {
    Space();
    const bool object = is_object_[static_cast<size_t>(depth_ - 1)];
    if (Take(object ? '}' : ']')) {
      --depth_;
      return true;
    }
    if (!Take(',')) return false;
    if (object) {
      Space();
      if (!Key()) return false;
    }
    return Value();
  }

  bool Key() {
    if (at_ == end_ || *at_ != '"' || !String()) return false;
    Space();
    return Take(':');
  }

  bool Word(std::string_view word) {
    if (std::string_view(at_, static_cast<size_t>(end_ - at_)).substr(0, word.size()) != word)
      return false;
    at_ += word.size();
    return true;
  }

  bool Digits() {
    const char* start = at_;
    while (at_ < end_ && *at_ >= '0' && *at_ <= '9') ++at_;
    return at_ > start;
  }

  bool Number() {
    Take('-');
    if (!Take('0') && !Digits()) return false;
    if (Take('.') && !Digits()) return false;
    if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (!Take('+')) Take('-');
      if (!Digits()) return false;
    }
    return true;
  }

  bool Escape() {
    ++at_;
    if (at_ == end_) return false;
    if (*at_ == 'u') {
      if (HexQuad(at_ + 1, end_) < 0) return false;
      at_ += 5;
      return true;
    }
    return std::strchr("\"\\/bfnrt", *at_++) != nullptr;
  }

  bool String() {
    ++at_;
    while (true) {
      SkipPlain();
      if (at_ == end_) return false;
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) return false;
      if (c == '\\') {
        if (!Escape()) return false;
        continue;
      }
      const size_t length = Utf8Length(at_, end_);
      if (length == 0) return false;
      at_ += length;
    }
  }

  // Skips printable ASCII up to the first quote, backslash, control character or byte beyond ASCII.
  void SkipPlain() {
#if defined(__SSE2__)
    for (; end_ - at_ >= 16; at_ += 16) {
      const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at_));
      // Signed comparison: bytes from 0x80 on count as negative, so they are below 0x20 as well.
      __m128i stop = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));
      stop = _mm_or_si128(stop, _mm_cmpeq_epi8(block, _mm_set1_epi8('"')));
      stop = _mm_or_si128(stop, _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
      if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(stop))) {
        at_ += __builtin_ctz(mask);
        return;
      }
    }
#endif
    while (at_ < end_ && *at_ >= 0x20 && *at_ != '"' && *at_ != '\\') ++at_;
  }

  static constexpr int kMaxDepth = 512;
  const char* at_;
  const char* end_;
  int depth_ = 0;
  std::bitset<kMaxDepth> is_object_;
};

}  // namespace

bool IsValidJson(std::string_view text) { return Validator(text).Run(); }

std::string DecodeJsonString(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  const char* at = raw.data();
  const char* end = at + raw.size();
  while (at < end) {
    const void* escape = std::memchr(at, '\\', static_cast<size_t>(end - at));
    const char* stop = escape != nullptr ? static_cast<const char*>(escape) : end;
    out.append(at, stop);
    at = stop;
    if (at == end) break;
    ++at;
    if (at == end) break;
    const char c = *at++;
    switch (c) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u':
        at = DecodeUnicodeEscape(at, end, &out);
        break;
      default:
        out += c;
    }
  }
  return out;
}

void AppendJsonString(std::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  *out += '"';
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    const auto c = static_cast<unsigned char>(*at);
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += *at++;
    } else if (c < 0x20) {
      switch (*at++) {
        case '\b':
          *out += "\\b";
          break;
        case '\f':
          *out += "\\f";
          break;
        case '\n':
          *out += "\\n";
          break;
        case '\r':
          *out += "\\r";
          break;
        case '\t':
          *out += "\\t";
          break;
        default:
          *out += {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
      }
    } else if (const size_t length = Utf8Length(at, end)) {
      out->append(at, length);
      at += length;
    } else {
      *out += "\xEF\xBF\xBD";
      ++at;
    }
  }
  *out += '"';
}

std::string JsonString(std::string_view text) {
  std::string out;
  AppendJsonString(text, &out);
  return out;
}

}  // namespace pedia
