#include "apiserver/request_info.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "query/url_query.h"

namespace pedia::apiserver {
namespace {

// More than the longest path that means anything; what follows is not looked at.
constexpr size_t kMaxSegments = 24;

using Segments = std::span<const std::string>;

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool IsPlainSegment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         segment.find('/') == std::string_view::npos;
}

bool IsBelowResources(Segments segments) {
  return segments.size() >= 4 && segments[0] == "apis" && segments[1] == "clusterpedia.io" &&
         segments[2] == "v1beta1" && segments[3] == "resources";
}

// Whether what follows is no longer Kubernetes' but a path behind a member, or of the member's own.
bool EndsInProxy(Segments segments) {
  if (segments.back() != "proxy" || !IsBelowResources(segments)) return false;
  segments = segments.subspan(4);
  if (segments.size() >= 2 && segments[0] == "clusters") {
    if (segments.size() == 3) return true;
    segments = segments.subspan(2);
  }
  if (segments.size() < 5 || segments[0] != "api" || segments[1] != "v1") return false;
  segments = segments.subspan(2);
  if (segments.size() == 3) return segments[0] == "nodes";
  return segments.size() == 5 && segments[0] == "namespaces" &&
         (segments[2] == "pods" || segments[2] == "services");
}

struct SplitPath {
  std::vector<std::string> segments;  // Decoded.
  std::string_view proxy_path;        // See RequestInfo.
};

// Nothing inside the Result if the path can name nothing.
Result<std::optional<SplitPath>> Split(std::string_view path) {
  if (path.empty() || path[0] != '/') return BadRequest("the request path must start with '/'");
  SplitPath split;
  std::string_view rest = path.substr(1);
  if (rest.empty()) return std::optional(std::move(split));
  if (rest.size() > 1 && rest.back() == '/') rest.remove_suffix(1);
  while (true) {
    const size_t end = std::min(rest.find('/'), rest.size());
    std::optional<std::string> segment = query::DecodePathSegment(rest.substr(0, end));
    if (!segment || HasControlCharacter(*segment))
      return BadRequest("the request path contains an invalid escape or character");
    if (!IsPlainSegment(*segment) || split.segments.size() == kMaxSegments)
      return std::optional<SplitPath>();
    split.segments.push_back(*std::move(segment));
    const auto taken = static_cast<size_t>(rest.data() + end - path.data());
    if (EndsInProxy(split.segments)) {
      split.proxy_path = path.substr(taken);
      break;
    }
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  const auto behind = query::DecodePathSegment(split.proxy_path);
  if (!behind || HasControlCharacter(*behind))
    return BadRequest("the request path contains an invalid escape or character");
  return std::optional(std::move(split));
}

std::string VerbOfMethod(std::string_view method) {
  static constexpr std::pair<std::string_view, std::string_view> kVerbs[] = {
      {"GET", "get"},    {"HEAD", "get"},    {"POST", "create"},
      {"PUT", "update"}, {"PATCH", "patch"}, {"DELETE", "delete"}};
  for (const auto& [name, verb] : kVerbs) {
    if (name == method) return std::string(verb);
  }
  return "other";
}

std::string Join(Segments segments) {
  std::string text;
  for (const std::string& segment : segments) text += (text.empty() ? "" : "/") + segment;
  return text;
}

const GroupVersionResource& CollectionResources() {
  static const GroupVersionResource gvr{"clusterpedia.io", "v1beta1", "collectionresources"};
  return gvr;
}

// What follows /api/v1 or /apis/<group>/<version>.
void ParseObjects(Segments rest, bool watch, RequestInfo* info) {
  const bool old_watch =
      rest[0] == "watch" &&
      rest.size() > 1;  // "/api/v1/watch/pods", "/api/v1/watch/namespaces/a/pods/b".
  if (old_watch) {
    rest = rest.subspan(1);
  }
  if (rest[0] == "namespaces" && rest.size() > 2) {
    info->name_space = rest[1];
    // /namespaces/<name>/status is about the namespace itself; everything else is a resource in it.
    const bool own_subresource = rest.size() == 3 && (rest[2] == "status" || rest[2] == "finalize");
    if (own_subresource) {
      info->name_space.clear();
    } else {
      rest = rest.subspan(2);
    }
  }
  info->gvr.resource = rest[0];
  info->endpoint = info->gvr == CollectionResources() ? Endpoint::kCollections : Endpoint::kObjects;
  if (rest.size() > 1) info->name = rest[1];
  if (rest.size() > 2) info->subresource = Join(rest.subspan(2));
  if (info->verb != "get") return;
  if (old_watch || (watch && info->name.empty())) {
    info->verb = "watch";
  } else if (info->name.empty()) {
    info->verb = "list";
  }
}

void ParseApi(Segments segments, bool watch, RequestInfo* info) {
  if (segments.size() == 1) {
    info->endpoint = Endpoint::kCoreVersions;
    return;
  }
  info->gvr.version = segments[1];
  if (segments.size() == 2) {
    info->endpoint = Endpoint::kResourceList;
  } else {
    ParseObjects(segments.subspan(2), watch, info);
  }
}

void ParseApis(Segments segments, bool watch, RequestInfo* info) {
  if (segments.size() > 1) info->gvr.group = segments[1];
  if (segments.size() > 2) info->gvr.version = segments[2];
  switch (segments.size()) {
    case 1:
      info->endpoint = Endpoint::kGroupList;
      return;
    case 2:
      info->endpoint = Endpoint::kGroup;
      return;
    case 3:
      info->endpoint = Endpoint::kResourceList;
      return;
    default:
      ParseObjects(segments.subspan(3), watch, info);
  }
}

void ParseHealth(Segments segments, RequestInfo* info) {
  info->endpoint = Endpoint::kHealth;
  info->health_group = segments[0];
  info->health_check = Join(segments.subspan(1));
}

void ParseOpenApi(Segments segments, RequestInfo* info) {
  if (segments.size() == 2 && segments[1] == "v2") info->endpoint = Endpoint::kOpenApiV2;
  if (segments.size() < 2 || segments[1] != "v3") return;
  info->endpoint = Endpoint::kOpenApiV3;
  info->document = Join(segments.subspan(2));
}

void ParseSegments(Segments segments, bool watch, RequestInfo* info) {
  const std::string& first = segments[0];
  if (first == "api") return ParseApi(segments, watch, info);
  if (first == "apis") return ParseApis(segments, watch, info);
  if (first == "healthz" || first == "livez" || first == "readyz")
    return ParseHealth(segments, info);
  if (first == "openapi") return ParseOpenApi(segments, info);
  if (first == CollectionResources().resource && !info->cluster.empty()) {
    info->gvr = CollectionResources();
    return ParseObjects(segments, watch, info);
  }
  if (first == "version" && segments.size() == 1) info->endpoint = Endpoint::kVersion;
  if (first == "metrics" && segments.size() == 1 && !info->inner)
    info->endpoint = Endpoint::kMetrics;
}

}  // namespace

Result<RequestInfo> ParseRequestInfo(std::string_view method, std::string_view path, bool watch) {
  const Result<std::optional<SplitPath>> split = Split(path);
  if (!split.ok()) return split.status();
  RequestInfo info;
  info.verb = VerbOfMethod(method);
  if (!*split) return info;
  info.proxy_path = (*split)->proxy_path;
  Segments segments((*split)->segments);
  if (IsBelowResources(segments)) {
    info.inner = true;
    segments = segments.subspan(4);
    if (segments.size() >= 2 && segments[0] == "clusters") {
      info.cluster = segments[1];
      segments = segments.subspan(2);
    }
    if (!info.cluster.empty() && !segments.empty() && segments[0] == "proxy") {
      info.endpoint = Endpoint::kProxy;
    } else if (!segments.empty()) {
      ParseSegments(segments, watch, &info);
    }
  } else if (segments.empty()) {
    info.endpoint = Endpoint::kRoot;
  } else {
    ParseSegments(segments, watch, &info);
  }
  return info;
}

bool AsksForWatch(const query::UrlQuery& query) {
  const std::optional<std::string_view> value = query.Find("watch");
  return value && *value != "0" && *value != "false" && *value != "False" && *value != "FALSE";
}

std::string_view PathOfTarget(std::string_view target) {
  std::string_view path = target.substr(0, target.find('?'));
  if (!path.empty() && path[0] != '/') {  // The absolute form, for proxies: "http://host/path".
    const size_t scheme = path.find("://");
    if (scheme == std::string_view::npos) return path;
    const size_t slash = path.find('/', scheme + 3);
    return slash == std::string_view::npos ? std::string_view("/") : path.substr(slash);
  }
  return path;
}

std::string_view QueryOfTarget(std::string_view target) {
  const size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

}  // namespace pedia::apiserver
