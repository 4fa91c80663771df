// FeatureGates: the value of --feature-gates, "AllowProxyRequestToClusters=true,AllBeta=false".
// Source: Clusterpedia's feature gates; k8s.io/component-base/featuregate.
#pragma once
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"

namespace pedia::cmd {

// Immutable once parsed.
class FeatureGates {
 public:
  // Errors: BadRequest quoting the item that is not NAME=true or NAME=false.
  static Result<FeatureGates> Parse(const std::vector<std::string>& items);
  bool Enabled(std::string_view name, bool otherwise = false) const;
  // Names that are none of `known`. Kubernetes knows about 180 that an existing deployment may set,
  // so they are worth a warning, not an error.
  std::vector<std::string> Unknown(std::initializer_list<std::string_view> known) const;

 private:
  std::map<std::string, bool, std::less<>> gates_;
};

}  // namespace pedia::cmd
