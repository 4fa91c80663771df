#include "tests/member/world.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

#include "meta/time.h"
#include "tests/member/collection.h"

namespace pedia::member {
namespace {

constexpr std::string_view kVersionDocument =
    R"({"major":"1","minor":"32","gitVersion":"v1.32.13","gitCommit":"","gitTreeState":"clean",)"
    R"("buildDate":"1970-01-01T00:00:00Z","goVersion":"go1.23.5","compiler":"gc","platform":"linux/amd64"})";

bool IsCustomResourceDefinition(const GroupVersionResource& gvr) {
  return gvr.group == "apiextensions.k8s.io" && gvr.resource == "customresourcedefinitions";
}

bool CanBeListed(const ApiResourceEntry& entry) {
  return entry.name.find('/') == std::string::npos && std::ranges::count(entry.verbs, "list") != 0;
}

// Not random, so that two runs of a test see the same world.
std::string UidOf(uint64_t resource_version, const std::string& key) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string uid = "00000000-0000-4000-8000-000000000000";
  uint64_t bits = (resource_version + 1) * 0x9e3779b97f4a7c15 ^ std::hash<std::string>()(key);
  for (const int at : {0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 31, 32, 33, 34}) {
    uid[static_cast<size_t>(at)] = kHex[bits & 15];
    bits >>= 4;
  }
  return uid;
}

}  // namespace

struct World::State {
  mutable std::mutex mutex;
  WorldOptions options;
  ServedApi api;
  ServedOpenApi openapi{api};
  std::string version_document{kVersionDocument};
  std::map<GroupVersionResource, std::shared_ptr<Collection>> collections;
  // Resources whose definition was deleted: running watches still see the deletions of their
  // objects.
  std::map<GroupVersionResource, std::shared_ptr<Collection>> removed;
  std::deque<std::weak_ptr<Collection>> history;  // The collection of each event, oldest first.
  uint64_t resource_version = 1;
  uint64_t compacted = 1;  // Snapshots before this cannot be read.

  std::mutex subscriber_mutex;
  std::map<uint64_t, std::function<void()>> subscribers;
  uint64_t next_subscriber = 1;

  // All below: with `mutex` held.
  Collection* Find(const GroupVersionResource& gvr) const {
    const auto it = collections.find(gvr);
    return it == collections.end() ? nullptr : it->second.get();
  }
  void AddApi(const ApiGroupVersion& addition);
  void RemoveApi(const ApiGroupVersion& removal);
  uint64_t Apply(const GroupVersionResource& gvr, const std::string& key, ObjectVersion version);
  void DropOldest();
  ObjectVersion DeletedVersion(const Collection& collection, const ObjectVersion& last) const;
  void DeleteAll(const GroupVersionResource& gvr);
  void Notify();  // Without `mutex`.
};

void World::State::AddApi(const ApiGroupVersion& addition) {
  api.Add(addition);
  openapi.ApiChanged();
  for (const ApiResourceEntry& entry : addition.resources) {
    if (!CanBeListed(entry)) continue;
    const GroupVersionResource gvr{addition.group, addition.version, entry.name};
    if (collections.contains(gvr)) continue;
    auto resource = std::make_shared<ServedResource>(
        ServedResource{gvr, entry.kind, entry.namespaced, addition.custom});
    collections.emplace(gvr, std::make_shared<Collection>(std::move(resource), resource_version));
    removed.erase(gvr);
  }
}

void World::State::RemoveApi(const ApiGroupVersion& removal) {
  for (const ApiResourceEntry& entry : removal.resources) {
    api.Remove(removal.group, removal.version, entry.name);
    const GroupVersionResource gvr{removal.group, removal.version, entry.name};
    if (Find(gvr) == nullptr) continue;
    DeleteAll(gvr);
    removed.insert(collections.extract(gvr));
  }
}

uint64_t World::State::Apply(const GroupVersionResource& gvr, const std::string& key,
                             ObjectVersion version) {
  const std::shared_ptr<Collection>& collection = collections.at(gvr);
  version.resource_version = ++resource_version;
  collection->Apply(key, std::move(version));
  history.push_back(collection);
  while (history.size() > options.history_events) DropOldest();
  return resource_version;
}

void World::State::DropOldest() {
  if (const std::shared_ptr<Collection> collection = history.front().lock()) {
    compacted = std::max(compacted, collection->OldestEvent());
    collection->DropOldestEvent();
  }
  history.pop_front();
}

ObjectVersion World::State::DeletedVersion(const Collection& collection,
                                           const ObjectVersion& last) const {
  ObjectVersion version = last;
  version.deleted = true;
  if (last.text == nullptr) return version;
  // The last state carries the resourceVersion of the deletion.
  const ServedResource& resource = collection.resource();
  Result<ObjectText> text = NormalizeObject(resource, resource.ObjectPrefix() + *last.text,
                                            ServerFields{resource_version + 1, "", ""});
  if (text.ok()) version.text = std::make_shared<const std::string>(std::move(text->text));
  return version;
}

void World::State::DeleteAll(const GroupVersionResource& gvr) {
  const std::shared_ptr<Collection> collection = collections.at(gvr);
  for (const std::string& key : collection->Keys()) {
    Apply(gvr, key, DeletedVersion(*collection, *collection->Find(key)));
  }
}

void World::State::Notify() {
  std::scoped_lock lock(subscriber_mutex);
  for (const auto& [id, callback] : subscribers) callback();
}

World::World(WorldOptions options) : state_(std::make_unique<State>()) {
  state_->options = options;
}
World::~World() = default;

void World::AddApi(const ApiGroupVersion& api) {
  std::scoped_lock lock(state_->mutex);
  state_->AddApi(api);
}

std::optional<std::string> World::DiscoveryDocument(std::string_view path,
                                                    DiscoveryFormat format) const {
  std::scoped_lock lock(state_->mutex);
  return state_->api.Document(path, format);
}

std::shared_ptr<const ServedResource> World::FindResource(const GroupVersionResource& gvr) const {
  std::scoped_lock lock(state_->mutex);
  const Collection* collection = state_->Find(gvr);
  return collection == nullptr ? nullptr : collection->renderer()->resource;
}

std::vector<GroupVersionResource> World::ListableResources() const {
  std::scoped_lock lock(state_->mutex);
  std::vector<GroupVersionResource> resources;
  for (const auto& [gvr, collection] : state_->collections) resources.push_back(gvr);
  return resources;
}

void World::SetVersionDocument(std::string json) {
  std::scoped_lock lock(state_->mutex);
  state_->version_document = std::move(json);
}

std::string World::VersionDocument() const {
  std::scoped_lock lock(state_->mutex);
  return state_->version_document;
}

void World::SetOpenApi(const std::string& path, std::string json) {
  std::scoped_lock lock(state_->mutex);
  state_->openapi.Set(path, std::move(json));
}

std::optional<ServedOpenApi::Document> World::OpenApi(std::string_view url) const {
  std::scoped_lock lock(state_->mutex);
  return state_->openapi.Find(url);
}

void World::SetGenerator(const GroupVersionResource& gvr,
                         std::shared_ptr<const ObjectGenerator> generator) {
  std::scoped_lock lock(state_->mutex);
  if (Collection* collection = state_->Find(gvr)) collection->SetGenerator(std::move(generator));
}

Result<uint64_t> World::Put(const GroupVersionResource& gvr, std::string_view body) {
  Result<uint64_t> result = [&]() -> Result<uint64_t> {
    std::scoped_lock lock(state_->mutex);
    const Collection* collection = state_->Find(gvr);
    if (collection == nullptr) return UnknownResource();
    Result<ObjectText> named = NormalizeObject(collection->resource(), body, std::nullopt);
    if (!named.ok()) return named.status();
    const std::string key = named->name.Key();
    ServerFields fields;
    if (const ObjectVersion* current = collection->Find(key)) {
      std::string object;
      collection->renderer()->AppendObject(*current, &object);
      fields = ServerFieldsOf(object);
    } else {
      fields.uid = UidOf(state_->resource_version, key);
      fields.creation_timestamp = FormatRfc3339(UnixNow());
    }
    fields.resource_version = state_->resource_version + 1;
    if (IsCustomResourceDefinition(gvr)) {
      const Result<std::vector<ApiGroupVersion>> apis = ApiOfCustomResourceDefinition(body);
      if (!apis.ok()) return apis.status();
      for (const ApiGroupVersion& api : *apis) state_->AddApi(api);
      state_->openapi.PutDefinition(body);
    }
    Result<ObjectText> text = NormalizeObject(collection->resource(), body, fields);
    if (!text.ok()) return text.status();
    ObjectVersion version;
    version.text = std::make_shared<const std::string>(std::move(text->text));
    return state_->Apply(gvr, key, std::move(version));
  }();
  if (result.ok()) state_->Notify();
  return result;
}

Result<uint64_t> World::PutSynthetic(const GroupVersionResource& gvr, const ObjectName& name,
                                     uint32_t index, uint32_t revision) {
  Result<uint64_t> result = [&]() -> Result<uint64_t> {
    std::scoped_lock lock(state_->mutex);
    const Collection* collection = state_->Find(gvr);
    if (collection == nullptr || collection->renderer()->generator == nullptr)
      return UnknownResource();
    return state_->Apply(gvr, name.Key(), {0, nullptr, index, revision, false});
  }();
  if (result.ok()) state_->Notify();
  return result;
}

Status World::Load(const GroupVersionResource& gvr, std::string_view body) {
  std::scoped_lock lock(state_->mutex);
  Collection* collection = state_->Find(gvr);
  if (collection == nullptr) return UnknownResource();
  Result<ObjectText> text = NormalizeObject(collection->resource(), body, std::nullopt);
  if (!text.ok()) return text.status();
  state_->resource_version = std::max(state_->resource_version, text->resource_version);
  state_->compacted = state_->resource_version;
  ObjectVersion version;
  version.resource_version = text->resource_version;
  version.text = std::make_shared<const std::string>(std::move(text->text));
  collection->Load(text->name.Key(), std::move(version));
  if (IsCustomResourceDefinition(gvr)) state_->openapi.LoadDefinition(body);
  return Status();
}

Result<uint64_t> World::Delete(const GroupVersionResource& gvr, const ObjectName& name) {
  Result<uint64_t> result = [&]() -> Result<uint64_t> {
    std::scoped_lock lock(state_->mutex);
    const Collection* collection = state_->Find(gvr);
    if (collection == nullptr) return UnknownResource();
    const ObjectVersion* current = collection->Find(name.Key());
    if (current == nullptr) return NotFound(gvr.group, gvr.resource, name.name);
    if (IsCustomResourceDefinition(gvr)) {
      std::string object;
      collection->renderer()->AppendObject(*current, &object);
      const Result<std::vector<ApiGroupVersion>> apis = ApiOfCustomResourceDefinition(object);
      if (!apis.ok()) return apis.status();
      for (const ApiGroupVersion& api : *apis) state_->RemoveApi(api);
      state_->openapi.RemoveDefinition(object);
    }
    return state_->Apply(gvr, name.Key(), state_->DeletedVersion(*collection, *current));
  }();
  if (result.ok()) state_->Notify();
  return result;
}

void World::Compact() {
  std::scoped_lock lock(state_->mutex);
  while (!state_->history.empty()) state_->DropOldest();
  state_->compacted = state_->resource_version;
}

WorldBackup World::Backup() const {
  std::scoped_lock lock(state_->mutex);
  WorldBackup backup;
  backup.resource_version = state_->resource_version;
  for (const auto& [gvr, collection] : state_->collections) {
    auto copy = std::make_shared<Collection>(*collection);
    while (copy->OldestEvent() != 0) copy->DropOldestEvent();
    backup.collections.emplace(gvr, std::move(copy));
  }
  return backup;
}

void World::Restore(const WorldBackup& backup) {
  std::scoped_lock lock(state_->mutex);
  for (const auto& [gvr, collection] : backup.collections)
    state_->collections[gvr] = std::make_shared<Collection>(*collection);
  state_->resource_version = backup.resource_version;
  state_->compacted = backup.resource_version;
}

void World::RaiseResourceVersion(uint64_t resource_version) {
  std::scoped_lock lock(state_->mutex);
  const bool at_start = state_->compacted == state_->resource_version;
  state_->resource_version = std::max(state_->resource_version, resource_version);
  if (at_start) state_->compacted = state_->resource_version;
}

uint64_t World::resource_version() const {
  std::scoped_lock lock(state_->mutex);
  return state_->resource_version;
}

size_t World::Count(const GroupVersionResource& gvr) const {
  std::scoped_lock lock(state_->mutex);
  const Collection* collection = state_->Find(gvr);
  return collection == nullptr ? 0 : collection->live();
}

Result<std::string> World::Get(const GroupVersionResource& gvr, const ObjectName& name) const {
  std::scoped_lock lock(state_->mutex);
  const Collection* collection = state_->Find(gvr);
  if (collection == nullptr) return UnknownResource();
  const ObjectVersion* current = collection->Find(name.Key());
  if (current == nullptr) return NotFound(gvr.group, gvr.resource, name.name);
  std::string object;
  collection->renderer()->AppendObject(*current, &object);
  return object;
}

Result<ListPage> World::List(const GroupVersionResource& gvr, const ListQuery& query) const {
  std::scoped_lock lock(state_->mutex);
  const Collection* collection = state_->Find(gvr);
  if (collection == nullptr) return UnknownResource();
  const uint64_t snapshot = query.resource_version.value_or(state_->resource_version);
  if (snapshot < state_->compacted) {
    return Expired("The resourceVersion for the provided list is too old.");
  }
  ListPage page = collection->Read(query, snapshot);
  page.resource_version = snapshot;
  return page;
}

EventBatch World::ReadEvents(const GroupVersionResource& gvr, uint64_t cursor, size_t max) const {
  std::scoped_lock lock(state_->mutex);
  EventBatch batch;
  const Collection* collection = state_->Find(gvr);
  const auto removed = state_->removed.find(gvr);
  const bool is_removed = removed != state_->removed.end();
  if (is_removed) collection = removed->second.get();
  if (collection == nullptr || (is_removed && collection->last_change() <= cursor)) {
    batch.state = EventBatch::State::kResourceGone;
    return batch;
  }
  batch.renderer = collection->renderer();
  const uint64_t oldest = std::max(state_->compacted, collection->born());
  if (cursor < oldest) {
    batch.state = EventBatch::State::kExpired;
    batch.oldest = oldest;
    return batch;
  }
  batch.up_to = std::max(cursor, state_->resource_version);
  collection->ReadEvents(cursor, max, &batch);
  return batch;
}

std::map<std::string, std::string> World::Dump() const {
  std::scoped_lock lock(state_->mutex);
  std::map<std::string, std::string> dump;
  for (const auto& [gvr, collection] : state_->collections) {
    for (const std::string& key : collection->Keys()) {
      collection->renderer()->AppendObject(
          *collection->Find(key), &dump[ObjectPath(collection->resource(), NameOfKey(key))]);
    }
  }
  return dump;
}

uint64_t World::Subscribe(std::function<void()> callback) {
  std::scoped_lock lock(state_->subscriber_mutex);
  const uint64_t id = state_->next_subscriber++;
  state_->subscribers.emplace(id, std::move(callback));
  return id;
}

void World::Unsubscribe(uint64_t id) {
  std::scoped_lock lock(state_->subscriber_mutex);
  state_->subscribers.erase(id);
}

bool ObjectRenderer::Matches(const ObjectVersion& object, const ObjectSelector* selector) const {
  if (selector == nullptr) return true;
  std::string text;
  AppendObject(object, &text);
  return selector->Matches(text);
}

void ObjectRenderer::AppendItem(const ObjectVersion& object, std::string* out) const {
  out->push_back('{');
  if (object.text != nullptr) {
    out->append(*object.text);
  } else {
    generator->Append(object.index, object.revision, object.resource_version, out);
  }
}

void ObjectRenderer::AppendObject(const ObjectVersion& object, std::string* out) const {
  const size_t start = out->size();
  AppendItem(object, out);
  out->replace(start, 1, object_prefix);
}

std::string ObjectPath(const ServedResource& resource, const ObjectName& name) {
  const GroupVersionResource& gvr = resource.gvr;
  std::string path = (gvr.group.empty() ? "/api/" : "/apis/") + gvr.GroupVersion();
  if (!name.namespace_name.empty()) path += "/namespaces/" + name.namespace_name;
  return path + "/" + gvr.resource + "/" + name.name;
}

ObjectName NameOfKey(std::string_view key) {
  const size_t slash = key.find('/');
  if (slash == std::string_view::npos) return {"", std::string(key)};
  return {std::string(key.substr(0, slash)), std::string(key.substr(slash + 1))};
}

}  // namespace pedia::member
