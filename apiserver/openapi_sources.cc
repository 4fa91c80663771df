#include "apiserver/openapi_sources.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "discovery/openapi.h"
#include "meta/json_reader.h"
#include "query/strconv.h"

namespace pedia::apiserver {
namespace {

// A client waits while they are read and put together.
constexpr size_t kMaxDocuments = 16;

using discovery::ClusterState;
using Version = std::array<int64_t, 3>;

// {1, 32, 13} of {"gitVersion":"v1.32.13+k3s1"}; zeros if it is not known.
Version KubernetesVersion(std::string_view version_json) {
  std::string text;
  JsonReader reader(version_json);
  if (!reader.BeginObject()) return {};
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "gitVersion") {
      text = reader.ReadString();
    } else {
      reader.Skip();
    }
  }
  Version version{};
  std::string_view rest = text;
  for (int64_t& number : version) {
    if (rest.empty() || (rest[0] != 'v' && rest[0] != '.')) break;
    rest.remove_prefix(1);
    const size_t end = std::min(rest.find_first_not_of("0123456789"), rest.size());
    number = query::ParseInt64(rest.substr(0, end)).value_or(0);
    rest.remove_prefix(end);
  }
  return version;
}

// Newest first.
std::vector<const ClusterState*> Clusters(const discovery::Snapshot& snapshot,
                                          std::string_view cluster) {
  if (!cluster.empty()) {
    const ClusterState* state = snapshot.Find(cluster);
    return state == nullptr ? std::vector<const ClusterState*>() : std::vector{state};
  }
  std::vector<std::pair<Version, const ClusterState*>> versions;
  for (const auto& [name, state] : snapshot.clusters)
    versions.emplace_back(KubernetesVersion(state->version_json), state.get());
  std::stable_sort(versions.begin(), versions.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<const ClusterState*> sorted;
  for (const auto& [version, state] : versions) sorted.push_back(state);
  return sorted;
}

// The resources that are synced of a cluster, by path.
std::map<std::string, std::vector<std::string_view>> Resources(const ClusterState& state) {
  std::map<std::string, std::vector<std::string_view>> resources;
  for (const discovery::ApiResource& resource : state.synced.resources)
    resources[discovery::OpenApiPathOf(resource.gvr)].push_back(resource.gvr.resource);
  return resources;
}

struct Described {
  OpenApiSources sources;
  std::set<std::string_view> resources;
};

void AddDocument(const std::string& name, const std::vector<std::string_view>& resources,
                 Described* described) {
  const size_t before = described->resources.size();
  described->resources.insert(resources.begin(), resources.end());
  std::vector<std::string>& documents = described->sources.documents;
  if (described->resources.size() == before || documents.size() == kMaxDocuments) return;
  if (std::find(documents.begin(), documents.end(), name) == documents.end())
    documents.push_back(name);
}

}  // namespace

std::string OpenApiSources::Hash() const {
  if (documents.size() == 1) return documents[0];
  std::string names = "merged, 1\n";  // The number changes with how they are put together.
  for (const std::string& name : documents) names += name + '\n';
  return discovery::OpenApiHash(names);
}

std::map<std::string, OpenApiSources> FindOpenApiSources(const discovery::Snapshot& snapshot,
                                                         std::string_view cluster) {
  std::map<std::string, Described> paths;
  for (const ClusterState* state : Clusters(snapshot, cluster)) {
    const auto resources = Resources(*state);
    for (const discovery::OpenApiDocument& document : state->openapi) {
      const auto synced = resources.find(document.path);
      if (synced == resources.end()) continue;
      AddDocument(document.hash, synced->second, &paths[document.path]);
    }
  }
  std::map<std::string, OpenApiSources> found;
  for (auto& [path, described] : paths) found.emplace(path, std::move(described.sources));
  return found;
}

}  // namespace pedia::apiserver
