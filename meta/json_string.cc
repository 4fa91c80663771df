#include "meta/json_string.h"

#include <charconv>
#include <cstdint>
#include <cstring>

#include "meta/json_bytes.h"

namespace pedia {
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

// Decodes the escape whose letter is at `at`; returns where to go on.
const char* DecodeEscape(const char* at, const char* end, std::string* out) {
  switch (const char c = *at++) {
    case 'b':
      *out += '\b';
      return at;
    case 'f':
      *out += '\f';
      return at;
    case 'n':
      *out += '\n';
      return at;
    case 'r':
      *out += '\r';
      return at;
    case 't':
      *out += '\t';
      return at;
    case 'u':
      return DecodeUnicodeEscape(at, end, out);
    default:
      *out += c;
      return at;
  }
}

// `c`: quote, backslash or control character.
void AppendEscape(char c, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
    case '\\':
      *out += {'\\', c};
      return;
    case '\b':
      *out += "\\b";
      return;
    case '\f':
      *out += "\\f";
      return;
    case '\n':
      *out += "\\n";
      return;
    case '\r':
      *out += "\\r";
      return;
    case '\t':
      *out += "\\t";
      return;
    default:
      *out += {'\\', 'u', '0', '0', kHex[(c >> 4) & 15], kHex[c & 15]};
  }
}

}  // namespace

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

void DecodeJsonString(std::string_view raw, std::string* out) {
  out->clear();
  const char* at = raw.data();
  const char* end = at + raw.size();
  while (at < end) {
    const void* escape = std::memchr(at, '\\', static_cast<size_t>(end - at));
    const char* stop = escape != nullptr ? static_cast<const char*>(escape) : end;
    out->append(at, stop);
    at = stop;
    if (end - at < 2) return;
    at = DecodeEscape(at + 1, end, out);
  }
}

std::string DecodeJsonString(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  DecodeJsonString(raw, &out);
  return out;
}

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    const char* plain_end = json_bytes::FindNotPlain(at, end);
    out->append(at, plain_end);
    at = plain_end;
    if (at == end) break;
    if (static_cast<unsigned char>(*at) < 0x80) {
      AppendEscape(*at++, out);
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
