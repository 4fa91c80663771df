#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/member/synthetic.h"

namespace pedia::member {
namespace {

class FunctionGenerator : public ObjectGenerator {
 public:
  using Function = std::function<void(uint32_t, uint32_t, uint64_t, std::string*)>;
  explicit FunctionGenerator(Function function) : function_(std::move(function)) {}
  void Append(uint32_t index, uint32_t revision, uint64_t resource_version,
              std::string* out) const override {
    function_(index, revision, resource_version, out);
  }

 private:
  Function function_;
};

struct SyntheticKind {
  GroupVersionResource gvr;
  uint32_t count;
  std::function<ObjectName(uint32_t)> name;
  FunctionGenerator::Function append;
};

SyntheticKind Pods(const std::shared_ptr<const SyntheticCluster>& cluster) {
  return {{"", "v1", "pods"},
          cluster->options().pods,
          [cluster](uint32_t i) { return cluster->PodName(i); },
          [cluster](uint32_t i, uint32_t revision, uint64_t rv, std::string* out) {
            cluster->AppendPod(i, revision, rv, out);
          }};
}

// `append` ignores revisions: only pods churn.
SyntheticKind KindOf(const std::shared_ptr<const SyntheticCluster>& cluster,
                     GroupVersionResource gvr, uint32_t count,
                     std::function<ObjectName(uint32_t)> name,
                     void (SyntheticCluster::*append)(uint32_t, uint64_t, std::string*) const) {
  return {std::move(gvr), count, std::move(name),
          [cluster, append](uint32_t i, uint32_t, uint64_t rv, std::string* out) {
            (*cluster.*append)(i, rv, out);
          }};
}

GroupVersionResource WidgetResource(uint32_t kind) {
  std::string resource = SyntheticCluster::WidgetKind(kind) + "s";
  resource[0] = 'w';
  return {kWidgetGroup, "v1", std::move(resource)};
}

ApiGroupVersion WidgetApi(uint32_t kinds) {
  ApiGroupVersion api{kWidgetGroup, "v1", true, {}};
  for (uint32_t kind = 0; kind < kinds; ++kind) {
    ApiResourceEntry entry;
    entry.name = WidgetResource(kind).resource;
    entry.kind = SyntheticCluster::WidgetKind(kind);
    entry.singular_name = entry.name.substr(0, entry.name.size() - 1);
    entry.namespaced = true;
    entry.verbs = {"create", "delete", "get", "list", "update", "watch"};
    api.resources.push_back(std::move(entry));
  }
  return api;
}

SyntheticKind Widgets(const std::shared_ptr<const SyntheticCluster>& cluster, uint32_t kind) {
  return {WidgetResource(kind), cluster->options().widgets,
          [cluster](uint32_t i) { return cluster->WidgetName(i); },
          [cluster, kind](uint32_t i, uint32_t, uint64_t rv, std::string* out) {
            cluster->AppendWidget(kind, i, rv, out);
          }};
}

std::vector<SyntheticKind> KindsOf(const std::shared_ptr<const SyntheticCluster>& cluster) {
  std::vector<SyntheticKind> kinds = {Pods(cluster)};
  for (uint32_t kind = 0; kind < cluster->options().widget_kinds; ++kind)
    kinds.push_back(Widgets(cluster, kind));
  if (cluster->options().pods_only) return kinds;
  const uint32_t deployments = cluster->deployments();
  const auto deployment = [cluster](uint32_t i) { return cluster->DeploymentName(i); };
  const auto config = [cluster](uint32_t i) {
    ObjectName name = cluster->DeploymentName(i);
    name.name += "-config";
    return name;
  };
  kinds.push_back(KindOf(
      cluster, {"", "v1", "namespaces"}, cluster->options().namespaces,
      [cluster](uint32_t i) {
        return ObjectName{"", cluster->NamespaceName(i)};
      },
      &SyntheticCluster::AppendNamespace));
  kinds.push_back(KindOf(
      cluster, {"", "v1", "nodes"}, cluster->nodes(),
      [cluster](uint32_t i) {
        return ObjectName{"", cluster->NodeName(i)};
      },
      &SyntheticCluster::AppendNode));
  kinds.push_back(KindOf(cluster, {"apps", "v1", "deployments"}, deployments, deployment,
                         &SyntheticCluster::AppendDeployment));
  kinds.push_back(KindOf(
      cluster, {"apps", "v1", "replicasets"}, deployments,
      [cluster](uint32_t i) { return cluster->ReplicaSetName(i); },
      &SyntheticCluster::AppendReplicaSet));
  kinds.push_back(KindOf(cluster, {"", "v1", "services"}, deployments, deployment,
                         &SyntheticCluster::AppendService));
  kinds.push_back(KindOf(cluster, {"", "v1", "configmaps"}, deployments, config,
                         &SyntheticCluster::AppendConfigMap));
  return kinds;
}

}  // namespace

Status LoadSynthetic(World& world, std::shared_ptr<const SyntheticCluster> cluster) {
  if (world.ListableResources().empty()) {
    for (const ApiGroupVersion& api : BasicApi()) world.AddApi(api);
  }
  if (cluster->options().widget_kinds > 0) world.AddApi(WidgetApi(cluster->options().widget_kinds));
  for (const SyntheticKind& kind : KindsOf(cluster)) {
    world.SetGenerator(kind.gvr, std::make_shared<FunctionGenerator>(kind.append));
    for (uint32_t i = 0; i < kind.count; ++i) {
      const ObjectName name = kind.name(i);
      if (world.Get(kind.gvr, name).ok()) continue;
      const Result<uint64_t> put = world.PutSynthetic(kind.gvr, name, i, 0);
      if (!put.ok()) return put.status();
    }
  }
  world.Compact();
  return Status();
}

}  // namespace pedia::member
