// RbacWorld: the roles and bindings of a management cluster, answering as its RBAC authorizer does,
// and the same as objects for an RbacIndex. Shares no code with what it tests.
#pragma once
#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "apiserver/authorizer.h"
#include "apiserver/rbac_index.h"

namespace pedia::apiserver {

class RbacWorld : public Authorizer {
 public:
  using Texts = std::vector<std::string>;
  struct Rule {
    Texts groups, resources;
    Texts verbs = {"get", "list"};
    Texts names = {};
  };
  struct Grant {
    std::string name_space;   // "": a ClusterRole and a ClusterRoleBinding.
    std::string user, group;  // One of both; a user "sa:<namespace>:<name>" is a service account.
    std::vector<Rule> rules;
    bool of_cluster_role = false;  // A RoleBinding to a ClusterRole.
  };

  void Add(Grant grant) { grants_.push_back(std::move(grant)); }
  void Clear() { grants_.clear(); }
  int questions() const { return questions_; }
  void ForgetQuestions() { questions_ = 0; }
  void Fail(bool fails) { fails_ = fails; }

  bool Allows(const UserInfo& user, const AccessAttributes& what) const {
    return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
      const bool in_reach = grant.name_space.empty() || grant.name_space == what.name_space;
      return in_reach && IsSubject(grant, user) &&
             std::any_of(grant.rules.begin(), grant.rules.end(),
                         [&](const Rule& rule) { return Fits(rule, what); });
    });
  }

  Result<AccessDecision> Authorize(const UserInfo& user, const AccessAttributes& what) override {
    ++questions_;
    if (fails_) return ServiceUnavailable("the management cluster does not answer");
    return AccessDecision{Allows(user, what), ""};
  }

  // As the API has them.
  void Fill(RbacIndex* index) const {
    using Kind = RbacIndex::Kind;
    for (size_t i = 0; i < grants_.size(); ++i) {
      const Grant& grant = grants_[i];
      const std::string name = "grant-" + std::to_string(i);
      const bool cluster_role = grant.name_space.empty() || grant.of_cluster_role;
      index->Set(cluster_role ? Kind::kClusterRole : Kind::kRole,
                 cluster_role ? "" : grant.name_space, name, RoleOf(grant).dump());
      nlohmann::json binding;
      binding["roleRef"] = {{"kind", cluster_role ? "ClusterRole" : "Role"}, {"name", name}};
      binding["subjects"] = nlohmann::json::array({SubjectOf(grant)});
      index->Set(grant.name_space.empty() ? Kind::kClusterRoleBinding : Kind::kRoleBinding,
                 grant.name_space, name, binding.dump());
    }
    for (const Kind kind :
         {Kind::kClusterRole, Kind::kRole, Kind::kClusterRoleBinding, Kind::kRoleBinding})
      index->SetComplete(kind);
  }

 private:
  static std::string UserOf(const Grant& grant) {
    return grant.user.starts_with("sa:") ? "system:serviceaccount:" + grant.user.substr(3)
                                         : grant.user;
  }
  static bool IsSubject(const Grant& grant, const UserInfo& user) {
    const bool by_group =
        std::find(user.groups.begin(), user.groups.end(), grant.group) != user.groups.end();
    return grant.group.empty() ? UserOf(grant) == user.name : by_group;
  }
  static bool Has(const Texts& texts, const std::string& text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end() ||
           std::find(texts.begin(), texts.end(), "*") != texts.end();
  }
  static bool Fits(const Rule& rule, const AccessAttributes& what) {
    const std::string resource =
        what.resource + (what.subresource.empty() ? "" : "/" + what.subresource);
    const bool named = rule.names.empty() || (!what.name.empty() && Has(rule.names, what.name));
    return named && Has(rule.groups, what.group) && Has(rule.resources, resource) &&
           Has(rule.verbs, what.verb);
  }
  static nlohmann::json RoleOf(const Grant& grant) {
    nlohmann::json rules = nlohmann::json::array();
    for (const Rule& rule : grant.rules) {
      rules.push_back(
          {{"apiGroups", rule.groups}, {"resources", rule.resources}, {"verbs", rule.verbs}});
      if (!rule.names.empty()) rules.back()["resourceNames"] = rule.names;
    }
    return {{"rules", std::move(rules)}};
  }
  static nlohmann::json SubjectOf(const Grant& grant) {
    if (!grant.group.empty()) return {{"kind", "Group"}, {"name", grant.group}};
    if (!grant.user.starts_with("sa:")) return {{"kind", "User"}, {"name", grant.user}};
    const size_t colon = grant.user.find(':', 3);
    return {{"kind", "ServiceAccount"},
            {"namespace", grant.user.substr(3, colon - 3)},
            {"name", grant.user.substr(colon + 1)}};
  }

  std::vector<Grant> grants_;
  std::atomic<int> questions_ = 0;
  std::atomic<bool> fails_ = false;
};

}  // namespace pedia::apiserver
