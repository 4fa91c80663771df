#include "tests/bench/pods.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>

namespace pedia::bench {
namespace {

int PerCluster(int pods) { return (pods + kClusters - 1) / kClusters; }

std::string Padded(const char* format, int number) {
  char text[64];
  std::snprintf(text, sizeof text, format, number);
  return text;
}

}  // namespace

std::string ClusterOf(int i, int pods) { return "cluster-" + std::to_string(i / PerCluster(pods)); }

std::string NameOf(int i, int pods) {
  return i == OddPod(pods) ? "odd" : Padded("pod-%06d", i % PerCluster(pods) % 200);
}

std::string NamespaceOf(int i, int pods) { return Padded("team-%04d", i % PerCluster(pods) / 200); }

std::string Pod(int i, int pods) {
  std::mt19937 random(static_cast<unsigned>(i));
  const auto pick = [&](int n) { return std::to_string(random() % static_cast<unsigned>(n)); };
  const bool odd = i == OddPod(pods);
  std::string json = R"({"metadata":{"name":")" + NameOf(i, pods) + R"(","namespace":")" +
                     NamespaceOf(i, pods) + R"(","uid":")";
  for (int k = 0; k < 36; ++k) json += k % 9 == 8 ? '-' : "0123456789abcdef"[random() % 16];
  json += R"(","resourceVersion":")" + std::to_string(1'000'000 + i) +
          R"(","creationTimestamp":"2026-0)" + (odd ? "2" : "1") + "-0" +
          std::to_string(1 + random() % 9) + "T0" + pick(10) + ":" +
          std::to_string(10 + random() % 50) + ":" + std::to_string(10 + random() % 50) +
          R"(Z","labels":{"app":"app-)" + pick(1'000) + R"(","env":")" +
          (random() % 3 == 0 ? "dev" : "prod") + R"(","tier":")" + (odd ? "odd" : "backend") +
          (odd ? R"(","odd":")" : R"(","pod-template-hash":")") + pick(10'000) + '"';
  for (int k = 0; k < 9; ++k)
    json += R"(,"label-)" + std::to_string(k) + R"(":"value-)" + pick(10 * (k + 1)) + '"';
  json += R"(},"ownerReferences":[{"controller":true,"uid":"owner-)" + (odd ? "odd" : pick(500)) +
          R"("}]},"spec":{"nodeName":"node-)" + (odd ? "odd" : pick(500)) +
          R"(","serviceAccountName":"sa-)" + pick(50) + R"(","containers":[)";
  while (json.size() < 3'900) {
    json +=
        R"({"name":"c)" + pick(1'000'000) + R"(","image":"registry.example.com/team/app:)" +
        pick(1'000'000'000) +
        R"(","resources":{"limits":{"cpu":"500m","memory":"512Mi"}},"env":[{"name":"A","value":")" +
        pick(1'000'000'000) + R"("}]},)";
  }
  json.back() = ']';
  return json + R"(},"status":{"phase":")" + (odd ? "Failed" : "Running") + R"(","podIP":"10.)" +
         pick(256) + "." + pick(256) + "." + pick(256) + R"("}})";
}

std::vector<storage::Change> Batch(int begin, int end, int pods) {
  std::vector<storage::Change> changes;
  for (int i = begin; i < end; ++i) {
    Result<storage::ObjectRow> row = storage::EncodeObject(kPods, Pod(i, pods));
    if (!row.ok()) std::abort();
    changes.push_back(
        {storage::Change::Action::kUpsert, ClusterOf(i, pods), kPods, "Pod", std::move(*row)});
  }
  return changes;
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double RssMb() {
  std::ifstream statm("/proc/self/statm");
  long pages = 0;
  statm >> pages >> pages;
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

Counted ListPods(storage::Store& store, const query::ListOptions& options) {
  CountingSink sink;
  Counted counted;
  Result<storage::ListResult> result = store.List(
      {kPods, "", ""}, options, [&](const storage::ListHead& head) { counted.head = head; }, sink);
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
    std::exit(1);
  }
  counted.result = *std::move(result);
  counted.bytes = sink.bytes;
  counted.rows = sink.rows;
  return counted;
}

}  // namespace pedia::bench
