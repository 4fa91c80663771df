#include "cmd/management_cluster.h"

#include "kube/in_cluster.h"
#include "kube/kubeconfig.h"

namespace pedia::cmd {

Result<kube::RestConfig> ManagementCluster(const std::string& kubeconfig) {
  if (kubeconfig.empty()) {
    auto config = kube::InClusterConfig();
    if (config.ok()) return config;
    return BadRequest("no --kubeconfig, and " + config.status().message());
  }
  auto loaded = kube::LoadKubeconfig({kubeconfig});
  if (!loaded.ok()) return loaded.status();
  for (kube::KubeconfigContext& context : loaded->contexts) {
    const bool current = context.name == loaded->current_context ||
                         (loaded->current_context.empty() && loaded->contexts.size() == 1);
    if (!current) continue;
    if (!context.config.ok())
      return BadRequest(kubeconfig + ": " + context.config.status().message());
    return std::move(context.config);
  }
  return BadRequest(kubeconfig + ": no context named \"" + loaded->current_context + "\"");
}

}  // namespace pedia::cmd
