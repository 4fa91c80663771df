// StatusWriter: tells the management cluster how the member clusters that run here do: the status of
// their PediaClusters, by merge patches, from the registry.
// Source: Kubernetes API conventions "Spec and Status"; RFC 7386 (JSON Merge Patch).
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "discovery/registry.h"
#include "kube/client.h"

namespace pedia::synchro {

struct StatusWriterOptions {
  std::string shard;                          // Who syncs the clusters, for status.shardingName.
  std::chrono::milliseconds tick{250};        // How often the registry is looked at.
  std::chrono::milliseconds interval{1'000};  // Between two patches of one cluster, at least.
  std::chrono::milliseconds backoff_max{60'000};  // After failures; it begins with `interval`.
  int patches_per_tick = 32;  // Begun at a time, so that no burst takes the thread.
  int patches_running = 16;   // At most.
};

// A status that the object has already is never written. What cannot be written is tried again with
// back-off, for ever, unless the object is gone. On the client's loop thread, construction and
// destruction too; `client` and `registry` must outlive it.
class StatusWriter {
 public:
  StatusWriter(kube::Client& client, const discovery::Registry& registry,
               StatusWriterOptions options = {});
  ~StatusWriter();  // Nothing is sent any more; what is under way may still arrive.
  StatusWriter(const StatusWriter&) = delete;
  StatusWriter& operator=(const StatusWriter&) = delete;

  // What the management cluster has. `name`: a cluster's name (see IsClusterName).
  void SetObject(std::string_view name, std::string_view json);
  void RemoveObject(std::string_view name);
  // Those whose status is written; others' is somebody else's. None at first.
  void SetOwn(std::set<std::string> names);

  using States = decltype(discovery::Snapshot::clusters);
  // What is said last, of these clusters alone and whatever the registry says, as fast as it goes.
  // `done`: all of it is written, or its object is gone; on the loop's thread.
  void Finish(States states, std::function<void()> done);

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace pedia::synchro
