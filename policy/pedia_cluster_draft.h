// PediaClusterDraft: the PediaCluster that the template of a PediaClusterLifecycle gives:
//   spec:
//     apiserver: https://10.0.0.1:6443
//     tokenData: ZXlK...
//     syncResources: [{group: "", resources: [pods]}]
// Source: policy.clusterpedia.io/v1alpha1 PediaClusterLifecycle.spec.template.
#pragma once
#include <string>
#include <string_view>

#include "meta/result.h"
#include "policy/policy_objects.h"

namespace pedia::policy {

// Immutable.
struct PediaClusterDraft {
  ConnectionFields connection;
  // JSON objects: metadata.labels and metadata.annotations, and the spec without the connection.
  std::string labels = "{}", annotations = "{}", rest = "{}";
};

// `yaml`: one document. It may have apiVersion and kind, which then must be a PediaCluster's, and of
// metadata labels and annotations: the name is the lifecycle's, and the rest, like the status, is
// not a template's to set. Errors: BadRequest naming what is wrong; never quotes a value of the
// spec, which may be a credential. Pure.
Result<PediaClusterDraft> ParsePediaClusterDraft(std::string_view yaml, std::string_view name);

// The body of its creation, with the lifecycle as an owner. Errors: BadRequest if the lifecycle is
// none that could own something.
Result<std::string> PediaClusterToCreate(const PediaClusterDraft& draft,
                                         const Lifecycle& lifecycle);

}  // namespace pedia::policy
