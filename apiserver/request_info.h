// RequestInfo: what a method and a URL path ask for, e.g. GET
// /apis/clusterpedia.io/v1beta1/resources/clusters/c1/apis/apps/v1/namespaces/shop/deployments/web
// = get of deployments.apps/v1 "web" in namespace "shop" of cluster "c1". Source:
// k8s.io/apiserver/pkg/endpoints/request RequestInfo; Clusterpedia's `resources` connector.
#pragma once
#include <string>
#include <string_view>

#include "meta/group_version_resource.h"
#include "meta/result.h"
#include "query/url_query.h"

namespace pedia::apiserver {

// The kind of document behind a path. All but kRoot and kMetrics exist twice: of pedia itself, and,
// with `inner`, below
// .../v1beta1/resources, where they are about the member clusters.
enum class Endpoint {
  kUnknown,       // No such path: 404.
  kRoot,          // "/"
  kHealth,        // "/healthz", "/livez", "/readyz" and "/readyz/<check>"
  kVersion,       // "/version"
  kMetrics,       // "/metrics"
  kCoreVersions,  // "/api"
  kGroupList,     // "/apis"
  kGroup,         // "/apis/<group>"
  kResourceList,  // "/api/v1", "/apis/<group>/<version>"
  kCollections,   // Collection resources, or the one called `name`; below a cluster also as
                  // ".../resources/clusters/c1/collectionresources".
  kOpenApiV2,     // "/openapi/v2"
  kOpenApiV3,     // "/openapi/v3", "/openapi/v3/<document>"
  kObjects,       // All objects or one object of `gvr`.
  kProxy,         // ".../resources/clusters/c1/proxy" and what is below: any path of a member.
};

struct RequestInfo {
  Endpoint endpoint = Endpoint::kUnknown;
  bool inner = false;        // Below .../v1beta1/resources.
  std::string cluster;       // "" = all clusters. Only with `inner`.
  GroupVersionResource gvr;  // As far as the path names it.
  std::string name_space;    // "" = all namespaces. Always "" for the resource "namespaces" itself.
  std::string name;          // "" = the collection.
  std::string subresource;   // "log", "status"; "scale/x" is kept whole.
  // What stands behind kProxy or the subresource "proxy" of pods, services and nodes, as sent: "" or
  // "/a%2Fb//c/". Not looked at, but for its escapes.
  std::string proxy_path;
  // get, list, watch, create, update, patch, delete; "other" for unknown methods. Discovery and the
  // like: get.
  std::string verb;
  std::string health_group;  // kHealth: "healthz", "livez", "readyz".
  std::string document;      // kOpenApiV3: "apis/apps/v1", "" = the index.
  std::string health_check;  // kHealth: the one check that is asked for, "" = all.
};

// `path`: as sent, without the query; every segment is percent-decoded once; one trailing slash is
// allowed. `watch`: the query has watch=true. Empty segments, ".", ".." and decoded slashes (but in
// proxy_path) lead to kUnknown. Errors: BadRequest for a path that is none: not starting with '/', bad percent escapes,
// control characters. Pure; linear.
Result<RequestInfo> ParseRequestInfo(std::string_view method, std::string_view path, bool watch);

// Whether the query has watch=true, as Kubernetes reads it: what is there and neither "0" nor "false"
// is true.
bool AsksForWatch(const query::UrlQuery& query);

// The path of a request target, without the query: of "/a?b" and of "http://host/a?b" "/a".
std::string_view PathOfTarget(std::string_view target);
std::string_view QueryOfTarget(std::string_view target);

}  // namespace pedia::apiserver
