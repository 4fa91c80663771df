// What a SynchroManager is doing at this moment, for people: /debug/synchros.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "discovery/registry.h"
#include "meta/group_version_resource.h"

namespace pedia::kube {
class EventLoop;
}

namespace pedia::synchro {

class ClusterSynchro;

// Times are Unix seconds; 0 = never.
struct ResourceReport {
  GroupVersionResource gvr;     // As it is stored.
  GroupVersionResource source;  // As it is read.
  // "paused", "loading", "waiting for a list slot", "listing", "settling", "watching", "backing off"
  std::string state;
  int64_t since = 0;
  int64_t retry_at = 0;  // "backing off": until then.
  std::string why;       // The last failure that is not made good yet.
  int64_t objects = 0;   // Stored, as far as is known.
  int64_t listed = 0;    // In the current or last list.
  int64_t expected = 0;
  int64_t events = 0;  // Since the synchro was started, bookmarks included.
  int64_t last_event = 0;
  std::string resource_version;  // Where the watch goes on.
  int64_t relists = 0;
};

struct ClusterReport {
  std::string cluster;
  int loop = 0;           // The number of the network thread that carries it.
  bool answered = false;  // Else that thread was busy with something else, and the rest is missing.
  int64_t since = 0;
  std::string server;    // Without credentials.
  bool reading = false;  // The member is healthy enough.
  bool discovered = false;
  bool discovering = false;
  std::vector<discovery::Condition> conditions;
  std::vector<ResourceReport> resources;
};

struct WriterReport {
  size_t queue_bytes = 0;
  size_t queue_limit_bytes = 0;
  size_t queued = 0;  // Changes and jobs.
  // Of what is being written; 0 = nothing is.
  size_t batch_changes = 0;
  bool job = false;
  int64_t batch_since = 0;
  std::string last_error;
  int64_t last_error_time = 0;
};

struct SynchroReport {
  WriterReport writer;
  std::vector<ClusterReport> clusters;
};

// Asks several clusters at once, each on its own thread.
class ReportRound {
 public:
  ReportRound();
  // `synchro` may be null: it is stopping.
  void Ask(const std::string& cluster, int loop_number, kube::EventLoop& loop,
           const std::shared_ptr<ClusterSynchro>& synchro);
  // What has come until `timeout` is over.
  std::vector<ClusterReport> Wait(std::chrono::milliseconds timeout);

 private:
  struct Answers;
  std::shared_ptr<Answers> answers_;  // Shared with answers that come too late.
};

}  // namespace pedia::synchro
