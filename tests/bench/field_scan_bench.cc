// What it costs to look at some field paths of pods of 4 KB: field scanner, LZ4 decoding and both,
// beside plain passes over the same bytes in the same run. Usage: field_scan_bench [seconds=1]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "meta/json_reader.h"
#include "query/field_scanner.h"
#include "storage/body_codec.h"

namespace pedia {
namespace {

// Of this process, so that others on the machine do not count.
double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

class PodWriter {
 public:
  explicit PodWriter(unsigned seed) : random_(seed) {}

  std::string Pod() {
    std::string json =
        R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-)" + Hex(10) + '-' + Hex(5) +
        R"(","generateName":"web-5d9c8-","namespace":"team-)" + Number(1000) + R"(","uid":")" +
        Uid() + R"(","resourceVersion":")" + Number(100'000'000) +
        R"(","creationTimestamp":"2026-01-02T03:04:05Z","labels":{"app.kubernetes.io/name":"web",)"
        R"("app.kubernetes.io/instance":"web-)" +
        Number(50) + R"(","pod-template-hash":")" + Hex(10) +
        R"("},"annotations":{"prometheus.io/scrape":"true","checksum/config":")" + Hex(64) +
        R"(","cni/status":"[{\n    \"name\": \"net\",\n    \"ips\": [\n        \"10.0.1.)" +
        Number(250) +
        R"(\"\n    ],\n    \"default\": true\n}]"},"ownerReferences":[{"apiVersion":"apps/v1",)"
        R"("kind":"ReplicaSet","name":"web-5d9c8","uid":")" +
        Uid() + R"(","controller":true,"blockOwnerDeletion":true}]},)";
    return json + Spec() + "," + Status() + "}";
  }

 private:
  std::string Number(unsigned below) { return std::to_string(random_() % below); }
  std::string Hex(int length) {
    std::string text;
    for (int i = 0; i < length; ++i) text += "0123456789abcdef"[random_() % 16];
    return text;
  }
  std::string Uid() { return Hex(8) + '-' + Hex(4) + '-' + Hex(4) + '-' + Hex(4) + '-' + Hex(12); }

  std::string Spec() {
    std::string json =
        R"("spec":{"volumes":[{"name":"kube-api-access-)" + Hex(5) +
        R"(","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":)"
        R"("token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":)"
        R"("ca.crt"}]}},{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1",)"
        R"("fieldPath":"metadata.namespace"}}]}}],"defaultMode":420}}],"containers":[)";
    for (const char* name : {"web", "sidecar"}) {
      json += std::string(R"({"name":")") + name + R"(","image":"registry.example.com/team/)" +
              name + ":1." + Number(100) +
              R"(","ports":[{"name":"http","containerPort":8080,"protocol":)"
              R"("TCP"}],"env":[{"name":"POD_NAME","valueFrom":{"fieldRef":{"apiVersion":"v1",)"
              R"("fieldPath":"metadata.name"}}},{"name":"LEVEL","value":"info"}],"resources":)"
              R"({"limits":{"cpu":"500m","memory":"512Mi"},"requests":{"cpu":"100m","memory":)"
              R"("128Mi"}},"volumeMounts":[{"name":"kube-api-access","readOnly":true,"mountPath":)"
              R"("/var/run/secrets/kubernetes.io/serviceaccount"}],"livenessProbe":{"httpGet":)"
              R"({"path":"/healthz","port":8080,"scheme":"HTTP"},"timeoutSeconds":1,)"
              R"("periodSeconds":10},"terminationMessagePath":"/dev/termination-log",)"
              R"("imagePullPolicy":"IfNotPresent"},)";
    }
    json.back() = ']';
    return json +
           R"(,"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":)"
           R"("ClusterFirst","serviceAccountName":"default","serviceAccount":"default","nodeName":)"
           R"("node-)" +
           Number(500) +
           R"(","securityContext":{},"schedulerName":"default-scheduler","tolerations":[{"key":)"
           R"("node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute",)"
           R"("tolerationSeconds":300}],"priority":0,"enableServiceLinks":true})";
  }

  std::string Status() {
    std::string json = R"("status":{"phase":"Running","conditions":[)";
    for (const char* type : {"Initialized", "Ready", "ContainersReady", "PodScheduled"}) {
      json +=
          std::string(R"({"type":")") + type +
          R"(","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-02T03:04:05Z"},)";
    }
    json.back() = ']';
    return json + R"(,"hostIP":"10.1.0.)" + Number(250) + R"(","podIP":"10.0.1.)" + Number(250) +
           R"(","startTime":"2026-01-02T03:04:05Z","containerStatuses":[{"name":"web","state":)"
           R"({"running":{"startedAt":"2026-01-02T03:04:09Z"}},"lastState":{},"ready":true,)"
           R"("restartCount":0,"imageID":"registry.example.com/team/web@sha256:)" +
           Hex(64) + R"(","containerID":"containerd://)" + Hex(64) +
           R"(","started":true}],"qosClass":"Burstable"})";
  }

  std::mt19937 random_;
};

// "a.b[].c".
query::FieldPath Path(std::string_view text) {
  query::FieldPath path;
  while (!text.empty()) {
    if (text.starts_with("[]")) {
      path.steps.push_back({query::FieldStep::Kind::kAnyElement, "", 0});
      text.remove_prefix(2);
      continue;
    }
    if (text.front() == '.') text.remove_prefix(1);
    const std::string name(text.substr(0, text.find_first_of(".[")));
    path.steps.push_back({query::FieldStep::Kind::kMember, name, 0});
    text.remove_prefix(name.size());
  }
  return path;
}

class Bench {
 public:
  explicit Bench(double seconds) : seconds_(seconds) {
    for (unsigned i = 0; i < 64; ++i) {
      pods_.push_back(PodWriter(i).Pod());
      if (!IsValidJson(pods_.back())) std::abort();
      Result<std::string> encoded = storage::EncodeBody(pods_.back());
      if (!encoded.ok()) std::abort();
      encoded_.push_back(*std::move(encoded));
      bytes_ += pods_.back().size();
    }
    std::printf("%zu pods of %zu bytes\n", pods_.size(), bytes_ / pods_.size());
  }

  // Runs `pass(i)` over all pods again and again; prints MB of JSON per second of CPU, in the best
  // of many short rounds.
  double Measure(const std::string& name, const std::function<size_t(size_t)>& pass) {
    double best = 1;
    const double start = CpuSeconds();
    for (double begin = start; begin - start < seconds_;) {
      for (int k = 0; k < 16; ++k) {
        for (size_t i = 0; i < pods_.size(); ++i) sum_ += pass(i);
      }
      const double end = CpuSeconds();
      best = std::min(best, end - begin);
      begin = end;
    }
    const double rate = static_cast<double>(16 * bytes_) / best / 1e6;
    std::printf("%-58s %8.0f MB/s", name.c_str(), rate);
    if (memcpy_ > 0) std::printf("  memcpy x%.3f  memchr x%.3f", rate / memcpy_, rate / memchr_);
    std::printf("\n");
    return rate;
  }

  void Run() {
    std::string copy(2 * bytes_ / pods_.size(), ' ');
    const double copied = Measure("memcpy", [&](size_t i) {
      std::memcpy(copy.data(), pods_[i].data(), pods_[i].size());
      return static_cast<size_t>(copy[i]);
    });
    memchr_ = Measure("memchr of a byte that is not there", [&](size_t i) {
      return static_cast<size_t>(std::memchr(pods_[i].data(), 1, pods_[i].size()) != nullptr);
    });
    memcpy_ = copied;
    std::string buffer;
    const auto decode = [&](size_t i) { return *storage::DecodeBody(encoded_[i], &buffer); };
    Measure("LZ4 decode", [&](size_t i) { return decode(i).size(); });
    Measure("strict check of all", [&](size_t i) { return size_t{IsValidJson(pods_[i])}; });
    Measure("skip of all", [&](size_t i) { return JsonReader(pods_[i]).Skip().size(); });
    for (const std::vector<const char*>& names : std::vector<std::vector<const char*>>{
             {"metadata.name"},
             {"spec.containers[].image"},
             {"spec.containers[].resources.limits.memory"},
             {"spec.nodeName"},
             {"status.phase"},
             {"status.conditions[].type"},
             {"status.qosClass"},
             {"spec.absent"},
             {"spec.containers[].image", "status.phase", "spec.nodeName", "status.hostIP"}}) {
      std::vector<query::FieldPath> paths;
      std::string title;
      for (const char* name : names) {
        paths.push_back(Path(name));
        title += (title.empty() ? "" : ",") + std::string(name);
      }
      const query::FieldScanner scanner(paths);
      std::vector<query::FieldTexts> texts;
      const auto scan = [&](std::string_view json) {
        scanner.Scan(json, &texts);
        return texts[0].size();
      };
      Measure(title, [&](size_t i) { return scan(pods_[i]); });
      if (names.size() == 1 && title != "spec.containers[].image") continue;
      Measure("  with LZ4 decode", [&](size_t i) { return scan(decode(i)); });
    }
    std::printf("(%zu)\n", sum_);
  }

 private:
  double seconds_;
  std::vector<std::string> pods_;
  std::vector<std::string> encoded_;
  size_t bytes_ = 0;
  double memcpy_ = 0;
  double memchr_ = 0;
  size_t sum_ = 0;
};

}  // namespace
}  // namespace pedia

int main(int argc, char** argv) {
  pedia::Bench(argc > 1 ? std::atof(argv[1]) : 1).Run();
  return 0;
}
