// Authentication and authorization that believe everything, but for one user.
#pragma once
#include <mutex>
#include <string>
#include <vector>

#include "apiserver/authenticator.h"
#include "apiserver/authorizer.h"

namespace pedia::apiserver {

// Everybody is who they say in X-Test-User.
class CredulousAuthenticator : public Authenticator {
 public:
  Result<UserInfo> Authenticate(const HttpRequest& request) override {
    UserInfo user;
    user.name = request.Header("X-Test-User").value_or("jane");
    user.uid = "u1";
    user.groups = {"dev", std::string(kAuthenticatedGroup)};
    user.extra = {{"example.org/scope", "view"}};
    return user;
  }
  std::string ClientOf(const HttpRequest&) const override { return "jane"; }
};

// Says yes to everything and remembers what it was; "reader" may only get.
class RememberingAuthorizer : public Authorizer {
 public:
  Result<AccessDecision> Authorize(const UserInfo& user,
                                   const AccessAttributes& attributes) override {
    const std::scoped_lock lock(mutex_);
    verbs_.push_back(attributes.verb);
    return AccessDecision{user.name != "reader" || attributes.verb == "get", ""};
  }
  std::string last_verb() const {
    const std::scoped_lock lock(mutex_);
    return verbs_.empty() ? "" : verbs_.back();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> verbs_;
};

}  // namespace pedia::apiserver
