// YAML files of Kubernetes manifests, turned into JSON: one text per document.
// Source: YAML 1.2 core schema, as sigs.k8s.io/yaml reads it (plus YAML 1.1 booleans are NOT
// booleans here).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::kube {

// JSON is YAML, so both are accepted. Empty documents are left out. Errors: BadRequest with line
// and column; also for texts over 16 MB, nesting over 100 levels and aliases that blow up. Pure.
Result<std::vector<std::string>> YamlToJsonDocuments(std::string_view text);

}  // namespace pedia::kube
