// Manifests of collection resources that the user defines, in YAML or JSON:
//   apiVersion: clusterpedia.io/v1beta1
//   kind: CollectionResource
//   metadata: {name: network}
//   resourceTypes:
//   - {group: "", resource: services}                       # Any version.
//   - {group: networking.k8s.io, version: v1}               # All resources of a group version.
// Source: Clusterpedia's CollectionResource.
#pragma once
#include <string_view>
#include <vector>

#include "apiserver/collection_catalog.h"
#include "meta/result.h"

namespace pedia::apiserver {

// The definitions in `text`, several documents or a List, in order. A group "*" stands for
// everything, a resource "*" for all of its group.
// Errors: BadRequest "document 2: resourceTypes[0].group: why", also for the name of a built-in
// collection and for a name that was there already.
Result<std::vector<Collection>> ParseCollections(std::string_view text);

}  // namespace pedia::apiserver
