// World: the objects of one simulated cluster, with their history, as etcd and the watch cache keep
// them. Source: Kubernetes API concepts (resourceVersion, list pages, watch, 410 Gone).
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/result.h"
#include "tests/member/object_selector.h"
#include "tests/member/object_text.h"
#include "tests/member/served_api.h"
#include "tests/member/served_openapi.h"

namespace pedia::member {

// Makes objects from numbers, so that a large world needs no memory for its bodies. Implementations
// are immutable.
class ObjectGenerator {
 public:
  virtual ~ObjectGenerator() = default;
  // Appends the stored text (see ServedResource) of object `index` after its `revision`-th change.
  // A pure function.
  virtual void Append(uint32_t index, uint32_t revision, uint64_t resource_version,
                      std::string* out) const = 0;
};

// One state of one object: a text, or a generator's numbers. Immutable.
struct ObjectVersion {
  uint64_t resource_version = 0;
  std::shared_ptr<const std::string> text;  // Null: synthetic.
  uint32_t index = 0;
  uint32_t revision = 0;
  bool deleted = false;  // The last state of an object that is gone.
};

// Turns ObjectVersions of one resource into JSON. Immutable.
struct ObjectRenderer {
  std::shared_ptr<const ServedResource> resource;
  std::shared_ptr<const ObjectGenerator> generator;  // May be null.
  std::string object_prefix;

  void AppendItem(const ObjectVersion& object, std::string* out) const;  // As in a list.
  void AppendObject(const ObjectVersion& object,
                    std::string* out) const;  // With kind and apiVersion.
  bool Matches(const ObjectVersion& object, const ObjectSelector* selector) const;
};

struct WorldOptions {
  size_t history_events = 100'000;  // Older events are compacted away.
};

struct ListQuery {
  std::string namespace_name = {};  // "" = all.
  uint64_t limit = 0;               // 0 = all.
  std::string start_key = {};       // The first key of this page; "" = from the beginning.
  std::optional<uint64_t> resource_version = {};  // The snapshot to read; none = now.
  std::optional<uint64_t> remaining =
      {};  // Objects from start_key on, if known from the page before; else counted.
  std::shared_ptr<const ObjectSelector> selector = {};  // Null: all objects.
};

struct ListPage {
  std::shared_ptr<const ObjectRenderer> renderer;
  uint64_t resource_version = 0;
  std::vector<ObjectVersion> objects;
  std::string next_key;    // "" = that was all.
  uint64_t remaining = 0;  // Objects after this page; 0 with a selector: unknown.
};

enum class EventType { kAdded, kModified, kDeleted };

struct WatchEvent {
  EventType type;
  std::string key;  // "namespace/name" or "name".
  ObjectVersion object;
  std::optional<ObjectVersion> previous = {};  // What was there before; nothing for kAdded.
};

struct EventBatch {
  enum class State { kOk, kExpired, kResourceGone };
  State state = State::kOk;
  std::shared_ptr<const ObjectRenderer> renderer;
  std::vector<WatchEvent> events;
  uint64_t up_to = 0;  // Everything up to this resourceVersion is in this batch or in earlier ones.
  uint64_t oldest = 0;  // kExpired: the oldest resourceVersion that still works.
};

class Collection;

// The objects of all resources at some moment. Immutable.
struct WorldBackup {
  std::map<GroupVersionResource, std::shared_ptr<const Collection>> collections;
  uint64_t resource_version = 0;
};

// Thread-safe. One counter gives every change its resourceVersion. A list reads a snapshot: the
// pages of one list are consistent while their resourceVersion is not compacted. Versions of one
// resource (autoscaling v1 and v2) are separate collections: a Put to one does not show in the
// other.
class World {
 public:
  explicit World(WorldOptions options = {});
  ~World();

  // The API.
  void AddApi(const ApiGroupVersion& api);
  std::optional<std::string> DiscoveryDocument(std::string_view path, DiscoveryFormat format) const;
  // Null: not served, or cannot be listed.
  std::shared_ptr<const ServedResource> FindResource(const GroupVersionResource& gvr) const;
  std::vector<GroupVersionResource> ListableResources() const;
  void SetVersionDocument(std::string json);  // /version
  std::string VersionDocument() const;
  // "apis/apps/v1" and its recorded document.
  void SetOpenApi(const std::string& path, std::string json);
  // At "/openapi/v3", "/openapi/v3/apis/apps/v1", "/openapi/v2". Nothing: no such path.
  std::optional<ServedOpenApi::Document> OpenApi(std::string_view url) const;
  void SetGenerator(const GroupVersionResource& gvr,
                    std::shared_ptr<const ObjectGenerator> generator);

  // Creates or replaces from a whole JSON object; gives the new resourceVersion. A
  // CustomResourceDefinition makes its resource served. Errors: NotFound for an unknown resource,
  // BadRequest.
  Result<uint64_t> Put(const GroupVersionResource& gvr, std::string_view body);
  // As Put, with an object that `gvr`'s generator knows.
  Result<uint64_t> PutSynthetic(const GroupVersionResource& gvr, const ObjectName& name,
                                uint32_t index, uint32_t revision);
  // Takes objects as recorded, resourceVersions included, without events. For loaders.
  Status Load(const GroupVersionResource& gvr, std::string_view body);
  // A CustomResourceDefinition takes its objects and its resource with it. Errors: NotFound.
  Result<uint64_t> Delete(const GroupVersionResource& gvr, const ObjectName& name);

  // Forgets all history: older resourceVersions and continue tokens are expired from now on.
  void Compact();
  // As etcd's: the backup has no history. Restore puts the objects and the counter back (those of
  // resources that were not there yet remain); watches that run go on as they are, silent until
  // the counter has passed where they stood.
  WorldBackup Backup() const;
  void Restore(const WorldBackup& backup);
  // The counter jumps ahead, as in a restored etcd.
  void RaiseResourceVersion(uint64_t resource_version);
  uint64_t resource_version() const;
  size_t Count(const GroupVersionResource& gvr) const;

  // Errors: NotFound.
  Result<std::string> Get(const GroupVersionResource& gvr, const ObjectName& name) const;
  // Errors: NotFound; Expired for a compacted snapshot.
  Result<ListPage> List(const GroupVersionResource& gvr, const ListQuery& query) const;
  // At most `max` events of the resource after `cursor`.
  EventBatch ReadEvents(const GroupVersionResource& gvr, uint64_t cursor, size_t max) const;

  // Every object of every resource: "/api/v1/namespaces/shop/pods/web-0" -> body with kind and
  // apiVersion.
  std::map<std::string, std::string> Dump() const;

  // `callback` runs after each change, on the changing thread; it must be quick and must not call
  // the World.
  uint64_t Subscribe(std::function<void()> callback);
  void Unsubscribe(uint64_t id);  // After this returns, the callback does not run.

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The URL path of one object.
std::string ObjectPath(const ServedResource& resource, const ObjectName& name);
ObjectName NameOfKey(std::string_view key);

}  // namespace pedia::member
