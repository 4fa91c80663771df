// How a member cluster is reached, as its PediaCluster says.
// Source: cluster.clusterpedia.io/v1alpha2 ClusterSpec: kubeconfig, or apiserver with caData and
// tokenData or certData and keyData.
#pragma once
#include <string_view>

#include "kube/rest_config.h"
#include "meta/result.h"

namespace pedia::discovery {

// `object`: the JSON of a PediaCluster. A kubeconfig wins over everything; files that it names are
// refused. Without caData the server's certificate is not verified, as Clusterpedia has it. Errors:
// BadRequest with Clusterpedia's texts for the condition Validated, or naming the field that cannot
// be read; no credentials. Pure.
Result<kube::RestConfig> ParsePediaClusterConnection(std::string_view object);

}  // namespace pedia::discovery
