// Any text as the target of a request: every part that is read is clean, and belongs to an endpoint
// that has it; and who is authorized for a path is authorized for what is served there.
// Sources: apiserver/request_info.cc apiserver/authorizer.cc query/url_query.cc query/strconv.cc meta/*.cc
#include <cstdint>
#include <cstdlib>
#include <string>

#include "apiserver/authorizer.h"
#include "apiserver/request_info.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

// Nothing that could leave its place in a path, a log line or a key.
bool IsClean(std::string_view part) {
  if (part == "." || part == "..") return false;
  for (const char c : part) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return part.find('/') == std::string_view::npos;
}

// Clusters and collections are granted by name.
void CheckAuthorization(const pedia::apiserver::RequestInfo& info, std::string_view path,
                        bool watch) {
  const auto attributes = pedia::apiserver::OuterAttributes("GET", path, watch);
  if (!info.inner && info.endpoint != pedia::apiserver::Endpoint::kCollections) return;
  Check(attributes.group == "clusterpedia.io" && attributes.version == "v1beta1");
  if (!info.inner) {
    Check(attributes.resource == "collectionresources" && attributes.name == info.name);
    return;
  }
  Check(attributes.resource == "resources");
  if (!info.cluster.empty())
    Check(attributes.name == "clusters" && attributes.subresource == info.cluster);
  if (info.cluster.empty() && info.endpoint == pedia::apiserver::Endpoint::kObjects) {
    const bool core = info.gvr.group.empty();
    Check(attributes.name == (core ? "api" : "apis"));
    Check(attributes.subresource == (core ? info.gvr.version : info.gvr.group));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pedia::apiserver;
  const std::string_view target(reinterpret_cast<const char*>(data), size);
  Check(QueryOfTarget(target).size() <= size);
  for (const bool watch : {false, true}) {
    const auto info = ParseRequestInfo("GET", PathOfTarget(target), watch);
    if (!info.ok()) {
      Check(!info.status().message().empty());
      continue;
    }
    CheckAuthorization(*info, PathOfTarget(target), watch);
    const pedia::GroupVersionResource& gvr = info->gvr;
    for (const std::string& part : {gvr.group, gvr.version, gvr.resource, info->cluster,
                                    info->name_space, info->name, info->health_group}) {
      Check(IsClean(part));
    }
    Check(info->cluster.empty() || info->inner);
    const bool collections = info->endpoint == Endpoint::kCollections;
    const bool resource = collections || info->endpoint == Endpoint::kObjects;
    Check(resource == !gvr.resource.empty());
    Check(collections == (gvr.ToString() == "clusterpedia.io/v1beta1/collectionresources"));
    Check(resource ||
          (info->name.empty() && info->name_space.empty() && info->subresource.empty()));
    Check(info->verb == "get" || info->verb == "list" || info->verb == "watch");
    Check(info->verb != "list" || info->name.empty());
  }
  return 0;
}
