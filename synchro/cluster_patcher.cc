#include "synchro/cluster_patcher.h"

#include <utility>

#include "discovery/pedia_cluster_status.h"
#include "meta/log.h"

namespace pedia::synchro {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTimeout{15'000};
constexpr size_t kMaxAnswer = 16 << 20;

Status Verdict(const Result<kube::Client::Document>& answer) {
  if (!answer.ok()) return answer.status();
  if (answer->head.code == 200) return Status();
  Status status =
      kube::StatusFromResponse(answer->head.code, answer->body, answer->head.retry_after_seconds);
  return status.ok() ? ServiceUnavailable("unexpected answer") : status;
}

}  // namespace

void ClusterPatcher::Send(ClusterPatch patch) {
  const auto [found, added] =
      clusters_.try_emplace(patch.cluster, Cluster(kube::Backoff(backoff_initial_, backoff_max_)));
  Cluster& cluster = found->second;
  if (cluster.running || Clock::now() < cluster.not_before) return;
  cluster.running = true;
  kube::Request request;
  request.method = "PATCH";
  request.path_and_query = std::string(discovery::kPediaClustersPath) + "/" + patch.cluster +
                           (patch.status ? "/status" : "") +
                           "?fieldManager=pedia-clustersynchro-manager";
  request.content_type = "application/merge-patch+json";
  request.body = std::move(patch.body);
  request.timeout = kTimeout;
  client_.Get(
      std::move(request),
      [weak = weak_from_this(),
       name = patch.cluster](const Result<kube::Client::Document>& answer) {
        if (const auto self = weak.lock()) self->OnAnswer(name, answer);
      },
      kMaxAnswer);
}

void ClusterPatcher::OnAnswer(const std::string& name,
                              const Result<kube::Client::Document>& answer) {
  const auto found = clusters_.find(name);
  if (found == clusters_.end()) return;
  const Status status = Verdict(answer);
  if (status.ok()) {
    clusters_.erase(found);
    return patched_(name, answer->body);
  }
  // Gone, or changed: the informer will say how.
  Cluster& cluster = found->second;
  cluster.running = false;
  cluster.not_before = Clock::now() + cluster.backoff.Next();
  const bool expected =
      status.reason() == StatusReason::kNotFound || status.reason() == StatusReason::kConflict;
  if (!expected && !std::exchange(cluster.failing, true))
    LogWarning("cannot patch PediaCluster " + name + ": " + status.message());
}

}  // namespace pedia::synchro
