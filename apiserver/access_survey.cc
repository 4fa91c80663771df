#include "apiserver/access_survey.h"

#include <algorithm>

namespace pedia::apiserver {
namespace {

// So many pairs of what a request names are asked about whatever RBAC says: an authorizer may know
// more.
constexpr size_t kMaxNamed = 64;

}  // namespace

AccessAttributes InCluster(AccessAttributes what, std::string_view cluster,
                           std::string_view name_space) {
  what.group.append("@").append(cluster);
  what.name_space = name_space;
  return what;
}

AccessSurvey::AccessSurvey(Authorizer& authorizer, const RbacIndex& rbac, const UserInfo& user,
                           const discovery::Snapshot& snapshot, const Reach& reach,
                           size_t max_questions)
    : authorizer_(authorizer),
      rbac_(rbac),
      user_(user),
      snapshot_(snapshot),
      reach_(reach),
      max_questions_(max_questions),
      rbac_known_(rbac.IsComplete()) {
  for (const std::string& cluster : reach.clusters.in) {
    if (reach.clusters.Matches(cluster) && snapshot.Find(cluster) != nullptr)
      named_clusters_.push_back(cluster);
  }
}

Result<std::vector<Finding>> AccessSurvey::Run(std::span<const SurveyedResource> resources) {
  std::vector<Subject> subjects;
  for (const SurveyedResource& resource : resources) {
    subjects.push_back({resource});
    subjects.back().finding.filter.restricted = true;
  }
  for (const Stage stage : {Stage::kWhole, Stage::kParts, Stage::kPairs}) {
    std::vector<Question> questions;
    for (Subject& subject : subjects) {
      if (subject.done) continue;
      if (stage == Stage::kParts) FindWhatIsWorthIt(subject);
      AddQuestions(stage, subject, &questions);
    }
    if (Status status = Ask(std::move(questions)); !status.ok()) return status;
    for (Subject& subject : subjects) subject.finding.filter.Normalize();
  }
  std::vector<Finding> findings;
  for (Subject& subject : subjects) findings.push_back(std::move(subject.finding));
  return findings;
}

// What a question about all that is listed in a cluster says: the only namespace of the list, or
// all.
std::string AccessSurvey::WholeNamespace(const Subject& subject) const {
  const query::NameSet& namespaces = reach_.namespaces;
  const bool one =
      subject.resource.namespaced && namespaces.restricted && namespaces.in.size() == 1;
  return one ? namespaces.in[0] : "";
}

// Whether the list is over this cluster alone.
bool AccessSurvey::IsOnlyCluster(const std::string& cluster) const {
  return reach_.clusters.restricted && reach_.clusters.in.size() == 1 &&
         reach_.clusters.in[0] == cluster;
}

// Fills `worth`.
void AccessSurvey::FindWhatIsWorthIt(Subject& subject) {
  const std::string whole = WholeNamespace(subject);
  if (rbac_known_) {
    for (Grant& grant : rbac_.Find(user_, subject.resource.what)) {
      const bool every = grant.cluster == kEveryCluster;
      const bool in_reach =
          reach_.clusters.Matches(grant.cluster) && snapshot_.Find(grant.cluster) != nullptr;
      if (!every && !in_reach) continue;
      if (grant.name_space.empty()) {
        grant.name_space = whole;
      } else if (!subject.resource.namespaced || !reach_.namespaces.Matches(grant.name_space)) {
        continue;
      }
      subject.worth.push_back(std::move(grant));
    }
  }
  AddNamed(subject);
  std::sort(subject.worth.begin(), subject.worth.end());
  subject.worth.erase(std::unique(subject.worth.begin(), subject.worth.end()), subject.worth.end());
}

void AccessSurvey::AddNamed(Subject& subject) const {
  const std::string whole = WholeNamespace(subject);
  std::vector<std::string> namespaces = {whole};
  if (whole.empty() && subject.resource.namespaced && reach_.namespaces.restricted)
    namespaces.insert(namespaces.end(), reach_.namespaces.in.begin(), reach_.namespaces.in.end());
  std::vector<std::string> clusters = {kEveryCluster};
  clusters.insert(clusters.end(), named_clusters_.begin(), named_clusters_.end());
  const bool everything_is_named =
      reach_.clusters.restricted && (reach_.namespaces.restricted || !subject.resource.namespaced);
  const bool few = clusters.size() * namespaces.size() <= kMaxNamed;
  if (!rbac_known_) subject.finding.guessed = !everything_is_named;
  if (rbac_known_ && !few) return;
  for (const std::string& cluster : clusters) {
    for (const std::string& name_space : namespaces) subject.worth.push_back({cluster, name_space});
    if (subject.worth.size() > max_questions_) subject.finding.guessed = true;
    if (subject.worth.size() > max_questions_) return;
  }
}

void AccessSurvey::AddQuestions(Stage stage, Subject& subject,
                                std::vector<Question>* questions) const {
  const std::string whole = WholeNamespace(subject);
  if (stage == Stage::kWhole) {
    questions->push_back({&subject, {kEveryCluster, whole}});
    for (const std::string& cluster : named_clusters_) {
      if (IsOnlyCluster(cluster)) questions->push_back({&subject, {cluster, whole}});
    }
    return;
  }
  for (const Grant& grant : subject.worth) {
    const bool every_cluster = grant.cluster == kEveryCluster;
    const bool all_of_it = grant.name_space == whole;
    if (all_of_it && (every_cluster || IsOnlyCluster(grant.cluster))) continue;  // Asked already.
    if ((every_cluster || all_of_it) != (stage == Stage::kParts)) continue;
    if (!every_cluster && subject.finding.filter.Matches(grant.cluster, grant.name_space)) continue;
    if (questions->size() == max_questions_) {
      subject.finding.guessed = true;
      return;
    }
    questions->push_back({&subject, grant});
  }
}

Status AccessSurvey::Ask(std::vector<Question> questions) {
  if (questions.empty()) return {};
  std::vector<AccessAttributes> attributes;
  attributes.reserve(questions.size());
  for (const Question& question : questions) {
    attributes.push_back(InCluster(question.subject->resource.what, question.grant.cluster,
                                   question.grant.name_space));
  }
  const Result<std::vector<AccessDecision>> decisions = authorizer_.AuthorizeAll(user_, attributes);
  if (!decisions.ok()) return decisions.status();
  for (size_t i = 0; i < questions.size() && i < decisions->size(); ++i) {
    if ((*decisions)[i].allowed) Note(*questions[i].subject, questions[i].grant);
  }
  return {};
}

void AccessSurvey::Note(Subject& subject, const Grant& grant) const {
  query::AccessFilter& filter = subject.finding.filter;
  if (!filter.restricted) return;
  const bool every_cluster = grant.cluster == kEveryCluster;
  if (grant.name_space == WholeNamespace(subject) &&
      (every_cluster || IsOnlyCluster(grant.cluster)))
    subject.done = true;
  if (every_cluster && grant.name_space.empty()) {
    filter = {};
  } else if (every_cluster) {
    filter.namespaces.push_back(grant.name_space);
  } else if (grant.name_space.empty()) {
    filter.clusters.push_back(grant.cluster);
  } else {
    filter.cluster_namespaces.emplace_back(grant.cluster, grant.name_space);
  }
}

}  // namespace pedia::apiserver
