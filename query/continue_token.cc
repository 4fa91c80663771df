#include "query/continue_token.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "query/hash.h"
#include "query/strconv.h"

// A token is base64url, without padding, of: version (1 byte) | hash of the fingerprint (8) | sort
// key | hash of all before (8). The version is below 4, so a token begins with 'A' and never looks
// like a number.

namespace pedia::query {
namespace {

constexpr char kVersion = 1;
constexpr size_t kHashBytes = 8;
constexpr size_t kHeadBytes = 1 + kHashBytes;
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string EncodeBase64Url(std::string_view bytes) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0x3FFF;
    for (count += 8; count >= 6; count -= 6) out.push_back(kAlphabet[bits >> (count - 6) & 0x3F]);
  }
  if (count > 0) out.push_back(kAlphabet[bits << (6 - count) & 0x3F]);
  return out;
}

int Base64UrlDigit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

// Strict: every text has at most one meaning and every meaning one text.
std::optional<std::string> DecodeBase64Url(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = Base64UrlDigit(c);
    if (digit < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<uint32_t>(digit)) & 0x3FFF;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> count & 0xFF));
  }
  if (count >= 6 || (bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return out;
}

std::string HashBytes(std::string_view bytes) {
  const uint64_t hash = Hash(bytes);
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(hash >> shift & 0xFF));
  return out;
}

Result<PageStart> ParseOffset(std::string_view text) {
  const std::optional<int64_t> offset = ParseInt64(text);
  if (!offset) return BadRequest("continue: " + QuoteShort(text) + " is not a 64-bit integer");
  if (*offset < 0) return BadRequest("continue: " + QuoteShort(text) + " is negative");
  return PageStart{"", *offset};
}

}  // namespace

std::string FormatContinueToken(std::string_view fingerprint, std::string_view sort_key) {
  std::string bytes(1, kVersion);
  bytes.append(HashBytes(fingerprint)).append(sort_key);
  return EncodeBase64Url(bytes + HashBytes(bytes));
}

Result<PageStart> ParseContinueToken(std::string_view text, std::string_view fingerprint) {
  if (text.empty()) return PageStart{};
  const std::string_view digits = text.substr(text[0] == '-' ? 1 : 0);
  if (!digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos)
    return ParseOffset(text);
  const std::optional<std::string> bytes = DecodeBase64Url(text);
  // An empty sort key would start again from the first page, without end.
  if (!bytes || bytes->size() <= kHeadBytes + kHashBytes || (*bytes)[0] != kVersion) {
    return BadRequest("continue: " + QuoteShort(text) + " is not a continue token");
  }
  const std::string_view body = std::string_view(*bytes).substr(0, bytes->size() - kHashBytes);
  if (HashBytes(body) != std::string_view(*bytes).substr(body.size())) {
    return BadRequest("continue: " + QuoteShort(text) + " is a damaged continue token");
  }
  if (body.substr(1, kHashBytes) != HashBytes(fingerprint)) {
    return BadRequest(
        "continue: the continue token belongs to another query; start that query without one");
  }
  return PageStart{std::string(body.substr(kHeadBytes)), 0};
}

}  // namespace pedia::query
