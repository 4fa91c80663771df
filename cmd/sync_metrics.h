// What a SynchroManager has to say on /metrics.
#pragma once
#include <vector>

#include "apiserver/metric_sample.h"
#include "synchro/synchro_manager.h"

namespace pedia::cmd {

std::vector<apiserver::MetricSample> SyncMetrics(const synchro::SynchroManager& manager);

}  // namespace pedia::cmd
