#include "apiserver/delegated_authorizer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "apiserver/subject_access_review.h"
#include "certs/secret.h"
#include "query/strconv.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kMaxDecisions = 8192;
// Longer questions (users with very many groups) are remembered by their hash.
constexpr size_t kMaxKey = 1024;

void AppendSize(size_t size, std::string* key) {
  key->append(reinterpret_cast<const char*>(&size), sizeof size);
}

void AppendText(std::string_view text, std::string* key) {
  AppendSize(text.size(), key);
  key->append(text);
}

std::string KeyOfUser(const UserInfo& user) {
  std::string key;
  AppendText(user.name, &key);
  AppendText(user.uid, &key);
  AppendSize(user.groups.size(), &key);
  for (const std::string& group : user.groups) AppendText(group, &key);
  for (const auto& [name, value] : user.extra) {
    AppendText(name, &key);
    AppendText(value, &key);
  }
  return key;
}

// Two different questions never have the same key: all texts come with their lengths, which makes
// it longer than a hash.
std::string KeyOf(const std::string& user, const AccessAttributes& attributes) {
  std::string key;
  key.reserve(user.size() + 192);
  for (const std::string* text :
       {&attributes.verb, &attributes.path, &attributes.group, &attributes.version,
        &attributes.resource, &attributes.subresource, &attributes.name_space, &attributes.name})
    AppendText(*text, &key);
  key += user;
  return key.size() <= kMaxKey ? key : certs::Sha256(key);
}

}  // namespace

Status CheckAlwaysAllowPaths(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const size_t star = path.find('*');
    if (star != std::string::npos && star + 1 != path.size())
      return BadRequest("only a '*' at the end is allowed in " + query::Quote(path));
  }
  return {};
}

DelegatedAuthorizer::DelegatedAuthorizer(kube::Client& client, AuthorizationOptions options)
    : options_(std::move(options)),
      reviews_(client, "/apis/authorization.k8s.io/v1/subjectaccessreviews",
               "apiserver_delegated_authz", options_.review),
      verdicts_(kMaxDecisions) {}

bool DelegatedAuthorizer::IsAlwaysAllowed(const AccessAttributes& attributes) const {
  std::string_view path = attributes.path;
  if (path.empty()) return false;  // A resource.
  const auto without_slash = [](std::string_view text) {
    return text.starts_with('/') ? text.substr(1) : text;
  };
  path = without_slash(path);
  return std::any_of(options_.always_allow_paths.begin(), options_.always_allow_paths.end(),
                     [&](std::string_view allowed) {
                       allowed = without_slash(allowed);
                       return allowed.ends_with('*')
                                  ? path.starts_with(allowed.substr(0, allowed.size() - 1))
                                  : path == allowed;
                     });
}

Result<DelegatedAuthorizer::Verdicts::Verdict> DelegatedAuthorizer::ToVerdict(
    const Result<std::string>& review) const {
  if (!review.ok()) return review.status();
  Result<AccessDecision> decision = ParseSubjectAccessReview(*review);
  if (!decision.ok()) return decision.status();
  const auto good_for = decision->allowed ? options_.authorized_ttl : options_.unauthorized_ttl;
  return Verdicts::Verdict{*std::move(decision), good_for};
}

Result<AccessDecision> DelegatedAuthorizer::Authorize(const UserInfo& user,
                                                      const AccessAttributes& attributes) {
  Result<std::vector<AccessDecision>> decisions = AuthorizeAll(user, std::span(&attributes, 1));
  if (!decisions.ok()) return decisions.status();
  return std::move(decisions->front());
}

Result<std::vector<AccessDecision>> DelegatedAuthorizer::AuthorizeAll(
    const UserInfo& user, std::span<const AccessAttributes> attributes) {
  std::vector<AccessDecision> decisions(attributes.size());
  if (user.IsMember(kMastersGroup)) {
    decisions.assign(attributes.size(), {true, ""});
    return decisions;
  }
  std::vector<size_t> open;  // The numbers of those that somebody must decide.
  std::vector<std::string> keys;
  const std::string user_key = KeyOfUser(user);
  for (size_t i = 0; i < attributes.size(); ++i) {
    decisions[i].allowed = IsAlwaysAllowed(attributes[i]);
    if (decisions[i].allowed) continue;
    open.push_back(i);
    keys.push_back(KeyOf(user_key, attributes[i]));
  }
  const auto ask = [&](std::span<const size_t> numbers) {
    std::vector<std::string> bodies;
    for (const size_t number : numbers)
      bodies.push_back(SubjectAccessReviewRequest(user, attributes[open[number]]));
    std::vector<Result<Verdicts::Verdict>> verdicts;
    for (const Result<std::string>& review : reviews_.Review(bodies))
      verdicts.push_back(ToVerdict(review));
    return verdicts;
  };
  std::vector<Result<AccessDecision>> decided = verdicts_.Get(keys, options_.clock(), ask);
  for (size_t i = 0; i < decided.size(); ++i) {
    if (!decided[i].ok()) return decided[i].status();
    decisions[open[i]] = *std::move(decided[i]);
  }
  return decisions;
}

std::vector<MetricSample> DelegatedAuthorizer::Samples() const {
  std::vector<MetricSample> samples = reviews_.Samples();
  for (MetricSample& sample : CacheSamples("authorization", verdicts_.HitsAndMisses()))
    samples.push_back(std::move(sample));
  return samples;
}

}  // namespace pedia::apiserver
