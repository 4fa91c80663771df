// FineGrainedAccess: what a user may see within the member clusters, in addition to the
// authorization of the path. It asks the authorizer with the attributes of the member's object, whose
// group carries the cluster: group "apps@c1" for deployments in cluster c1, "@c1" for pods there,
// "apps@*" and "@*" for every cluster; one of the two will do.
// A list is restricted to what of it may be listed; where that could be, RBAC says, if it can be
// read.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apiserver/access_survey.h"
#include "apiserver/authorizer.h"
#include "apiserver/rbac_index.h"
#include "apiserver/request_info.h"
#include "apiserver/verdict_cache.h"
#include "discovery/registry.h"
#include "meta/guarded.h"
#include "query/list_options.h"

namespace pedia::apiserver {

struct FineGrainedOptions {
  // What was found out about a list counts for so long, beyond the time that decisions count.
  std::chrono::milliseconds kept{1'000};
  size_t max_kept = 4'096;
  size_t max_questions =
      5'000;  // Of one list at once; beyond that it shows too little, and says so.
};

// Who asks, and the clusters that there are.
struct Reader {
  const UserInfo& user;
  const discovery::Snapshot& clusters;
};

// Thread-safe; blocks for the authorizer. Errors everywhere: Forbidden in the words of Kubernetes,
// also for what does not exist; those of the authorizer.
class FineGrainedAccess {
 public:
  // `authorizer` and `rbac` must outlive it.
  FineGrainedAccess(Authorizer& authorizer, const RbacIndex& rbac, FineGrainedOptions options = {});
  ~FineGrainedAccess();

  // Of one object in a member cluster. Requires: a resource and a cluster in `info`.
  Status CheckObject(const UserInfo& user, const RequestInfo& info);
  // Of whatever a request does to a member that it is passed on to, with the attributes that the
  // member's own authorization would see; a list needs the right to all that its path names. What is
  // no resource there, or whose path might be read in another way, is the subresource "proxy" of
  // pediaclusters in the group "cluster.clusterpedia.io@c1", with the cluster as its name.
  // `method`: whose verb is needed.
  Status CheckProxied(const UserInfo& user, const RequestInfo& info, std::string_view method,
                      bool watch);

  // Restricts a list of one resource, `requested` in the scope, stored as `stored`: sets
  // options->access, and adds warnings if it may show too little. Forbidden if nothing may be seen.
  Status RestrictList(const Reader& reader, const query::ListScope& requested,
                      const GroupVersionResource& stored, bool namespaced,
                      query::ListOptions* options);
  // The same of a collection. Forbidden if nothing of any of its resources may be seen.
  Status RestrictCollection(const Reader& reader, const query::ListScope& scope,
                            query::ListOptions* options);
  // Which events of an object may be seen.
  Result<query::AccessFilter> EventsOf(const Reader& reader, const RequestInfo& info);

 private:
  // A resource that is synced from some cluster.
  struct StoredKind {
    query::GroupResourceName name;
    std::string version;
    bool namespaced = true;
  };
  struct KnownKinds {
    std::shared_ptr<const std::vector<StoredKind>> kinds;
    uint64_t generation = 0;
  };
  using Found = std::shared_ptr<const Finding>;

  std::shared_ptr<const std::vector<StoredKind>> KindsOf(const discovery::Snapshot& snapshot);
  Result<std::vector<Found>> Survey(const Reader& reader, const Reach& reach,
                                    const std::vector<SurveyedResource>& resources);
  Status CheckIn(const UserInfo& user, const std::string& cluster, const AccessAttributes& what);
  Status AddOthers(const Reader& reader, const Reach& reach, query::ListOptions* options);

  Authorizer& authorizer_;
  const RbacIndex& rbac_;
  const FineGrainedOptions options_;
  VerdictCache<Found> found_;
  Guarded<KnownKinds> known_kinds_;
};

// Those of options.clusters of which something may be seen in the answer, as far as that is known:
// others must not be spoken of. `stored`: of what the list is; empty for a collection.
query::NameSet ClustersInSight(const GroupVersionResource& stored,
                               const query::ListOptions& options);

}  // namespace pedia::apiserver
