// ProxyOptions: which requests go on to member clusters, and as whom.
// Source: Clusterpedia's gate AllowProxyRequestToClusters and its flags.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/documents.h"
#include "meta/result.h"

namespace pedia::apiserver {

struct ProxyOptions {
  bool enabled = false;               // The gate. Off: nothing goes on, whatever else is set.
  bool allow_unsynced = false;        // Also requests for resources that are not synced.
  bool proxy_path = false;            // .../clusters/<c>/proxy/<any path>.
  bool allow_cluster_config = false;  // With pedia's own credentials if the request brings none.
  bool impersonate_user = false;      // With them, but in the name of the caller.
  bool allow_anonymous = false;       // Without any, if neither of these and none are brought.
  // "pods/log": these go on by themselves; others of kubernetes' connecting subresources never do.
  std::set<std::string, std::less<>> subresources;

  // Adds to `subresources`: "pods/log", or "log" for every resource that has it. Errors: BadRequest
  // naming the supported ones.
  Status AllowSubresources(const std::vector<std::string>& names);
  // `subresources`, for discovery; none if not enabled.
  std::vector<discovery::Subresource> Listed() const;
};

// A subresource that is a connection to something behind the member's apiserver.
struct ConnectSubresource {
  std::string_view resource;     // "pods", of the core group.
  std::string_view subresource;  // "exec"
  std::vector<std::string_view> methods;
  bool needs_upgrade = false;
};

// Null if it is none.
const ConnectSubresource* FindConnectSubresource(std::string_view resource,
                                                 std::string_view subresource);
// All of them, in the order of Kubernetes' documentation.
const std::vector<ConnectSubresource>& ConnectSubresources();

}  // namespace pedia::apiserver
