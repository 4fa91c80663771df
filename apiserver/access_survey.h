// AccessSurvey: finds out which clusters and namespaces of some resources a user may list, with as
// few questions to the authorizer as it can, each kind of them for all resources at once:
// 1. everything that the list is over, in every cluster, or in the only one that it names;
// 2. single namespaces in every cluster, and single clusters with all their namespaces;
// 3. single namespaces of single clusters.
// What 1 or 2 grants is not asked about again. Which clusters and namespaces are worth a question
// say the request, if it names a few, and else an RbacIndex.
#pragma once
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "apiserver/authorizer.h"
#include "apiserver/rbac_index.h"
#include "discovery/registry.h"
#include "meta/result.h"
#include "query/list_options.h"

namespace pedia::apiserver {

// `what` as it is asked of the authorizer: with the cluster, or kEveryCluster, in the group.
AccessAttributes InCluster(AccessAttributes what, std::string_view cluster,
                           std::string_view name_space);

// A resource of which some are listed.
struct SurveyedResource {
  AccessAttributes what;  // Without namespace, the group without a cluster.
  bool namespaced = true;
};

// What the list is over, path and query together.
struct Reach {
  query::NameSet clusters;
  query::NameSet namespaces;
};

struct Finding {
  query::AccessFilter filter;
  // Not every cluster and namespace was asked about: there were too many, or it is not known where
  // RBAC grants something.
  bool guessed = false;
};

// For one use. One thread.
class AccessSurvey {
 public:
  // The arguments must outlive it. `max_questions`: of a stage.
  AccessSurvey(Authorizer& authorizer, const RbacIndex& rbac, const UserInfo& user,
               const discovery::Snapshot& snapshot, const Reach& reach, size_t max_questions);

  // A finding for each. Errors: those of the authorizer.
  Result<std::vector<Finding>> Run(std::span<const SurveyedResource> resources);

 private:
  struct Subject {
    const SurveyedResource& resource;
    Finding finding{};
    bool done = false;
    std::vector<Grant> worth{};  // Grants that may be, in the reach; sorted.
  };
  struct Question {
    Subject* subject;
    Grant grant;
  };
  enum class Stage { kWhole, kParts, kPairs };

  std::string WholeNamespace(const Subject& subject) const;
  bool IsOnlyCluster(const std::string& cluster) const;
  void FindWhatIsWorthIt(Subject& subject);
  void AddNamed(Subject& subject) const;
  void AddQuestions(Stage stage, Subject& subject, std::vector<Question>* questions) const;
  Status Ask(std::vector<Question> questions);
  void Note(Subject& subject, const Grant& grant) const;

  Authorizer& authorizer_;
  const RbacIndex& rbac_;
  const UserInfo& user_;
  const discovery::Snapshot& snapshot_;
  const Reach& reach_;
  const size_t max_questions_;
  std::vector<std::string> named_clusters_;  // Of those that there are.
  bool rbac_known_;
};

}  // namespace pedia::apiserver
