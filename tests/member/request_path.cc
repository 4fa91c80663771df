#include "tests/member/request_path.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace pedia::member {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string Decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 &&
        HexValue(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2])));
      i += 2;
    } else {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool IsTrue(const std::string& value) { return value == "true" || value == "1"; }

// `at`: the first segment after the group version, which exists.
void ParseObjectPath(const std::vector<std::string>& segments, size_t at, RequestPath* request) {
  if (segments[at] == "namespaces" && segments.size() > at + 2) {
    request->name.namespace_name = segments[at + 1];
    at += 2;
  }
  request->gvr.resource = segments[at];
  if (segments.size() > at + 1) request->name.name = segments[at + 1];
  // Those of subresources.h are simulated; another such path names no resource that is served.
  for (size_t i = at + 2; i < segments.size(); ++i) request->gvr.resource += "/" + segments[i];
}

RequestKind ObjectRequestKind(std::string_view method, const RequestPath& request) {
  if (method != "GET" && method != "HEAD") return RequestKind::kWrite;
  if (IsTrue(request.Parameter("watch"))) return RequestKind::kWatch;
  return request.name.name.empty() ? RequestKind::kList : RequestKind::kGet;
}

}  // namespace

std::string RequestPath::Parameter(const std::string& key) const {
  const auto it = parameters.find(key);
  return it == parameters.end() ? "" : it->second;
}

Result<std::optional<uint64_t>> RequestPath::Number(const std::string& key) const {
  const std::string text = Parameter(key);
  if (text.empty()) return std::optional<uint64_t>();
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return BadRequest("strconv.ParseInt: parsing \"" + text + "\": invalid syntax");
  }
  return std::optional<uint64_t>(number);
}

RequestPath ParseRequestPath(std::string_view method, std::string_view target) {
  RequestPath request;
  const size_t question = std::min(target.find('?'), target.size());
  request.path = Decode(target.substr(0, question), false);
  if (question < target.size()) {
    for (const std::string& pair : Split(target.substr(question + 1), '&')) {
      const size_t equals = std::min(pair.find('='), pair.size());
      request.parameters.emplace(
          Decode(std::string_view(pair).substr(0, equals), true),
          equals == pair.size() ? "" : Decode(std::string_view(pair).substr(equals + 1), true));
    }
  }
  if (request.path == "/readyz" || request.path == "/livez" || request.path == "/healthz") {
    request.kind = RequestKind::kHealth;
    return request;
  }
  if (request.path.starts_with("/openapi/")) {
    request.kind = RequestKind::kOpenApi;
    return request;
  }
  const std::vector<std::string> segments = Split(request.path, '/');
  const bool core = !segments.empty() && segments[0] == "api";
  const size_t first = core ? 2 : 3;
  if (segments.size() <= first || (!core && segments[0] != "apis")) return request;
  if (!core) request.gvr.group = segments[1];
  request.gvr.version = segments[first - 1];
  ParseObjectPath(segments, first, &request);
  request.kind = ObjectRequestKind(method, request);
  return request;
}

}  // namespace pedia::member
