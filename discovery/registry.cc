#include "discovery/registry.h"

#include <algorithm>
#include <utility>

#include "meta/json_reader.h"

namespace pedia::discovery {
namespace {

bool IsSettled(const ClusterState& state) {
  const Condition* healthy = state.FindCondition("ClusterHealthy");
  if (healthy == nullptr || healthy->status != "True") return false;
  const Condition* running = state.FindCondition("SynchroRunning");
  if (running != nullptr && running->status != "True") return false;
  return std::all_of(state.resources.begin(), state.resources.end(),
                     [](const ResourceSync& sync) { return sync.initial_list_done; });
}

// Puts `state`, the news of the cluster `name`, into the place of what was there; null: it is gone.
void Replace(std::string_view name, std::shared_ptr<const ClusterState> state, Snapshot* snapshot) {
  auto& unsettled = snapshot->unsettled;
  auto place =
      std::lower_bound(unsettled.begin(), unsettled.end(), name,
                       [](const auto& one, std::string_view other) { return one->name < other; });
  if (place != unsettled.end() && (*place)->name == name) place = unsettled.erase(place);
  if (state == nullptr) {
    snapshot->clusters.erase(snapshot->clusters.find(name));
    return;
  }
  if (!IsSettled(*state)) unsettled.insert(place, state);
  snapshot->clusters.insert_or_assign(std::string(name), std::move(state));
}

void AppendOpenApi(const std::vector<OpenApiDocument>& documents, std::string* out) {
  const char* separator = ",\"openapi\":[";
  for (const OpenApiDocument& document : documents) {
    out->append(separator).append("{\"path\":");
    AppendJsonString(document.path, out);
    out->append(",\"hash\":");
    AppendJsonString(document.hash, out);
    out->append(",\"source\":");
    AppendJsonString(document.source, out);
    out->append("}");
    separator = ",";
  }
  out->append("]");
}

OpenApiDocument ReadOpenApiDocument(JsonReader& reader) {
  OpenApiDocument document;
  if (!reader.BeginObject()) return document;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "path") {
      document.path = reader.ReadString();
    } else if (key == "hash") {
      document.hash = reader.ReadString();
    } else if (key == "source") {
      document.source = reader.ReadString();
    } else {
      reader.Skip();
    }
  }
  return document;
}

std::vector<OpenApiDocument> ReadOpenApi(JsonReader& reader) {
  std::vector<OpenApiDocument> documents;
  if (!reader.BeginArray()) return documents;
  while (reader.NextElement()) {
    OpenApiDocument document = ReadOpenApiDocument(reader);
    if (!document.path.empty() && !document.hash.empty()) documents.push_back(std::move(document));
  }
  std::ranges::sort(documents, {}, &OpenApiDocument::path);
  return documents;
}

}  // namespace

const Condition* ClusterState::FindCondition(std::string_view type) const {
  const auto found =
      std::find_if(conditions.begin(), conditions.end(),
                   [&](const Condition& condition) { return condition.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

const ClusterState* Snapshot::Find(std::string_view cluster) const {
  const auto found = clusters.find(cluster);
  return found == clusters.end() ? nullptr : found->second.get();
}

Registry::Registry() : snapshot_(std::make_shared<const Snapshot>()) {}

std::shared_ptr<const Snapshot> Registry::Get() const {
  return snapshot_.With([](const auto& snapshot) { return snapshot; });
}

void Registry::Update(ClusterState state) {
  snapshot_.With([&](std::shared_ptr<const Snapshot>& snapshot) {
    if (const ClusterState* old = snapshot->Find(state.name); old != nullptr && *old == state)
      return;
    auto next = std::make_shared<Snapshot>(*snapshot);
    ++next->generation;
    const auto shared = std::make_shared<const ClusterState>(std::move(state));
    Replace(shared->name, shared, next.get());
    snapshot = std::move(next);
  });
}

void Registry::Remove(std::string_view cluster) {
  snapshot_.With([&](std::shared_ptr<const Snapshot>& snapshot) {
    if (snapshot->Find(cluster) == nullptr) return;
    auto next = std::make_shared<Snapshot>(*snapshot);
    ++next->generation;
    Replace(cluster, nullptr, next.get());
    snapshot = std::move(next);
  });
}

std::string ClusterStateToJson(const ClusterState& state) {
  std::string out = "{\"name\":";
  AppendJsonString(state.name, &out);
  out.append(",\"apiServer\":");
  AppendJsonString(state.api_server, &out);
  out.append(",\"version\":");
  AppendJsonString(state.version_json, &out);
  out.append(",\"synced\":").append(CatalogToJson(state.synced));
  if (!state.openapi.empty()) AppendOpenApi(state.openapi, &out);
  if (!state.secret_data.empty())
    out.append(",\"secretData\":").append(JsonString(state.secret_data));
  out.append("}");
  return out;
}

Result<ClusterState> ClusterStateFromJson(std::string_view json) {
  ClusterState state;
  JsonReader reader(json);
  if (!reader.BeginObject()) return BadRequest("a cluster record must be an object");
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "name") {
      state.name = reader.ReadString();
    } else if (key == "apiServer") {
      state.api_server = reader.ReadString();
    } else if (key == "version") {
      state.version_json = reader.ReadString();
    } else if (key == "synced") {
      auto catalog = CatalogFromJson(reader.Skip());
      if (!catalog.ok()) return catalog.status();
      state.synced = std::move(*catalog);
    } else if (key == "openapi") {
      state.openapi = ReadOpenApi(reader);
    } else if (key == "secretData") {
      state.secret_data = reader.ReadString();
    } else {
      reader.Skip();
    }
  }
  if (!reader.ok() || state.name.empty()) return BadRequest("malformed cluster record");
  return state;
}

}  // namespace pedia::discovery
