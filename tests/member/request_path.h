// RequestPath: what a request line asks a kube-apiserver for, e.g.
// "/api/v1/namespaces/shop/pods?limit=5&watch=true". Source: k8s.io/apiserver/pkg/endpoints/request
// RequestInfo.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "meta/group_version_resource.h"
#include "meta/result.h"
#include "tests/member/faults.h"
#include "tests/member/object_text.h"

namespace pedia::member {

// A value type.
struct RequestPath {
  RequestKind kind = RequestKind::kDiscovery;
  std::string path;                               // Decoded, without the query.
  std::map<std::string, std::string> parameters;  // Decoded; of repeated ones the first.
  GroupVersionResource gvr;                       // For kList, kWatch, kGet, kWrite.
  ObjectName name;                                // Namespace and name, each may be "".

  std::string Parameter(const std::string& key) const;  // "" if absent.
  // Nothing: absent or "". Failure: not a number.
  Result<std::optional<uint64_t>> Number(const std::string& key) const;
};

// Anything that is neither health nor an object path is kDiscovery, whether or not there is such a
// document.
RequestPath ParseRequestPath(std::string_view method, std::string_view target);

}  // namespace pedia::member
