// The management cluster: where the PediaClusters are, and who answers for users and their rights.
#pragma once
#include <string>

#include "kube/rest_config.h"
#include "meta/result.h"

namespace pedia::cmd {

// Of a kubeconfig file its current context; "": the cluster that this process runs in. Errors:
// BadRequest saying what is not there or cannot be used.
Result<kube::RestConfig> ManagementCluster(const std::string& kubeconfig);

}  // namespace pedia::cmd
