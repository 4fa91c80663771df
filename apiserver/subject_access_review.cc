#include "apiserver/subject_access_review.h"

#include <map>
#include <utility>
#include <vector>

#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

// A reason is shown to the user and kept in the cache.
constexpr size_t kMaxReason = 1024;

void AppendMember(std::string_view key, std::string_view value, std::string* out) {
  if (value.empty()) return;
  if (out->back() != '{') *out += ',';
  AppendJsonString(key, out);
  *out += ':';
  AppendJsonString(value, out);
}

void AppendStrings(const std::vector<std::string_view>& texts, std::string* out) {
  *out += '[';
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) *out += ',';
    AppendJsonString(texts[i], out);
  }
  *out += ']';
}

void AppendExtra(const UserInfo& user, std::string* out) {
  if (user.extra.empty()) return;
  std::map<std::string_view, std::vector<std::string_view>> by_key;
  for (const auto& [key, value] : user.extra) by_key[key].push_back(value);
  *out += ",\"extra\":{";
  for (const auto& [key, values] : by_key) {
    if (out->back() != '{') *out += ',';
    AppendJsonString(key, out);
    *out += ':';
    AppendStrings(values, out);
  }
  *out += '}';
}

void AppendAttributes(const AccessAttributes& attributes, std::string* out) {
  const bool resource = attributes.path.empty();
  *out += resource ? "\"resourceAttributes\":{" : "\"nonResourceAttributes\":{";
  if (resource) {
    AppendMember("namespace", attributes.name_space, out);
    AppendMember("verb", attributes.verb, out);
    AppendMember("group", attributes.group, out);
    AppendMember("version", attributes.version, out);
    AppendMember("resource", attributes.resource, out);
    AppendMember("subresource", attributes.subresource, out);
    AppendMember("name", attributes.name, out);
  } else {
    AppendMember("path", attributes.path, out);
    AppendMember("verb", attributes.verb, out);
  }
  *out += '}';
}

}  // namespace

std::string SubjectAccessReviewRequest(const UserInfo& user, const AccessAttributes& attributes) {
  std::string body =
      R"({"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{)";
  AppendAttributes(attributes, &body);
  AppendMember("user", user.name, &body);
  AppendMember("uid", user.uid, &body);
  if (!user.groups.empty()) {
    body += ",\"groups\":";
    AppendStrings({user.groups.begin(), user.groups.end()}, &body);
  }
  AppendExtra(user, &body);
  return body + "}}";
}

Result<AccessDecision> ParseSubjectAccessReview(std::string_view review) {
  std::string kind;
  AccessDecision decision;
  bool denied = false;
  JsonReader reader(review);
  if (IsValidJson(review) && reader.BeginObject()) {
    for (std::string_view key; reader.NextMember(&key);) {
      if (key == "kind") {
        kind = reader.ReadString();
      } else if (key == "status" && reader.Peek() == JsonType::kObject && reader.BeginObject()) {
        for (std::string_view member; reader.NextMember(&member);) {
          if (member == "allowed") {
            decision.allowed = reader.ReadBool().value_or(false);
          } else if (member == "denied") {
            denied = reader.ReadBool().value_or(true);
          } else if (member == "reason") {
            decision.reason = reader.ReadString().substr(0, kMaxReason);
          } else {
            reader.Skip();
          }
        }
      } else {
        reader.Skip();
      }
    }
  }
  if (!reader.ok() || kind != "SubjectAccessReview")
    return ServiceUnavailable("the management cluster answered with something else than a review");
  decision.allowed = decision.allowed && !denied;
  return decision;
}

}  // namespace pedia::apiserver
