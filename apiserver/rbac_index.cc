#include "apiserver/rbac_index.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace pedia::apiserver {
namespace {

using Json = nlohmann::json;

bool IsBinding(RbacIndex::Kind kind) {
  return kind == RbacIndex::Kind::kClusterRoleBinding || kind == RbacIndex::Kind::kRoleBinding;
}

// A text of an object, "" for whatever else is there.
std::string TextOf(const Json& object, const char* member) {
  if (!object.is_object()) return "";
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// The elements of a list of an object.
const Json& ListOf(const Json& object, const char* member) {
  static const Json none = Json::array();
  if (!object.is_object()) return none;
  const auto found = object.find(member);
  return found != object.end() && found->is_array() ? *found : none;
}

std::vector<std::string> TextsOf(const Json& object, const char* member) {
  std::vector<std::string> texts;
  for (const Json& text : ListOf(object, member)) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

bool Has(const std::vector<std::string>& values, std::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

std::vector<std::string> RbacIndex::Rule::ClustersFor(const AccessAttributes& what) const {
  std::vector<std::string> clusters;
  if (!Has(verbs, what.verb) && !Has(verbs, "*")) return clusters;
  if (!Has(resources, what.resource) && !Has(resources, "*")) return clusters;
  if (!names.empty() && (what.name.empty() || !Has(names, what.name))) return clusters;
  for (const auto& [group, cluster] : groups) {
    if (group == what.group || group == "*") clusters.push_back(cluster);
  }
  return clusters;
}

// Only those that are about member clusters.
std::vector<RbacIndex::Rule> RbacIndex::ParseRules(std::string_view json) {
  std::vector<Rule> rules;
  const Json role = Json::parse(json, nullptr, false);
  for (const Json& parsed : ListOf(role, "rules")) {
    Rule rule;
    for (const std::string& text : TextsOf(parsed, "apiGroups")) {
      const size_t at = text.rfind('@');
      if (text == "*") rule.groups.emplace_back("*", kEveryCluster);
      if (at != std::string::npos)
        rule.groups.emplace_back(text.substr(0, at), text.substr(at + 1));
    }
    if (rule.groups.empty()) continue;
    rule.verbs = TextsOf(parsed, "verbs");
    rule.resources = TextsOf(parsed, "resources");
    rule.names = TextsOf(parsed, "resourceNames");
    rules.push_back(std::move(rule));
  }
  return rules;
}

RbacIndex::Binding RbacIndex::ParseBinding(std::string_view name_space, std::string_view json) {
  Binding binding;
  const Json parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_object()) return binding;
  const Json role = parsed.value("roleRef", Json());
  if (TextOf(role, "kind") == "Role") binding.role.first = name_space;
  binding.role.second = TextOf(role, "name");
  for (const Json& subject : ListOf(parsed, "subjects")) {
    const std::string kind = TextOf(subject, "kind");
    const std::string name = TextOf(subject, "name");
    if (kind == "User") binding.subjects.push_back("u:" + name);
    if (kind == "Group") binding.subjects.push_back("g:" + name);
    if (kind != "ServiceAccount") continue;
    const std::string own = TextOf(subject, "namespace");
    binding.subjects.push_back(
        "u:system:serviceaccount:" + (own.empty() ? std::string(name_space) : own) + ":" + name);
  }
  return binding;
}

void RbacIndex::Drop(State& state, const BindingKey& key) {
  const auto old = state.bindings.find(key);
  if (old == state.bindings.end()) return;
  for (const std::string& subject : old->second.subjects) {
    const auto keys = state.by_subject.find(subject);
    if (keys == state.by_subject.end()) continue;
    keys->second.erase(key);
    if (keys->second.empty()) state.by_subject.erase(keys);
  }
  state.bindings.erase(old);
}

void RbacIndex::Set(Kind kind, std::string_view name_space, std::string_view name,
                    std::string_view json) {
  const ObjectName object(name_space, name);
  if (!IsBinding(kind)) {
    std::vector<Rule> rules = ParseRules(json);
    state_.With([&](State& state) {
      const bool was_there = state.roles.erase(object) > 0;
      if (rules.empty() && !was_there) return;
      if (!rules.empty()) state.roles[object] = std::move(rules);
      ++state.generation;
    });
    return;
  }
  Binding binding = ParseBinding(name_space, json);
  state_.With([&](State& state) {
    const BindingKey key(kind, object);
    Drop(state, key);
    for (const std::string& subject : binding.subjects) state.by_subject[subject].insert(key);
    state.bindings.emplace(key, std::move(binding));
    ++state.generation;
  });
}

void RbacIndex::Delete(Kind kind, std::string_view name_space, std::string_view name) {
  const ObjectName object(name_space, name);
  state_.With([&](State& state) {
    if (IsBinding(kind)) {
      Drop(state, {kind, object});
    } else {
      state.roles.erase(object);
    }
    ++state.generation;
  });
}

void RbacIndex::SetComplete(Kind kind) {
  state_.With([&](State& state) {
    const unsigned complete = state.complete | 1u << static_cast<unsigned>(kind);
    if (complete == state.complete) return;
    state.complete = complete;
    ++state.generation;
  });
}

bool RbacIndex::IsComplete() const {
  return state_.With([](const State& state) { return state.complete == (1u << kKinds) - 1; });
}

std::vector<Grant> RbacIndex::Find(const UserInfo& user, const AccessAttributes& what) const {
  std::vector<Grant> grants;
  state_.With([&](const State& state) {
    const auto add = [&](const std::string& subject) {
      const auto keys = state.by_subject.find(subject);
      if (keys == state.by_subject.end()) return;
      for (const BindingKey& key : keys->second) {
        const auto role = state.roles.find(state.bindings.at(key).role);
        if (role == state.roles.end()) continue;
        for (const Rule& rule : role->second) {
          for (std::string& cluster : rule.ClustersFor(what))
            grants.push_back({std::move(cluster), key.second.first});
        }
      }
    };
    add("u:" + user.name);
    for (const std::string& group : user.groups) add("g:" + group);
  });
  std::sort(grants.begin(), grants.end());
  grants.erase(std::unique(grants.begin(), grants.end()), grants.end());
  return grants;
}

uint64_t RbacIndex::generation() const {
  return state_.With([](const State& state) { return state.generation; });
}

}  // namespace pedia::apiserver
