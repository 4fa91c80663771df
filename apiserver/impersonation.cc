#include "apiserver/impersonation.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apiserver/header_user.h"

namespace pedia::apiserver {
namespace {

constexpr char kAuthenticationGroup[] = "authentication.k8s.io";

struct ServiceAccount {
  std::string name_space, name;
};

// Lower case letters, digits and inner '-'; with `dots`, several such parts.
bool IsDnsName(std::string_view text, size_t max_length, bool dots) {
  const auto inner = [](char c) { return c == '-'; };
  const auto outer = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (text.empty() || text.size() > max_length) return false;
  char previous = '.';
  for (const char c : text) {
    const bool dot = dots && c == '.';
    const bool begins = previous == '.';
    if (!outer(c) && !inner(c) && !dot) return false;
    if ((begins && !outer(c)) || (dot && !outer(previous))) return false;
    previous = c;
  }
  return outer(previous);
}

// Of "system:serviceaccount:shop:reader".
std::optional<ServiceAccount> ParseServiceAccount(std::string_view user) {
  constexpr std::string_view kPrefix = "system:serviceaccount:";
  if (!user.starts_with(kPrefix)) return std::nullopt;
  user.remove_prefix(kPrefix.size());
  const size_t colon = user.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view name_space = user.substr(0, colon), name = user.substr(colon + 1);
  if (!IsDnsName(name_space, 63, false) || !IsDnsName(name, 253, true)) return std::nullopt;
  return ServiceAccount{std::string(name_space), std::string(name)};
}

AccessAttributes MayBe(std::string group, std::string resource, std::string name) {
  AccessAttributes attributes;
  attributes.verb = "impersonate";
  attributes.version = group.empty() ? "" : "v1";
  attributes.group = std::move(group);
  attributes.resource = std::move(resource);
  attributes.name = std::move(name);
  return attributes;
}

// All that one must be allowed to be in order to be `wanted`.
std::vector<AccessAttributes> Questions(const UserInfo& wanted,
                                        const std::optional<ServiceAccount>& account) {
  std::vector<AccessAttributes> questions;
  if (account) {
    questions.push_back(MayBe("", "serviceaccounts", account->name));
    questions.back().name_space = account->name_space;
  } else {
    questions.push_back(MayBe("", "users", wanted.name));
  }
  for (const std::string& group : wanted.groups) questions.push_back(MayBe("", "groups", group));
  for (const auto& [key, value] : wanted.extra) {
    questions.push_back(MayBe(kAuthenticationGroup, "userextras", value));
    questions.back().subresource = key;
  }
  if (!wanted.uid.empty()) questions.push_back(MayBe(kAuthenticationGroup, "uids", wanted.uid));
  return questions;
}

}  // namespace

Result<UserInfo> Impersonate(const HttpRequest& request, const UserInfo& user,
                             Authorizer& authorizer) {
  static const UserHeaders kHeaders{
      {"impersonate-user"}, {"impersonate-uid"}, {"impersonate-group"}, {"impersonate-extra-"}};
  UserInfo wanted = ReadUserHeaders(request, kHeaders);
  if (wanted == UserInfo()) return user;
  if (wanted.name.empty())
    return BadRequest("Impersonate-Group, -Uid and -Extra- headers need Impersonate-User");
  if (!IsUtf8(wanted)) return BadRequest("an Impersonate header is not UTF-8");
  const std::optional<ServiceAccount> account = ParseServiceAccount(wanted.name);
  // One after the other: whoever may not be the first is not worth asking about the others.
  for (const AccessAttributes& question : Questions(wanted, account)) {
    const Result<AccessDecision> decision = authorizer.Authorize(user, question);
    if (!decision.ok()) return decision.status();
    if (!decision->allowed) return ForbiddenStatus(user, question, decision->reason);
  }
  if (account && wanted.groups.empty())
    wanted.groups = {"system:serviceaccounts", "system:serviceaccounts:" + account->name_space};
  AddImplicitGroup(&wanted);
  return wanted;
}

}  // namespace pedia::apiserver
