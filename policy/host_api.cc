#include "policy/host_api.h"

#include <algorithm>
#include <future>
#include <memory>
#include <utility>

#include "discovery/cluster_catalog.h"
#include "meta/json_reader.h"

namespace pedia::policy {
namespace {

constexpr std::chrono::milliseconds kTimeout{15'000};
constexpr size_t kMaxAnswer = 16 << 20;
constexpr const char* kManager = "fieldManager=pedia-controller-manager";

// The versions of an APIGroup in the server's order, the preferred one first.
std::vector<std::string> ReadGroupVersions(std::string_view group) {
  std::vector<std::string> versions;
  std::string preferred;
  JsonReader reader(group);
  if (!reader.BeginObject()) return {};
  for (std::string_view key; reader.NextMember(&key);) {
    const auto read_version = [&reader] {
      std::string version;
      if (!reader.BeginObject()) return version;
      for (std::string_view member; reader.NextMember(&member);) {
        if (member == "version") {
          version = reader.ReadString();
        } else {
          reader.Skip();
        }
      }
      return version;
    };
    if (key == "preferredVersion") {
      preferred = read_version();
    } else if (key == "versions" && reader.BeginArray()) {
      while (reader.NextElement()) versions.push_back(read_version());
    } else if (key != "versions") {
      reader.Skip();
    }
  }
  if (!reader.ok()) return {};
  std::stable_partition(versions.begin(), versions.end(),
                        [&](const std::string& version) { return version == preferred; });
  return versions;
}

bool CanBeFollowed(const discovery::ApiResource& resource) {
  const auto has = [&](const char* verb) {
    return std::find(resource.verbs.begin(), resource.verbs.end(), verb) != resource.verbs.end();
  };
  return has("list") && has("watch");
}

std::string Listed(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + text;
  return list;
}

}  // namespace

Result<std::string> HostApi::Send(kube::Request request) {
  request.timeout = kTimeout;
  const auto promise = std::make_shared<std::promise<Result<kube::Client::Document>>>();
  auto future = promise->get_future();
  const kube::Client::RequestId id = client_.Get(
      std::move(request),
      [promise](Result<kube::Client::Document> answer) { promise->set_value(std::move(answer)); },
      kMaxAnswer);
  const std::stop_callback cancel(stop_, [&] { client_.Cancel(id); });
  auto answer = future.get();
  if (!answer.ok()) return answer.status();
  const int code = answer->head.code;
  if (code >= 200 && code < 300) return std::move(answer->body);
  Status status = kube::StatusFromResponse(code, answer->body, answer->head.retry_after_seconds);
  if (status.ok()) status = ServiceUnavailable("unexpected answer " + std::to_string(code));
  return status;
}

Status HostApi::Write(kube::Request request) {
  if (stop_.stop_requested() || !may_write_())
    return ServiceUnavailable("another process leads by now");
  const auto answer = Send(std::move(request));
  return answer.ok() ? Status() : answer.status();
}

Status HostApi::Create(std::string_view path, std::string body) {
  kube::Request request;
  request.method = "POST";
  request.path_and_query = std::string(path) + "?" + kManager;
  request.content_type = "application/json";
  request.body = std::move(body);
  return Write(std::move(request));
}

Status HostApi::Patch(const std::string& path, std::string body) {
  kube::Request request;
  request.method = "PATCH";
  request.path_and_query = path + "?" + kManager;
  request.content_type = "application/merge-patch+json";
  request.body = std::move(body);
  return Write(std::move(request));
}

Status HostApi::Delete(const std::string& path, const std::string& uid) {
  kube::Request request;
  request.method = "DELETE";
  request.path_and_query = path;
  request.content_type = "application/json";
  request.body = R"({"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":)" +
                 JsonString(uid) + R"(},"propagationPolicy":"Background"})";
  Status status = Write(std::move(request));
  return status.reason() == StatusReason::kNotFound ? Status() : status;
}

Result<std::vector<std::string>> HostApi::ServedVersions(const std::string& group) {
  kube::Request request;
  request.path_and_query = group.empty() ? "/api" : "/apis/" + group;
  auto answer = Send(std::move(request));
  if (!answer.ok() && answer.status().reason() == StatusReason::kNotFound)
    return std::vector<std::string>();
  if (!answer.ok()) return answer.status();
  return group.empty() ? discovery::ParseApiVersions(*answer) : ReadGroupVersions(*answer);
}

Result<GroupVersionResource> HostApi::Negotiate(const GroupVersionResource& resource,
                                                const std::vector<std::string>& versions) {
  const std::string name = "\"" + resource.GroupResource() + "\"";
  // They become parts of a path.
  if (resource.resource.find_first_of("/?#%") != std::string::npos ||
      resource.group.find_first_of("/?#%") != std::string::npos)
    return BadRequest(name + " cannot be a resource");
  const auto served = ServedVersions(resource.group);
  if (!served.ok()) return served.status();
  const auto is_served = [&](const std::string& version) {
    return std::find(served->begin(), served->end(), version) != served->end();
  };
  for (const std::string& version : versions.empty() ? *served : versions) {
    if (!is_served(version)) continue;
    kube::Request request;
    GroupVersionResource found = resource;
    found.version = version;
    request.path_and_query = (found.group.empty() ? "/api/" : "/apis/") + found.GroupVersion();
    const auto answer = Send(std::move(request));
    if (!answer.ok()) return answer.status();
    const auto resources = discovery::ParseApiResourceList(*answer);
    if (!resources.ok()) return resources.status();
    for (const discovery::ApiResource& each : *resources) {
      if (each.gvr.resource == found.resource && CanBeFollowed(each)) return found;
    }
  }
  const std::string in = versions.empty() ? "" : " in the versions " + Listed(versions);
  return Status(StatusReason::kNotFound,
                "the management cluster does not serve the resource " + name + in);
}

}  // namespace pedia::policy
