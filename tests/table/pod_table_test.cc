// The states of a Pod as rows: READY, STATUS, RESTARTS and the wide columns.
#include <gtest/gtest.h>

#include "table_printing.h"

namespace pedia::apiserver {
namespace {

const GroupVersionResource kPods = {"", "v1", "pods"};

struct PodCase {
  const char* name;
  const char* body;
  const char* ready;
  const char* status;
  const char* restarts;
};

std::ostream& operator<<(std::ostream& out, const PodCase& pod) { return out << pod.name; }

class PodStateTest : public ::testing::TestWithParam<PodCase> {};

TEST_P(PodStateTest, IsShownAsKubectlShowsIt) {
  EXPECT_EQ(PrintCell(kPods, "Ready", GetParam().body), GetParam().ready);
  EXPECT_EQ(PrintCell(kPods, "Status", GetParam().body), GetParam().status);
  EXPECT_EQ(PrintCell(kPods, "Restarts", GetParam().body), GetParam().restarts);
}

const PodCase kCases[] = {
    {"Empty", R"({})", "0/0", "", "0"},
    {"PendingWithoutStatuses",
     R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]},"status":{"phase":"Pending"}})", "0/2",
     "Pending", "0"},
    {"StatusReasonBeatsPhase",
     R"({"spec":{"containers":[{}]},"status":{"phase":"Failed","reason":"Evicted"}})", "0/1",
     "Evicted", "0"},
    {"SchedulingGated",
     R"({"spec":{"containers":[{}]},"status":{"phase":"Pending","conditions":[
        {"type":"PodScheduled","status":"False","reason":"SchedulingGated"}]}})",
     "0/1", "SchedulingGated", "0"},
    {"GatedByAnotherConditionIsNotGated",
     R"({"status":{"phase":"Pending","conditions":[{"type":"X","reason":"SchedulingGated"}]}})",
     "0/0", "Pending", "0"},
    {"Running",
     R"({"spec":{"containers":[{}]},"status":{"phase":"Running","containerStatuses":[
        {"name":"a","ready":true,"restartCount":0,"state":{"running":{}}}]}})",
     "1/1", "Running", "0"},
    {"RunningButNotReady",
     R"({"spec":{"containers":[{}]},"status":{"phase":"Running","containerStatuses":[
        {"ready":false,"state":{"running":{}}}]}})",
     "0/1", "Running", "0"},
    {"NullStatesAreAbsent",
     R"({"spec":{"containers":[{}]},"status":{"phase":"Running","reason":null,"containerStatuses":[
        {"ready":true,"lastState":{},"state":{"waiting":null,"terminated":null,"running":{}}}]}})",
     "1/1", "Running", "0"},
    {"TheFirstContainerInTroubleNames",
     R"({"spec":{"containers":[{},{}]},"status":{"phase":"Running","containerStatuses":[
        {"state":{"waiting":{"reason":"ImagePullBackOff"}}},
        {"state":{"waiting":{"reason":"CrashLoopBackOff"}},"restartCount":4}]}})",
     "0/2", "ImagePullBackOff", "4"},
    {"RestartsTellWhenTheLastWas",
     R"({"spec":{"containers":[{}]},"status":{"phase":"Running","containerStatuses":[
        {"ready":true,"restartCount":2,"state":{"running":{}},"lastState":{"terminated":{"finishedAt":"2026-01-01T11:57:00Z"}}},
        {"restartCount":1,"state":{"running":{}},"lastState":{"terminated":{"finishedAt":"2026-01-01T11:00:00Z"}}}]}})",
     "1/1", "Running", "3 (3m ago)"},
    {"RestartsWithoutATimeHaveNone",
     R"({"status":{"phase":"Running","containerStatuses":[{"restartCount":2,"lastState":{"terminated":{"finishedAt":null}}}]}})",
     "0/0", "Running", "2"},
    {"ErrorReason",
     R"({"status":{"phase":"Failed","containerStatuses":[{"state":{"terminated":{"reason":"OOMKilled","exitCode":137}}}]}})",
     "0/0", "OOMKilled", "0"},
    {"Signal",
     R"({"status":{"containerStatuses":[{"state":{"terminated":{"signal":9,"exitCode":137}}}]}})",
     "0/0", "Signal:9", "0"},
    {"ExitCode", R"({"status":{"containerStatuses":[{"state":{"terminated":{"exitCode":3}}}]}})",
     "0/0", "ExitCode:3", "0"},
    {"CompletedWithARunningContainerAndReady",
     R"({"spec":{"containers":[{},{}]},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],
        "containerStatuses":[{"state":{"terminated":{"reason":"Completed"}}},{"ready":true,"state":{"running":{}}}]}})",
     "1/2", "Running", "0"},
    {"CompletedWithARunningContainerNotReady",
     R"({"spec":{"containers":[{},{}]},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"False"}],
        "containerStatuses":[{"state":{"terminated":{"reason":"Completed"}}},{"ready":true,"state":{"running":{}}}]}})",
     "1/2", "NotReady", "0"},
    {"Completed",
     R"({"status":{"phase":"Succeeded","containerStatuses":[{"state":{"terminated":{"reason":"Completed"}}}]}})",
     "0/0", "Completed", "0"},
    // Init containers.
    {"InitByCount",
     R"({"spec":{"initContainers":[{"name":"i"},{"name":"j"}],"containers":[{}]},"status":{"phase":"Pending",
        "initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":0}}},{"name":"j","state":{"running":{}}}],
        "containerStatuses":[{"state":{"waiting":{"reason":"PodInitializing"}}}]}})",
     "0/1", "Init:1/2", "0"},
    {"InitWaitsForAReason",
     R"({"spec":{"initContainers":[{"name":"i"}]},"status":{"initContainerStatuses":[
        {"name":"i","restartCount":5,"state":{"waiting":{"reason":"CrashLoopBackOff"}},
         "lastState":{"terminated":{"finishedAt":"2026-01-01T11:59:00Z"}}}]}})",
     "0/0", "Init:CrashLoopBackOff", "5 (60s ago)"},
    {"InitPodInitializingIsNoReason",
     R"({"spec":{"initContainers":[{"name":"i"}]},"status":{"initContainerStatuses":[
        {"name":"i","state":{"waiting":{"reason":"PodInitializing"}}}]}})",
     "0/0", "Init:0/1", "0"},
    {"InitFailedWithReason",
     R"({"spec":{"initContainers":[{"name":"i"}]},"status":{"initContainerStatuses":[
        {"name":"i","state":{"terminated":{"exitCode":1,"reason":"Error"}}}]}})",
     "0/0", "Init:Error", "0"},
    {"InitFailedWithSignal",
     R"({"status":{"initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":1,"signal":15}}}]}})",
     "0/0", "Init:Signal:15", "0"},
    {"InitFailedWithExitCode",
     R"({"status":{"initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":7}}}]}})",
     "0/0", "Init:ExitCode:7", "0"},
    {"RestartsOfInitContainersDoNotCountOnceTheyAreDone",
     R"({"spec":{"initContainers":[{"name":"i"}],"containers":[{}]},"status":{"phase":"Running",
        "initContainerStatuses":[{"name":"i","restartCount":3,"state":{"terminated":{"exitCode":0}}}],
        "containerStatuses":[{"ready":true,"restartCount":1,"state":{"running":{}}}]}})",
     "1/1", "Running", "1"},
    {"InitializedConditionLetsContainersSpeak",
     R"({"spec":{"initContainers":[{"name":"i"}],"containers":[{}]},"status":{"phase":"Running",
        "conditions":[{"type":"Initialized","status":"True"}],
        "initContainerStatuses":[{"name":"i","restartCount":3,"state":{"running":{}}}],
        "containerStatuses":[{"ready":true,"restartCount":1,"state":{"running":{}}}]}})",
     "1/1", "Init:0/1", "1"},
    // Sidecars: init containers that are restarted.
    {"SidecarsCount",
     R"({"spec":{"initContainers":[{"name":"s","restartPolicy":"Always"}],"containers":[{}]},"status":{"phase":"Running",
        "initContainerStatuses":[{"name":"s","started":true,"ready":true,"restartCount":2,"state":{"running":{}},
          "lastState":{"terminated":{"finishedAt":"2026-01-01T11:58:30Z"}}}],
        "containerStatuses":[{"ready":true,"restartCount":1,"state":{"running":{}}}]}})",
     "2/2", "Running", "3 (90s ago)"},
    {"SidecarStartedButNotReady",
     R"({"spec":{"initContainers":[{"name":"s","restartPolicy":"Always"}],"containers":[{}]},"status":{"phase":"Running",
        "initContainerStatuses":[{"name":"s","started":true,"ready":false,"state":{"running":{}}}],
        "containerStatuses":[{"ready":true,"state":{"running":{}}}]}})",
     "1/2", "Running", "0"},
    {"SidecarNotStarted",
     R"({"spec":{"initContainers":[{"name":"s","restartPolicy":"Always"},{"name":"i"}],"containers":[{}]},"status":{
        "phase":"Pending","initContainerStatuses":[{"name":"s","started":false,"state":{"waiting":{"reason":"PodInitializing"}}}]}})",
     "0/2", "Init:0/2", "0"},
    // Deletion.
    {"Terminating",
     R"({"metadata":{"deletionTimestamp":"2026-01-01T11:00:00Z"},"spec":{"containers":[{}]},"status":{"phase":"Running",
        "containerStatuses":[{"ready":true,"state":{"running":{}}}]}})",
     "1/1", "Terminating", "0"},
    {"DeletedAndLost",
     R"({"metadata":{"deletionTimestamp":"2026-01-01T11:00:00Z"},"status":{"phase":"Running","reason":"NodeLost"}})",
     "0/0", "Unknown", "0"},
    {"DeletedButDone",
     R"({"metadata":{"deletionTimestamp":"2026-01-01T11:00:00Z"},"status":{"phase":"Succeeded",
        "containerStatuses":[{"state":{"terminated":{"reason":"Completed"}}}]}})",
     "0/0", "Completed", "0"},
};

INSTANTIATE_TEST_SUITE_P(Cases, PodStateTest, ::testing::ValuesIn(kCases),
                         [](const auto& pod) { return std::string(pod.param.name); });

TEST(PodTableTest, TakesTheFirstOfPodIpsAndElsePodIp) {
  EXPECT_EQ(
      PrintCell(kPods, "IP",
                R"({"status":{"podIP":"1.1.1.1","podIPs":[{"ip":"fd00::1"},{"ip":"1.1.1.1"}]}})"),
      "fd00::1");
  EXPECT_EQ(PrintCell(kPods, "IP", R"({"status":{"podIP":"1.1.1.1"}})"), "1.1.1.1");
  EXPECT_EQ(PrintCell(kPods, "IP", R"({"status":{"podIP":""}})"), "<none>");
}

TEST(PodTableTest, CountsReadinessGatesWhoseConditionIsTrue) {
  EXPECT_EQ(PrintCell(kPods, "Readiness Gates",
                      R"({"spec":{"readinessGates":[{"conditionType":"a"},{"conditionType":"b"}]},
      "status":{"conditions":[{"type":"a","status":"True"},{"type":"b","status":"False"}]}})"),
            "1/2");
  EXPECT_EQ(PrintCell(kPods, "Readiness Gates", R"({"spec":{"readinessGates":[]}})"), "<none>");
}

TEST(PodTableTest, ShowsTheNominatedNode) {
  EXPECT_EQ(PrintCell(kPods, "Nominated Node", R"({"status":{"nominatedNodeName":"n"}})"), "n");
  EXPECT_EQ(PrintCell(kPods, "Node", R"({})"), "<none>");
}

TEST(PodTableTest, TellsThatARowIsCompleted) {
  const auto conditions = [](std::string_view body) {
    std::string members;
    FindTablePrinter(kPods).AppendRowMembers(body, 0, &members);
    return nlohmann::json::parse("{" + members + "}")
        .value("conditions", nlohmann::json::array())
        .dump();
  };
  EXPECT_EQ(conditions(R"({"status":{"phase":"Running"}})"), "[]");
  EXPECT_EQ(
      conditions(R"({"status":{"phase":"Succeeded"}})"),
      R"([{"message":"The pod has completed successfully.","reason":"Succeeded","status":"True","type":"Completed"}])");
}

}  // namespace
}  // namespace pedia::apiserver
