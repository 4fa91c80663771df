// CredentialSecrets: the Secrets that PediaClusters may take their credentials from: those of pedia's
// own namespace. Source: v1 Secret; cluster.clusterpedia.io/v1alpha2 spec.authenticationFrom.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "meta/result.h"

namespace pedia::discovery {

// One thread.
class CredentialSecrets {
 public:
  // `object`: the Secret's JSON; data in base64, stringData as it is. Instead of what was known of
  // that name. What cannot be read of it counts as not there.
  void Set(std::string_view name, std::string_view object);
  void Remove(std::string_view name);

  // The bytes. Errors: NotFound naming the Secret or the key that is not there.
  Result<std::string> Get(std::string_view name, std::string_view key) const;

 private:
  using Data = std::map<std::string, std::string, std::less<>>;
  std::map<std::string, Data, std::less<>> secrets_;
};

}  // namespace pedia::discovery
