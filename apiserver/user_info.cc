#include "apiserver/user_info.h"

#include <algorithm>

#include "meta/json_string.h"

namespace pedia::apiserver {

bool UserInfo::IsMember(std::string_view group) const {
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

UserInfo AnonymousUser() { return {kAnonymous, "", {kUnauthenticatedGroup}, {}}; }

void AddImplicitGroup(UserInfo* user) {
  if (user->IsMember(kUnauthenticatedGroup)) return;
  const char* group = user->name == kAnonymous ? kUnauthenticatedGroup : kAuthenticatedGroup;
  if (!user->IsMember(group)) user->groups.emplace_back(group);
}

bool IsUtf8(std::string_view text) {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const size_t length = Utf8Length(at, end);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

bool IsUtf8(const UserInfo& user) {
  return IsUtf8(user.name) && IsUtf8(user.uid) &&
         std::all_of(user.groups.begin(), user.groups.end(),
                     [](const std::string& group) { return IsUtf8(group); }) &&
         std::all_of(user.extra.begin(), user.extra.end(),
                     [](const auto& extra) { return IsUtf8(extra.first) && IsUtf8(extra.second); });
}

}  // namespace pedia::apiserver
