// The tables of Pods and Pod templates.
// Source: kube-apiserver v1.32, pkg/printers/internalversion, printPod.
#include <algorithm>
#include <chrono>

#include "apiserver/table_cells.h"
#include "meta/time.h"

namespace pedia::apiserver {
namespace {

// What the STATUS rules read of one container status.
struct ContainerState {
  std::string_view waiting;  // Raw state.waiting, "" if it is another state; so the two below.
  std::string_view running;
  std::string_view terminated;
  bool ready = false;
  bool started = false;
  int64_t restart_count = 0;
  std::optional<int64_t> last_finished;  // When the run before ended.
  std::string_view name;                 // Raw.
};

ContainerState ReadContainerState(std::string_view raw) {
  const auto [name, state, last_state, ready, started, restart_count] =
      Members(raw, "name", "state", "lastState", "ready", "started", "restartCount");
  ContainerState result;
  const auto [waiting, running, terminated] = Members(state, "waiting", "running", "terminated");
  result.waiting = waiting;
  result.running = running;
  result.terminated = terminated;
  result.ready = Bool(ready);
  result.started = Bool(started);
  result.restart_count = Integer(restart_count);
  result.name = name;
  if (!last_state.empty()) {
    const std::string_view last_terminated = Member(last_state, "terminated");
    if (!last_terminated.empty())
      result.last_finished = Time(Member(last_terminated, "finishedAt"));
  }
  return result;
}

// How a run ended: its reason, or "Signal:9", or "ExitCode:1".
std::string FormatTermination(std::string_view terminated) {
  const auto [reason, signal, exit_code] = Members(terminated, "reason", "signal", "exitCode");
  std::string text = Text(reason);
  if (!text.empty()) return text;
  if (Integer(signal) != 0) return "Signal:" + std::to_string(Integer(signal));
  return "ExitCode:" + std::to_string(Integer(exit_code));
}

// The fields of a Pod that its cells come from, raw. The order is that of kPodStatePaths.
struct PodFields {
  explicit PodFields(RawValues values)
      : containers(values[0]),
        init_containers(values[1]),
        phase(values[2]),
        reason(values[3]),
        conditions(values[4]),
        init_statuses(values[5]),
        statuses(values[6]),
        deletion_timestamp(values[7]) {}

  std::string_view containers, init_containers, phase, reason, conditions, init_statuses, statuses,
      deletion_timestamp;
};

const std::vector<const char*> kPodStatePaths = {"spec.containers",
                                                 "spec.initContainers",
                                                 "status.phase",
                                                 "status.reason",
                                                 "status.conditions",
                                                 "status.initContainerStatuses",
                                                 "status.containerStatuses",
                                                 "metadata.deletionTimestamp"};

// READY, STATUS and RESTARTS of a Pod: three cells of one computation.
class PodState {
 public:
  explicit PodState(const PodFields& pod) : pod_(pod) {
    reason_ = TextOr(pod.reason, Text(pod.phase));
    if (IsSchedulingGated()) reason_ = "SchedulingGated";
    CountContainers();
    const bool initializing = CountInitStatuses();
    if (!initializing || IsConditionTrue(pod.conditions, "Initialized")) CountStatuses();
    if (!pod.deletion_timestamp.empty()) ApplyDeletion();
  }

  std::string FormatReady() const { return std::to_string(ready_) + "/" + std::to_string(total_); }
  const std::string& status() const { return reason_; }
  // "3 (2m ago)".
  std::string FormatRestarts(int64_t now) const {
    std::string text = std::to_string(restarts_);
    if (restarts_ != 0 && last_restart_) {
      text += " (" + HumanDuration(std::chrono::seconds(now - *last_restart_)) + " ago)";
    }
    return text;
  }

 private:
  bool IsSchedulingGated() const {
    if (pod_.conditions.find("SchedulingGated") == std::string_view::npos) return false;
    bool gated = false;
    ForEachElement(pod_.conditions, [&](std::string_view condition) {
      const auto [type, reason] = Members(condition, "type", "reason");
      gated = gated || (IsText(type, "PodScheduled") && IsText(reason, "SchedulingGated"));
    });
    return gated;
  }

  // Init containers that are restarted run along with the others (sidecars), so they count.
  void CountContainers() {
    total_ = Count(pod_.containers);
    ForEachElement(pod_.init_containers, [&](std::string_view container) {
      const auto [name, restart_policy] = Members(container, "name", "restartPolicy");
      if (IsText(restart_policy, "Always")) sidecars_.push_back(name);
      ++init_total_;
    });
    total_ += static_cast<int64_t>(sidecars_.size());
  }

  bool IsSidecar(const ContainerState& container) const {
    return std::find(sidecars_.begin(), sidecars_.end(), container.name) != sidecars_.end();
  }

  static void Advance(std::optional<int64_t> time, std::optional<int64_t>* latest) {
    if (time && (!*latest || **latest < *time)) *latest = time;
  }

  // Whether an init container is not done yet; STATUS then tells of the first such.
  bool CountInitStatuses() {
    bool initializing = false;
    int64_t index = 0;
    ForEachElement(pod_.init_statuses, [&](std::string_view raw) {
      if (initializing) return;
      const ContainerState container = ReadContainerState(raw);
      const bool sidecar = IsSidecar(container);
      restarts_ += container.restart_count;
      Advance(container.last_finished, &last_restart_);
      if (sidecar) {
        sidecar_restarts_ += container.restart_count;
        Advance(container.last_finished, &last_sidecar_restart_);
      }
      initializing = !IsInitialized(container, sidecar, index++);
    });
    return initializing;
  }

  bool IsInitialized(const ContainerState& container, bool sidecar, int64_t index) {
    if (!container.terminated.empty() && Integer(Member(container.terminated, "exitCode")) == 0)
      return true;
    if (sidecar && container.started) {
      if (container.ready) ++ready_;
      return true;
    }
    if (!container.terminated.empty()) {
      reason_ = "Init:" + FormatTermination(container.terminated);
      return false;
    }
    const std::string waiting = Text(Member(container.waiting, "reason"));
    if (!waiting.empty() && waiting != "PodInitializing") {
      reason_ = "Init:" + waiting;
    } else {
      reason_ = "Init:" + std::to_string(index) + "/" + std::to_string(init_total_);
    }
    return false;
  }

  // From the last container to the first, so that STATUS tells of the first one in trouble.
  void CountStatuses() {
    restarts_ = sidecar_restarts_;
    last_restart_ = last_sidecar_restart_;
    std::vector<std::string_view> statuses;
    ForEachElement(pod_.statuses, [&](std::string_view raw) { statuses.push_back(raw); });
    bool has_running = false;
    for (auto it = statuses.rbegin(); it != statuses.rend(); ++it) {
      const ContainerState container = ReadContainerState(*it);
      restarts_ += container.restart_count;
      Advance(container.last_finished, &last_restart_);
      std::string waiting = Text(Member(container.waiting, "reason"));
      if (!waiting.empty()) {
        reason_ = std::move(waiting);
      } else if (!container.terminated.empty()) {
        reason_ = FormatTermination(container.terminated);
      } else if (container.ready && !container.running.empty()) {
        has_running = true;
        ++ready_;
      }
    }
    if (reason_ == "Completed" && has_running) {
      reason_ = IsConditionTrue(pod_.conditions, "Ready") ? "Running" : "NotReady";
    }
  }

  void ApplyDeletion() {
    if (IsText(pod_.reason, "NodeLost")) {
      reason_ = "Unknown";
    } else if (!IsText(pod_.phase, "Succeeded") && !IsText(pod_.phase, "Failed")) {
      reason_ = "Terminating";
    }
  }

  const PodFields& pod_;
  std::string reason_;
  int64_t total_ = 0;
  int64_t ready_ = 0;
  int64_t init_total_ = 0;
  int64_t restarts_ = 0;
  int64_t sidecar_restarts_ = 0;
  std::optional<int64_t> last_restart_;
  std::optional<int64_t> last_sidecar_restart_;
  std::vector<std::string_view> sidecars_;  // Raw names.
};

void PodStateCells(RawValues values, CellWriter* cells) {
  const PodFields fields(values);
  const PodState state(fields);
  cells->Text(state.FormatReady());
  cells->Text(state.status());
  cells->Text(state.FormatRestarts(cells->now()));
}

// From {podIPs, podIP}: the first address; old servers send podIP only.
void PodIpCell(RawValues values, CellWriter* cells) {
  std::string ip;
  bool first = true;
  ForEachElement(values[0], [&](std::string_view element) {
    if (first) ip = Text(Member(element, "ip"));
    first = false;
  });
  if (first) ip = Text(values[1]);
  cells->Text(ip.empty() ? "<none>" : ip);
}

// From {readiness gates, conditions}: "1/2".
void ReadinessGatesCell(RawValues values, CellWriter* cells) {
  int64_t gates = 0;
  int64_t open = 0;
  ForEachElement(values[0], [&](std::string_view gate) {
    ++gates;
    if (IsConditionTrue(values[1], Text(Member(gate, "conditionType")))) ++open;
  });
  cells->Text(gates == 0 ? "<none>" : std::to_string(open) + "/" + std::to_string(gates));
}

}  // namespace

std::vector<TableDefinition> PodTables() {
  return {
      {"",
       "pods",
       {NameColumn(),
        {"Ready", "string", 0, kPodStatePaths, PodStateCells},
        {"Status", "string", 0},
        {"Restarts", "string", 0},
        AgeColumn(),
        {"IP", "string", 1, {"status.podIPs", "status.podIP"}, PodIpCell},
        {"Node", "string", 1, {"spec.nodeName"}, TextOrNoneCell},
        {"Nominated Node", "string", 1, {"status.nominatedNodeName"}, TextOrNoneCell},
        {"Readiness Gates",
         "string",
         1,
         {"spec.readinessGates", "status.conditions"},
         ReadinessGatesCell}},
       /*has_pod_conditions=*/true},
      {"",
       "podtemplates",
       {NameColumn(),
        {"Containers", "string", 0, {"template.spec.containers"}, ContainersAndImagesCells},
        {"Images", "string", 0},
        {"Pod Labels", "string", 0, {"template.metadata.labels"}, LabelsCell}}},
  };
}

}  // namespace pedia::apiserver
