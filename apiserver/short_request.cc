#include "apiserver/short_request.h"

#include <algorithm>
#include <string>
#include <utility>

namespace pedia::apiserver {
namespace {

bool IsTokenCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter);
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool IsTarget(std::string_view text) {
  return !text.empty() &&
         std::none_of(text.begin(), text.end(), [](char c) { return IsControl(c) || c == ' '; });
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "GET /path HTTP/1.1"
std::optional<Refusal> ParseRequestLine(std::string_view line, ShortRequest& out) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return Refusal{400, "the request line is malformed"};
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!IsToken(method) || !IsTarget(target)) return Refusal{400, "the request line is malformed"};
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return Refusal{400, "the HTTP version served is 1.1"};
  out.minor_version = version.back() - '0';
  out.request.method = method;
  out.request.target = target;
  return std::nullopt;
}

// "Name: value"
std::optional<Refusal> ParseField(std::string_view line, HttpRequest& request) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon)))
    return Refusal{400, "a header is malformed"};
  const std::string_view value = Trim(line.substr(colon + 1));
  if (std::any_of(value.begin(), value.end(), [](char c) { return IsControl(c) && c != '\t'; })) {
    return Refusal{400, "a header is malformed"};
  }
  request.headers.emplace_back(line.substr(0, colon), value);
  return std::nullopt;
}

std::optional<Refusal> ParseHead(std::string_view head, ShortRequest& out) {
  bool first = true;
  while (!head.empty()) {
    const size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (auto refusal = first ? ParseRequestLine(line, out) : ParseField(line, out.request))
      return refusal;
    first = false;
  }
  if (auto refusal = CheckHead(out.request, out.minor_version)) return refusal;
  if (out.request.method != "GET" && out.request.method != "HEAD") return Refusal{405, ""};
  const auto length = out.request.Header("Content-Length");
  if (out.request.Header("Transfer-Encoding") ||
      (length && length->find_first_not_of('0') != std::string_view::npos)) {
    return Refusal{413, "requests with a body are not served here"};
  }
  return std::nullopt;
}

}  // namespace

ShortRequest ParseShortRequest(std::string_view input, size_t limit) {
  ShortRequest out;
  const size_t start = std::min(input.find_first_not_of("\r\n"), input.size());
  const std::string_view rest = input.substr(start);
  const size_t end = rest.substr(0, limit).find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (rest.size() < limit) return out;
    out.outcome = ShortRequest::Outcome::kRefused;
    out.refusal = {431, "the request line and headers are too large"};
    return out;
  }
  if (auto refusal = ParseHead(rest.substr(0, end + 2), out)) {
    out.outcome = ShortRequest::Outcome::kRefused;
    out.refusal = *std::move(refusal);
    return out;
  }
  out.outcome = ShortRequest::Outcome::kComplete;
  out.bytes = start + end + 4;
  return out;
}

}  // namespace pedia::apiserver
