// What a SynchroManager has to say on /metrics: pedia's own families, and those of Clusterpedia's
// clustersynchro-manager under their names.
#pragma once
#include <optional>
#include <vector>

#include "apiserver/api_server.h"
#include "apiserver/metric_sample.h"
#include "synchro/synchro_manager.h"

namespace pedia::cmd {

struct SyncMetricsSource {
  const synchro::SynchroManager& manager;
  const apiserver::VersionInfo& version;
  synchro::MetricLabels labels{};  // As the manager's.
  std::optional<bool> acting{};    // Whether this process may sync; nothing: it is the only one.
};

std::vector<apiserver::MetricSample> SyncMetrics(const SyncMetricsSource& source);

}  // namespace pedia::cmd
