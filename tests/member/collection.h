// Collection: all objects of one resource in every version that is not compacted, and the events
// between them. Private to World, whose lock guards it.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/member/world.h"

namespace pedia::member {

class Collection {
 public:
  // `born`: the resourceVersion that the world had; no watch begins before that.
  explicit Collection(std::shared_ptr<const ServedResource> resource, uint64_t born = 0);

  const ServedResource& resource() const { return *renderer_->resource; }
  const std::shared_ptr<const ObjectRenderer>& renderer() const { return renderer_; }
  void SetGenerator(std::shared_ptr<const ObjectGenerator> generator);

  uint64_t born() const { return born_; }
  size_t live() const { return live_; }
  uint64_t last_change() const { return last_change_; }

  // Null: no such object now.
  const ObjectVersion* Find(const std::string& key) const;
  std::vector<std::string> Keys() const;

  void Load(const std::string& key, ObjectVersion version);  // No event, no history.
  void Apply(const std::string& key,
             ObjectVersion version);  // `version.deleted` makes it a deletion.
  uint64_t OldestEvent() const;       // Its resourceVersion; 0 without events.
  // Drops the oldest event and the object versions that only older snapshots than it can see.
  void DropOldestEvent();

  // `snapshot`: which versions to read. The page's resource_version is left to the caller.
  ListPage Read(const ListQuery& query, uint64_t snapshot) const;
  void ReadEvents(uint64_t cursor, size_t max, EventBatch* batch) const;

 private:
  struct Object {
    ObjectVersion current;
    std::vector<ObjectVersion> older;  // Oldest first.
    const ObjectVersion* At(uint64_t snapshot) const;
  };
  using Objects = std::map<std::string, Object, std::less<>>;

  Objects::const_iterator Begin(const ListQuery& query) const;

  uint64_t born_;
  std::shared_ptr<const ObjectRenderer> renderer_;
  Objects objects_;  // By key, as in etcd.
  std::deque<WatchEvent> events_;
  size_t live_ = 0;
  uint64_t last_change_ = 0;
};

}  // namespace pedia::member
