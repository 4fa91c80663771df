// RbacIndex: where the RBAC objects of the management cluster seem to grant something in member
// clusters, so that not every cluster and namespace has to be asked about. What it finds is only
// worth a question: it is the authorizer that answers.
// A rule is about member clusters if its apiGroups say so: "apps@c1" is the group apps in cluster
// c1, "@c1" the core group there, "apps@*" the group in every cluster; "*" is everything.
// Source: Kubernetes docs "Using RBAC Authorization"; rbac.authorization.k8s.io/v1.
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apiserver/authorizer.h"
#include "apiserver/user_info.h"
#include "meta/guarded.h"

namespace pedia::apiserver {

// Stands for every cluster, in Grant and behind the '@' of a group.
inline constexpr char kEveryCluster[] = "*";

struct Grant {
  std::string cluster;     // Or kEveryCluster.
  std::string name_space;  // "" = all namespaces, and what has none.
  auto operator<=>(const Grant&) const = default;
};

// Thread-safe.
class RbacIndex {
 public:
  enum class Kind { kClusterRole, kRole, kClusterRoleBinding, kRoleBinding };
  static constexpr int kKinds = 4;

  // New or changed; what cannot be read grants nothing. `name_space`: "" if the kind has none.
  void Set(Kind kind, std::string_view name_space, std::string_view name, std::string_view json);
  void Delete(Kind kind, std::string_view name_space, std::string_view name);
  // All objects of the kind that there are have been set once.
  void SetComplete(Kind kind);
  bool IsComplete() const;  // Of every kind.

  // Sorted, unique. Of `what` the verb, the group (without a cluster), the resource and the name
  // count; "" as a name is no certain one.
  std::vector<Grant> Find(const UserInfo& user, const AccessAttributes& what) const;
  // Grows with each change.
  uint64_t generation() const;

 private:
  using ObjectName = std::pair<std::string, std::string>;  // Namespace, name.
  struct Rule {
    std::vector<std::pair<std::string, std::string>> groups;  // Group and cluster; both may be "*".
    std::vector<std::string> verbs, resources, names;
    // The clusters that it grants `what` in.
    std::vector<std::string> ClustersFor(const AccessAttributes& what) const;
  };
  struct Binding {
    ObjectName role;                    // The namespace is "" for a ClusterRole.
    std::vector<std::string> subjects;  // "u:jane", "g:devs"
  };
  using BindingKey = std::pair<Kind, ObjectName>;
  struct State {
    std::map<ObjectName, std::vector<Rule>> roles;  // Of either kind.
    std::map<BindingKey, Binding> bindings;
    std::map<std::string, std::set<BindingKey>, std::less<>> by_subject;
    unsigned complete = 0;  // A bit for each kind.
    uint64_t generation = 0;
  };

  static std::vector<Rule> ParseRules(std::string_view json);
  static Binding ParseBinding(std::string_view name_space, std::string_view json);
  static void Drop(State& state, const BindingKey& key);

  Guarded<State> state_;
};

}  // namespace pedia::apiserver
