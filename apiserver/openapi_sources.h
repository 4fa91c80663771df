// Which stored documents describe what is served below /resources.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/registry.h"

namespace pedia::apiserver {

// The documents that make up the description of one group version: that of the cluster with the
// newest Kubernetes (the first by name of several), and of older ones where these have resources
// that the former lack. Names in the store, at least one.
struct OpenApiSources {
  std::vector<std::string> documents;
  // Of the description: that of its only document, else one made from all their names.
  std::string Hash() const;
};

// By path ("api/v1", "apis/apps/v1"). Only group versions of which something is synced and some
// cluster has a document. `cluster` "" = union of all. Pure.
std::map<std::string, OpenApiSources> FindOpenApiSources(const discovery::Snapshot& snapshot,
                                                         std::string_view cluster);

}  // namespace pedia::apiserver
