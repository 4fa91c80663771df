// ClusterImportPolicy, PediaClusterLifecycle and PediaCluster as far as their controllers need them:
// from JSON, and back to the JSON of writes.
// Source: policy.clusterpedia.io/v1alpha1, cluster.clusterpedia.io/v1alpha2.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/registry.h"
#include "meta/group_version_resource.h"
#include "meta/result.h"

namespace pedia::policy {

using discovery::Condition;

inline constexpr std::string_view kPoliciesPath =
    "/apis/policy.clusterpedia.io/v1alpha1/clusterimportpolicies";
inline constexpr std::string_view kLifecyclesPath =
    "/apis/policy.clusterpedia.io/v1alpha1/pediaclusterlifecycles";
inline constexpr std::string_view kPolicyFinalizer =
    "clusterpedia.io/cluster-import-policy-controller";
inline constexpr std::string_view kLifecycleFinalizer =
    "clusterpedia.io/pediacluster-lifecycle-controller";

struct OwnerReference {
  std::string api_version, kind, name, uid;
  bool controller = false;
  bool operator==(const OwnerReference&) const = default;
};

struct ObjectMeta {
  std::string name, uid, resource_version, created;
  bool deleting = false;
  std::vector<std::string> finalizers;
  std::vector<OwnerReference> owners;
  bool operator==(const ObjectMeta&) const = default;

  bool HasFinalizer(std::string_view finalizer) const;
  const OwnerReference* Controller() const;  // Null if there is none.
};

struct ObjectReference {
  GroupVersionResource gvr;
  std::string name_space;  // "" for cluster-scoped.
  std::string name;
  bool operator==(const ObjectReference&) const = default;
  std::string ToString() const;  // "v1/secrets fleet/berlin-token"
};

// One of spec.references. In a policy the version of `gvr` is "" and `versions` are those that may be
// taken, all if empty; in a lifecycle it is the other way round.
struct ReferenceTemplate {
  std::string key;
  GroupVersionResource gvr;
  std::vector<std::string> versions;
  std::string name_space, name;  // Templates.
  bool operator==(const ReferenceTemplate&) const = default;
};

// What a lifecycle takes over from its policy.
struct PolicyTemplates {
  std::string pedia_cluster;
  std::string creation_condition;
  bool operator==(const PolicyTemplates&) const = default;
};

struct ImportPolicySpec {
  GroupVersionResource source;  // Without a version.
  std::vector<std::string> source_versions;
  std::string selector;  // Template; "" selects all.
  std::vector<ReferenceTemplate> references;
  std::string name_template;
  PolicyTemplates templates;
  bool operator==(const ImportPolicySpec&) const = default;
};

struct ImportPolicy {
  ObjectMeta meta;
  ImportPolicySpec spec;
  std::vector<Condition> conditions;
};

struct LifecycleSpec {
  ObjectReference source;
  std::vector<ReferenceTemplate> references;
  PolicyTemplates templates;
  bool operator==(const LifecycleSpec&) const = default;
};

struct Lifecycle {
  ObjectMeta meta;
  LifecycleSpec spec;
  std::vector<Condition> conditions;
  std::vector<ObjectReference> resolved;  // status.references
};

// The members of a PediaCluster's spec that a lifecycle keeps up to date, in the order of `values`.
inline constexpr std::array<const char*, 6> kConnectionFields = {
    "apiserver", "caData", "tokenData", "certData", "keyData", "kubeconfig"};
struct ConnectionFields {
  std::array<std::string, kConnectionFields.size()> values;  // As they stand there; "" for none.
  bool operator==(const ConnectionFields&) const = default;
};

// A PediaCluster that is there.
struct ExistingCluster {
  ObjectMeta meta;
  ConnectionFields connection;
};

// All pure. Fields of the wrong type count as absent: the definitions refuse such objects. Errors:
// BadRequest for what is no object with a name.
Result<ImportPolicy> ParseImportPolicy(std::string_view json);
Result<Lifecycle> ParseLifecycle(std::string_view json);
Result<ExistingCluster> ParseExistingCluster(std::string_view json);

// What ParseExistingCluster reads of a PediaCluster without its resourceVersion, as JSON: equal texts
// mean that nothing has changed that matters here. "" for what is none.
std::string ReducePediaCluster(std::string_view json);

// Bodies of requests. The policy becomes the controlling owner.
std::string LifecycleToCreate(const ImportPolicy& policy, const std::string& name,
                              const LifecycleSpec& spec);
// Merge patches; all but those of a status and of a PediaCluster fail with Conflict if the object is
// another by now.
std::string LifecyclePatch(const ImportPolicy& policy, const Lifecycle& lifecycle,
                           const LifecycleSpec& spec);
std::string FinalizersPatch(const ObjectMeta& meta, const std::vector<std::string>& finalizers);
std::string ConditionsPatch(const std::vector<Condition>& conditions);
std::string LifecycleStatusPatch(const std::vector<Condition>& conditions,
                                 const std::vector<ObjectReference>& references);
std::string ConnectionPatch(const ConnectionFields& connection);

// Sets the condition of that type; its time changes only with its status. An empty message stays so,
// a very long one is cut.
void SetCondition(Condition condition, int64_t now, std::vector<Condition>* conditions);
void RemoveCondition(std::string_view type, std::vector<Condition>* conditions);

// Whether an object may have this name (a DNS-1123 subdomain); it becomes a path segment.
bool IsObjectName(std::string_view name);

}  // namespace pedia::policy
