#include "query/url_query.h"

#include <algorithm>

#include "query/strconv.h"

namespace pedia::query {
namespace {

enum class PlusSign { kStays, kIsSpace };

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Decodes into `out`; the offset of the first bad escape if there is one.
std::optional<size_t> Unescape(std::string_view text, PlusSign plus, std::string* out) {
  out->clear();
  out->reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == PlusSign::kIsSpace) {
      out->push_back(' ');
    } else if (text[i] != '%') {
      out->push_back(text[i]);
    } else {
      if (i + 2 >= text.size() || HexDigit(text[i + 1]) < 0 || HexDigit(text[i + 2]) < 0) return i;
      out->push_back(static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])));
      i += 2;
    }
  }
  return std::nullopt;
}

Status UnescapeComponent(std::string_view text, std::string* out) {
  const std::optional<size_t> bad = Unescape(text, PlusSign::kIsSpace, out);
  return bad ? BadRequest("invalid URL escape " + Quote(text.substr(*bad, 3))) : Status();
}

}  // namespace

std::optional<std::string_view> UrlQuery::Find(std::string_view key) const {
  for (const auto& [name, value] : pairs_) {
    if (name == key) return std::string_view(value);
  }
  return std::nullopt;
}

Result<UrlQuery> ParseUrlQuery(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    if (part.find(';') != std::string_view::npos)
      return BadRequest("invalid semicolon separator in query: " + QuoteShort(part));
    const size_t equals = std::min(part.find('='), part.size());
    auto& [key, value] = pairs.emplace_back();
    if (Status status = UnescapeComponent(part.substr(0, equals), &key); !status.ok())
      return status;
    if (Status status = UnescapeComponent(part.substr(std::min(equals + 1, part.size())), &value);
        !status.ok())
      return status;
  }
  return UrlQuery(std::move(pairs));
}

std::optional<std::string> DecodePathSegment(std::string_view text) {
  std::string out;
  if (Unescape(text, PlusSign::kStays, &out)) return std::nullopt;
  return out;
}

std::string EncodeUrlComponent(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
    if (unreserved) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', kHex[byte >> 4], kHex[byte & 0xF]});
    }
  }
  return out;
}

}  // namespace pedia::query
