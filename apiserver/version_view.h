// How a request at one version reads objects that are stored at another: the field paths it names,
// and the objects it gets. Source: convert/version_families.h.
#pragma once
#include <vector>

#include "meta/group_version_resource.h"
#include "query/list_options.h"

namespace pedia::apiserver {

// Turns the field paths of `options`, which are those of `requested`, into those of its stored
// version. Pure.
void UseStoredFields(const GroupVersionResource& requested, query::ListOptions* options);

// Adds to the patterns of a collection where what they name is stored: to that of all
// events.k8s.io the Events of v1. Pure.
void AddStoredVersions(std::vector<query::ResourcePattern>* patterns);

}  // namespace pedia::apiserver
