// HostApi: single requests to the management cluster, one after the other, that end when the process
// stops; and which versions of a resource it serves.
#pragma once
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "kube/client.h"
#include "meta/group_version_resource.h"
#include "meta/result.h"

namespace pedia::policy {

// Not on the loop's thread. Errors of all: what the server answered, or the transport's.
class HostApi {
 public:
  // `client` must outlive it. Nothing is written once `may_write` says no: then it is
  // ServiceUnavailable, as it is when `stop` ends a request.
  HostApi(kube::Client& client, std::stop_token stop, std::function<bool()> may_write)
      : client_(client), stop_(std::move(stop)), may_write_(std::move(may_write)) {}

  // `path`: of the collection, `body`: JSON.
  Status Create(std::string_view path, std::string body);
  // Merge patch of an object or its subresource.
  Status Patch(const std::string& path, std::string body);
  // Only of the object with this uid. One that is gone is a success.
  Status Delete(const std::string& path, const std::string& uid);

  // `resource` (without a version) with the first version that is served, by the server's
  // preference, or the first of `versions` if there are any; it must be possible to list and watch
  // it. Errors also: NotFound saying what is not served.
  Result<GroupVersionResource> Negotiate(const GroupVersionResource& resource,
                                         const std::vector<std::string>& versions);

 private:
  Result<std::string> Send(kube::Request request);
  Status Write(kube::Request request);
  Result<std::vector<std::string>> ServedVersions(const std::string& group);

  kube::Client& client_;
  const std::stop_token stop_;
  const std::function<bool()> may_write_;
};

}  // namespace pedia::policy
