// UserInfo: who asks, as Kubernetes sees a user.
// Source: authentication.k8s.io/v1 UserInfo.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pedia::apiserver {

struct UserInfo {
  std::string name;                 // "jane", "system:serviceaccount:shop:reader"
  std::string uid;                  // Mostly "".
  std::vector<std::string> groups;  // "system:authenticated" included, if it is one.
  std::vector<std::pair<std::string, std::string>> extra;  // Keys in lower case; may repeat.
  auto operator<=>(const UserInfo&) const = default;
  bool IsMember(std::string_view group) const;
};

inline constexpr char kAnonymous[] = "system:anonymous";
inline constexpr char kUnauthenticatedGroup[] = "system:unauthenticated";
inline constexpr char kAuthenticatedGroup[] = "system:authenticated";
inline constexpr char kMastersGroup[] = "system:masters";

// system:anonymous, who belongs to system:unauthenticated only.
UserInfo AnonymousUser();
// Adds system:authenticated, or for system:anonymous system:unauthenticated, unless the user is in
// one of the two already.
void AddImplicitGroup(UserInfo* user);
// Whether all texts are UTF-8: others cannot be asked about in JSON without becoming somebody else.
bool IsUtf8(const UserInfo& user);
bool IsUtf8(std::string_view text);

}  // namespace pedia::apiserver
