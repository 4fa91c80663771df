#include "apiserver/http_wire.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "meta/status.h"

namespace pedia::apiserver {
namespace {

// One for each group of a user who is in many, and some more.
constexpr size_t kMaxHeaderFields = 1'000;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr std::pair<int, std::string_view> kReasonPhrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Entity"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"}};

std::string_view ReasonPhrase(int status) {
  for (const auto& [code, phrase] : kReasonPhrases) {
    if (code == status) return phrase;
  }
  return "Unknown";
}

// "Sun, 06 Nov 1994 08:49:37 GMT"; formatted once a second and thread.
const std::string& HttpDate() {
  thread_local std::time_t formatted_at = -1;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != formatted_at) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    char buffer[40];
    // The C locale's names: the program never calls setlocale.
    text.assign(buffer, std::strftime(buffer, sizeof buffer, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    formatted_at = now;
  }
  return text;
}

bool IsServersOwn(std::string_view name) {
  return EqualsIgnoringCase(name, "Date") || EqualsIgnoringCase(name, "Connection") ||
         EqualsIgnoringCase(name, "Content-Length") ||
         EqualsIgnoringCase(name, "Transfer-Encoding");
}

bool BreaksTheLine(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

size_t CountOf(const HttpRequest& request, std::string_view name) {
  return static_cast<size_t>(
      std::count_if(request.headers.begin(), request.headers.end(),
                    [&](const auto& field) { return EqualsIgnoringCase(field.first, name); }));
}

std::optional<Refusal> CheckFraming(const HttpRequest& request, int minor_version) {
  const size_t lengths = CountOf(request, "Content-Length");
  const size_t encodings = CountOf(request, "Transfer-Encoding");
  if (lengths > 0 && encodings > 0)
    return Refusal{400, "both Content-Length and Transfer-Encoding are given"};
  if (lengths > 1) return Refusal{400, "Content-Length is given more than once"};
  if (lengths == 1) {
    const std::string_view value = *request.Header("Content-Length");
    if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos) {
      return Refusal{400, "Content-Length is not a number"};
    }
  }
  if (encodings == 0) return std::nullopt;
  if (minor_version == 0) return Refusal{400, "Transfer-Encoding is not part of HTTP/1.0"};
  if (encodings > 1 || !EqualsIgnoringCase(*request.Header("Transfer-Encoding"), "chunked")) {
    return Refusal{501, "the only transfer encoding served is chunked"};
  }
  return std::nullopt;
}

// Reduces an absolute target to its path. False when the target has none of the three forms.
bool NormalizeTarget(HttpRequest& request) {
  std::string& target = request.target;
  if (target.starts_with('/')) return true;
  if (target == "*") return request.method == "OPTIONS";
  const size_t scheme_end = target.find("://");
  if (scheme_end == std::string::npos) return false;
  const std::string_view scheme = std::string_view(target).substr(0, scheme_end);
  if (!EqualsIgnoringCase(scheme, "http") && !EqualsIgnoringCase(scheme, "https")) return false;
  const size_t path = target.find_first_of("/?", scheme_end + 3);
  if (path == std::string::npos) {
    target = "/";
  } else {
    target.erase(0, path);
    if (target.starts_with('?')) target.insert(0, "/");
  }
  return true;
}

// Whether a comma-separated header, repeated or not, has the token.
bool HasToken(const HttpRequest& request, std::string_view name, std::string_view token) {
  for (const auto& [key, value] : request.headers) {
    if (!EqualsIgnoringCase(key, name)) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const size_t comma = std::min(rest.find(','), rest.size());
      std::string_view item = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
      while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
      if (EqualsIgnoringCase(item, token)) return true;
    }
  }
  return false;
}

// Codes without a metav1.StatusReason of their own. `message` is a constant of ours: nothing in it
// needs escaping.
std::string PlainRefusalBody(const Refusal& refusal) {
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":")" +
         refusal.message + R"(","code":)" + std::to_string(refusal.code) + "}";
}

}  // namespace

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string RefusalBody(const Refusal& refusal) {
  switch (refusal.code) {
    case 400:
      return BadRequest(refusal.message).ToJson();
    case 405:
      return MethodNotAllowed().ToJson();
    case 413:
      return RequestEntityTooLarge(refusal.message).ToJson();
    case 429:
      return TooManyRequests(refusal.message, 1).ToJson();
    case 500:
      return InternalError(refusal.message).ToJson();
    case 503:
      return ServiceUnavailable(refusal.message).ToJson();
    default:
      return PlainRefusalBody(refusal);
  }
}

HeaderFields RefusalHeaders(const Refusal& refusal) {
  HeaderFields headers{{"Content-Type", "application/json"}};
  if (refusal.code == 429) headers.emplace_back("Retry-After", "1");
  return headers;
}

std::optional<Refusal> CheckHead(HttpRequest& request, int minor_version) {
  if (request.headers.size() > kMaxHeaderFields) return Refusal{431, "there are too many headers"};
  const size_t hosts = CountOf(request, "Host");
  if (hosts > 1 || (hosts == 0 && minor_version > 0))
    return Refusal{400, "the request needs exactly one Host header"};
  if (auto refusal = CheckFraming(request, minor_version)) return refusal;
  if (!NormalizeTarget(request))
    return Refusal{400, "the request target is neither a path nor an http URL"};
  if (const auto expect = request.Header("Expect");
      expect && !EqualsIgnoringCase(*expect, "100-continue")) {
    return Refusal{417, "the only expectation served is 100-continue"};
  }
  return std::nullopt;
}

bool WantsKeepAlive(const HttpRequest& request, int minor_version) {
  if (HasToken(request, "Connection", "close")) return false;
  return minor_version > 0 || HasToken(request, "Connection", "keep-alive");
}

bool AsksForUpgrade(const HttpRequest& request) {
  return HasToken(request, "Connection", "upgrade") &&
         !request.Header("Upgrade").value_or("").empty();
}

std::string FormatHead(const HeadOptions& options, const HeaderFields& headers) {
  std::string head;
  head.reserve(256);
  head.append("HTTP/1.1 ")
      .append(std::to_string(options.status))
      .append(" ")
      .append(ReasonPhrase(options.status))
      .append("\r\n");
  for (const auto& [name, value] : headers) {
    if (IsServersOwn(name) || BreaksTheLine(name) || BreaksTheLine(value)) continue;
    head.append(name).append(": ").append(value).append("\r\n");
  }
  head.append("Date: ").append(HttpDate()).append("\r\n");
  if (options.framing == Framing::kContentLength) {
    head.append("Content-Length: ").append(std::to_string(options.content_length)).append("\r\n");
  } else if (options.framing == Framing::kChunked) {
    head.append("Transfer-Encoding: chunked\r\n");
  }
  if (!options.keep_alive) {
    head.append("Connection: close\r\n");
  } else if (options.minor_version == 0) {
    head.append("Connection: keep-alive\r\n");
  }
  return head.append("\r\n");
}

}  // namespace pedia::apiserver
