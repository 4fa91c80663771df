#include "tests/member/synthetic.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "meta/time.h"
#include "tests/member/synthetic_templates.h"

namespace pedia::member {
namespace {

constexpr std::array<std::string_view, 10> kTeams = {"shop",  "payments", "search", "media", "data",
                                                     "infra", "identity", "batch",  "edge",  "ml"};
constexpr std::array<std::string_view, 12> kApps = {"api",    "web",     "worker", "cache",
                                                    "ingest", "billing", "cart",   "login",
                                                    "mailer", "reports", "export", "proxy"};
constexpr std::array<std::string_view, 3> kEnvs = {"prod", "staging", "dev"};
constexpr std::array<std::string_view, 4> kTiers = {"frontend", "backend", "cache", "jobs"};
constexpr std::array<std::string_view, 4> kRegions = {"eu-west-1", "eu-north-1", "us-east-1",
                                                      "ap-south-1"};
constexpr std::array<std::string_view, 4> kCpus = {"50m", "100m", "250m", "1"};
constexpr std::array<std::string_view, 4> kMemories = {"64Mi", "128Mi", "512Mi", "2Gi"};
constexpr std::string_view kNameAlphabet =
    "bcdfghjklmnpqrstvwxz2456789";                // As Kubernetes' generated names.
constexpr int64_t kFirstCreated = 1'790'000'000;  // September 2026.

// Seeds of independent random sequences.
enum Kind : uint64_t {
  kPod = 1,
  kDeployment,
  kReplicaSet,
  kService,
  kConfigMap,
  kNamespace,
  kNode,
  kWidget,  // And one for each further kind of them.
};

uint64_t Mix(uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

uint64_t HashOf(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::string Hex(uint64_t bits, int digits) {
  std::string text(static_cast<size_t>(digits), '0');
  for (char& c : text) {
    c = "0123456789abcdef"[bits & 15];
    bits >>= 4;
  }
  return text;
}

template <size_t n>
std::string Pick(const std::array<std::string_view, n>& from, uint64_t bits) {
  return std::string(from[bits % n]);
}

// Five letters; a bijection of 0..27^5-1, so that no two pods of a cluster share a suffix.
std::string Suffix(uint64_t index, uint64_t seed) {
  constexpr uint64_t kRange = 27 * 27 * 27 * 27 * 27;
  uint64_t scrambled = (index * 9'990'007 + seed % kRange) % kRange;
  std::string text(5, 'x');
  for (char& c : text) {
    c = kNameAlphabet[scrambled % 27];
    scrambled /= 27;
  }
  return text;
}

std::string Address(std::string_view prefix, uint64_t number) {
  return std::string(prefix) + std::to_string((number >> 8) & 255) + "." +
         std::to_string(number & 255);
}

// Words in an order of their own, so that they are neither random to a compressor nor the same.
std::string Notes(uint64_t random, size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    random = Mix(random);
    text +=
        Pick(kTeams, random) + ' ' + Pick(kApps, random >> 8) + ' ' + Hex(random >> 16, 4) + ' ';
  }
  text.resize(bytes);
  return text;
}

using Values = std::vector<std::string>;

// One buffer per thread: rendering a pod then allocates next to nothing.
Values& ClearedValues() {
  thread_local Values values(static_cast<size_t>(Slot::kCount));
  for (std::string& value : values) value.clear();
  return values;
}

std::string& At(Values& values, Slot slot) { return values[static_cast<size_t>(slot)]; }

}  // namespace

SyntheticCluster::SyntheticCluster(SyntheticOptions options)
    : options_(std::move(options)), seed_(Mix(HashOf(options_.cluster) ^ Mix(options_.seed))) {
  options_.namespaces = std::max(options_.namespaces, 1u);
}

uint64_t SyntheticCluster::Random(uint64_t kind, uint64_t index) const {
  return Mix(seed_ ^ Mix(kind << 40 | index));
}

std::string SyntheticCluster::Uid(uint64_t kind, uint64_t index) const {
  const uint64_t high = Random(kind, index);
  const uint64_t low = Mix(high ^ seed_);
  return Hex(high, 8) + "-" + Hex(high >> 32, 4) + "-4" + Hex(high >> 48, 3) + "-a" + Hex(low, 3) +
         "-" + Hex(low >> 16, 12);
}

std::string SyntheticCluster::Created(uint64_t kind, uint64_t index) const {
  return FormatRfc3339(kFirstCreated + static_cast<int64_t>(Random(kind, index) % (60 * 86'400)));
}

uint32_t SyntheticCluster::DeploymentOf(uint32_t pod) const {
  if (pod < options_.pods) return pod / 10;
  return static_cast<uint32_t>(Random(kPod, pod) % std::max(deployments(), 1u));
}

std::string SyntheticCluster::App(uint32_t deployment) const {
  return std::string(kApps[deployment % kApps.size()]) + "-" + std::to_string(deployment);
}

std::string SyntheticCluster::TemplateHash(uint32_t deployment) const {
  return Hex(Random(kReplicaSet, deployment), 10);
}

std::string SyntheticCluster::NamespaceName(uint32_t index) const {
  const std::string team(kTeams[index % kTeams.size()]);
  return index < kTeams.size() ? team : team + "-" + std::to_string(index / kTeams.size());
}

std::string SyntheticCluster::NodeName(uint32_t index) const {
  return options_.cluster + "-node-" + std::to_string(index + 1);
}

ObjectName SyntheticCluster::DeploymentName(uint32_t deployment) const {
  return {NamespaceName(deployment % options_.namespaces), App(deployment)};
}

ObjectName SyntheticCluster::ReplicaSetName(uint32_t deployment) const {
  ObjectName name = DeploymentName(deployment);
  name.name += "-" + TemplateHash(deployment);
  return name;
}

ObjectName SyntheticCluster::PodName(uint32_t index) const {
  ObjectName name = ReplicaSetName(DeploymentOf(index));
  name.name += "-" + Suffix(index, seed_);
  return name;
}

void SyntheticCluster::FillDeployment(uint32_t deployment, uint64_t resource_version,
                                      Values* out) const {
  Values& values = *out;
  const uint64_t random = Random(kDeployment, deployment);
  At(values, Slot::kNamespace) = NamespaceName(deployment % options_.namespaces);
  At(values, Slot::kResourceVersion) = std::to_string(resource_version);
  At(values, Slot::kGeneration) = "1";
  At(values, Slot::kApp) = App(deployment);
  At(values, Slot::kEnv) = Pick(kEnvs, random);
  At(values, Slot::kTeam) = Pick(kTeams, deployment % options_.namespaces);
  At(values, Slot::kTier) = Pick(kTiers, random >> 8);
  At(values, Slot::kRegion) = Pick(kRegions, random >> 16);
  At(values, Slot::kVersion) =
      "v" + std::to_string(random >> 24 & 7) + "." + std::to_string(random >> 32 & 31);
  At(values, Slot::kTemplateHash) = TemplateHash(deployment);
  At(values, Slot::kReplicas) =
      std::to_string(std::min(10u, options_.pods - std::min(options_.pods, deployment * 10)));
}

void SyntheticCluster::FillPodStatus(uint32_t index, uint32_t revision, Values* out) const {
  Values& values = *out;
  const uint64_t random = Mix(Random(kPod, index) + revision);
  const std::string& created = At(values, Slot::kCreated);
  At(values, Slot::kRestarts) = std::to_string((random >> 8) % 50 == 0 ? 3 + revision : revision);
  const bool waiting = random % 40 == 0;
  const bool pending = random % 40 == 1;
  At(values, Slot::kPhase) = pending ? "Pending" : "Running";
  At(values, Slot::kReady) = waiting || pending ? "false" : "true";
  At(values, Slot::kReason) = waiting || pending ? "False" : "True";
  At(values, Slot::kChanged) = created;
  if (revision > 0) {
    At(values, Slot::kChanged) =
        FormatRfc3339(kFirstCreated + static_cast<int64_t>(70 * 86'400 + revision));
    At(values, Slot::kAnnotations) +=
        R"("example.com/revision":")" + std::to_string(revision) + R"(",)";
  }
  if (waiting) {
    At(values, Slot::kState) =
        R"({"waiting":{"reason":"CrashLoopBackOff","message":"back-off 5m0s restarting failed container"}})";
  } else if (pending) {
    At(values, Slot::kState) = R"({"waiting":{"reason":"ContainerCreating"}})";
  } else {
    At(values, Slot::kState) =
        R"({"running":{"startedAt":")" + At(values, Slot::kChanged) + R"("}})";
  }
}

void SyntheticCluster::AppendPod(uint32_t index, uint32_t revision, uint64_t resource_version,
                                 std::string* out) const {
  Values& values = ClearedValues();
  const uint32_t deployment = DeploymentOf(index);
  const uint64_t random = Random(kPod, index);
  FillDeployment(deployment, resource_version, &values);
  At(values, Slot::kOwnerName) = At(values, Slot::kApp) + "-" + At(values, Slot::kTemplateHash);
  At(values, Slot::kOwnerUid) = Uid(kReplicaSet, deployment);
  At(values, Slot::kGenerateName) = At(values, Slot::kOwnerName) + "-";
  At(values, Slot::kName) = At(values, Slot::kGenerateName) + Suffix(index, seed_);
  At(values, Slot::kUid) = Uid(kPod, index);
  At(values, Slot::kCreated) = Created(kPod, index);
  if (index % 1000 == 500) At(values, Slot::kCanary) = R"("canary":"true",)";
  const uint64_t node = random % nodes();
  At(values, Slot::kNode) = NodeName(static_cast<uint32_t>(node));
  At(values, Slot::kHostIp) = Address("10.0.", node + 1);
  At(values, Slot::kPodIp) = Address("10.244.", random >> 20);
  At(values, Slot::kContainerId) =
      Hex(random, 16) + Hex(Mix(random), 16) + Hex(Mix(random + 1), 16) + Hex(Mix(random + 2), 16);
  At(values, Slot::kCpu) = Pick(kCpus, random >> 4);
  At(values, Slot::kMemory) = Pick(kMemories, random >> 12);
  At(values, Slot::kServiceAccount) = random % 3 == 0 ? "default" : At(values, Slot::kApp);
  At(values, Slot::kNumber) = std::to_string(index % 10);
  if (options_.notes > 0) {
    At(values, Slot::kAnnotations) +=
        R"("example.com/notes":")" + Notes(random, options_.notes) + R"(",)";
  }
  FillPodStatus(index, revision, &values);
  if (random % 2 == 0) {
    // Annotations are sorted by key; "example.com/..." comes before this one.
    std::string last_applied;
    PodLastAppliedTemplate().Append(values, &last_applied);
    At(values, Slot::kAnnotations) += last_applied;
  }
  PodTemplate().Append(values, out);
}

void SyntheticCluster::AppendDeployment(uint32_t index, uint64_t resource_version,
                                        std::string* out) const {
  Values& values = ClearedValues();
  FillDeployment(index, resource_version, &values);
  At(values, Slot::kName) = At(values, Slot::kApp);
  At(values, Slot::kUid) = Uid(kDeployment, index);
  At(values, Slot::kCreated) = Created(kDeployment, index);
  DeploymentTemplate().Append(values, out);
}

void SyntheticCluster::AppendReplicaSet(uint32_t index, uint64_t resource_version,
                                        std::string* out) const {
  Values& values = ClearedValues();
  FillDeployment(index, resource_version, &values);
  At(values, Slot::kName) = At(values, Slot::kApp) + "-" + At(values, Slot::kTemplateHash);
  At(values, Slot::kUid) = Uid(kReplicaSet, index);
  At(values, Slot::kCreated) = Created(kDeployment, index);
  At(values, Slot::kOwnerName) = At(values, Slot::kApp);
  At(values, Slot::kOwnerUid) = Uid(kDeployment, index);
  ReplicaSetTemplate().Append(values, out);
}

void SyntheticCluster::AppendService(uint32_t index, uint64_t resource_version,
                                     std::string* out) const {
  Values& values = ClearedValues();
  FillDeployment(index, resource_version, &values);
  At(values, Slot::kName) = At(values, Slot::kApp);
  At(values, Slot::kUid) = Uid(kService, index);
  At(values, Slot::kCreated) = Created(kDeployment, index);
  At(values, Slot::kPodIp) = Address("10.96.", index + 10);
  ServiceTemplate().Append(values, out);
}

void SyntheticCluster::AppendConfigMap(uint32_t index, uint64_t resource_version,
                                       std::string* out) const {
  Values& values = ClearedValues();
  FillDeployment(index, resource_version, &values);
  At(values, Slot::kName) = At(values, Slot::kApp) + "-config";
  At(values, Slot::kUid) = Uid(kConfigMap, index);
  At(values, Slot::kCreated) = Created(kDeployment, index);
  ConfigMapTemplate().Append(values, out);
}

void SyntheticCluster::AppendNamespace(uint32_t index, uint64_t resource_version,
                                       std::string* out) const {
  Values& values = ClearedValues();
  At(values, Slot::kName) = NamespaceName(index);
  At(values, Slot::kUid) = Uid(kNamespace, index);
  At(values, Slot::kResourceVersion) = std::to_string(resource_version);
  At(values, Slot::kCreated) = FormatRfc3339(kFirstCreated);
  NamespaceTemplate().Append(values, out);
}

void SyntheticCluster::AppendNode(uint32_t index, uint64_t resource_version,
                                  std::string* out) const {
  Values& values = ClearedValues();
  At(values, Slot::kName) = NodeName(index);
  At(values, Slot::kUid) = Uid(kNode, index);
  At(values, Slot::kResourceVersion) = std::to_string(resource_version);
  At(values, Slot::kCreated) = FormatRfc3339(kFirstCreated);
  At(values, Slot::kHostIp) = Address("10.0.", index + 1);
  At(values, Slot::kNumber) = std::to_string(index % 256);
  At(values, Slot::kRegion) = Pick(kRegions, index);
  NodeTemplate().Append(values, out);
}

std::string SyntheticCluster::WidgetKind(uint32_t kind) {
  return "Widget" + std::to_string(kind / 10 % 10) + std::to_string(kind % 10);
}

ObjectName SyntheticCluster::WidgetName(uint32_t index) const {
  return {NamespaceName(index % options_.namespaces), "w-" + std::to_string(index)};
}

void SyntheticCluster::AppendWidget(uint32_t kind, uint32_t index, uint64_t resource_version,
                                    std::string* out) const {
  Values& values = ClearedValues();
  FillDeployment(index, resource_version, &values);
  const ObjectName name = WidgetName(index);
  const uint64_t random = Random(kWidget + kind, index);
  At(values, Slot::kName) = name.name;
  At(values, Slot::kNamespace) = name.namespace_name;
  At(values, Slot::kKind) = WidgetKind(kind);
  At(values, Slot::kUid) = Uid(kWidget + kind, index);
  At(values, Slot::kCreated) = Created(kWidget + kind, index);
  At(values, Slot::kNumber) = std::to_string(random % 1000);
  At(values, Slot::kCpu) = Pick(kCpus, random >> 10);
  At(values, Slot::kMemory) = Pick(kMemories, random >> 12);
  At(values, Slot::kContainerId) = Hex(random, 16) + Hex(Mix(random), 16);
  At(values, Slot::kReady) = random % 16 == 0 ? "False" : "True";
  WidgetTemplate().Append(values, out);
}

}  // namespace pedia::member
