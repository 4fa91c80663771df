// SyntheticCluster: a made-up cluster of any size: pods of about 4 KB as a kube-apiserver sends
// them, with the deployments, replica sets, services, config maps, nodes and namespaces around
// them. Every object is a function of its number.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "meta/result.h"
#include "tests/member/world.h"

namespace pedia::member {

struct SyntheticOptions {
  std::string cluster = "member-1";  // Clusters of different names share no uid and no pod name.
  uint64_t seed = 1;
  uint32_t pods = 100;  // At most 10,000,000.
  uint32_t namespaces = 10;
  bool pods_only = false;
  uint32_t notes = 0;         // Bytes of an annotation that makes pods so much longer.
  uint32_t widget_kinds = 0;  // Kinds of custom resources of about 1 KB besides, at most 100.
  uint32_t widgets = 200;     // Of each of these kinds.
};

inline constexpr const char* kWidgetGroup = "fleet.example.com";

// Immutable, so safe from any thread. 10 pods per deployment; a node carries 50 pods.
// Labels of a pod: app, env, pod-template-hash, region, team, tier, version; and canary=true on one
// pod in 1,000. Half of the pods carry the last-applied annotation, all have managedFields.
class SyntheticCluster {
 public:
  explicit SyntheticCluster(SyntheticOptions options);

  const SyntheticOptions& options() const { return options_; }
  uint32_t deployments() const { return (options_.pods + 9) / 10; }
  uint32_t nodes() const { return options_.pods / 50 + 1; }

  // `index` may exceed options().pods: pods made later belong to one of the same deployments. No
  // two share a name.
  ObjectName PodName(uint32_t index) const;
  // `revision`: how often the pod has changed; each revision differs in annotations and status.
  void AppendPod(uint32_t index, uint32_t revision, uint64_t resource_version,
                 std::string* out) const;

  ObjectName DeploymentName(uint32_t deployment) const;
  ObjectName ReplicaSetName(uint32_t deployment) const;
  std::string NamespaceName(uint32_t index) const;  // index < namespaces
  std::string NodeName(uint32_t index) const;
  void AppendDeployment(uint32_t index, uint64_t resource_version, std::string* out) const;
  void AppendReplicaSet(uint32_t index, uint64_t resource_version, std::string* out) const;
  void AppendService(uint32_t index, uint64_t resource_version, std::string* out) const;
  void AppendConfigMap(uint32_t index, uint64_t resource_version, std::string* out) const;
  void AppendNamespace(uint32_t index, uint64_t resource_version, std::string* out) const;
  void AppendNode(uint32_t index, uint64_t resource_version, std::string* out) const;
  // Custom resources of the group kWidgetGroup: namespaced, in the order of their numbers.
  static std::string WidgetKind(uint32_t kind);  // "Widget07"; its resource is "widget07s".
  ObjectName WidgetName(uint32_t index) const;
  void AppendWidget(uint32_t kind, uint32_t index, uint64_t resource_version,
                    std::string* out) const;

 private:
  uint64_t Random(uint64_t kind, uint64_t index) const;
  std::string Uid(uint64_t kind, uint64_t index) const;
  std::string Created(uint64_t kind, uint64_t index) const;
  uint32_t DeploymentOf(uint32_t pod) const;
  std::string App(uint32_t deployment) const;
  std::string TemplateHash(uint32_t deployment) const;
  void FillDeployment(uint32_t deployment, uint64_t resource_version,
                      std::vector<std::string>* values) const;
  void FillPodStatus(uint32_t index, uint32_t revision, std::vector<std::string>* values) const;

  SyntheticOptions options_;
  uint64_t seed_;
};

// Adds the cluster's API (what is missing of it), generators and objects to `world`, and compacts
// the loading away. Objects that are there already stay. Requires: `world` serves nothing yet, or
// pods.
Status LoadSynthetic(World& world, std::shared_ptr<const SyntheticCluster> cluster);

}  // namespace pedia::member
