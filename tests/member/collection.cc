#include "tests/member/collection.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace pedia::member {

Collection::Collection(std::shared_ptr<const ServedResource> resource, uint64_t born)
    : born_(born) {
  std::string prefix = resource->ObjectPrefix();
  renderer_ = std::make_shared<ObjectRenderer>(
      ObjectRenderer{std::move(resource), nullptr, std::move(prefix)});
}

void Collection::SetGenerator(std::shared_ptr<const ObjectGenerator> generator) {
  ObjectRenderer renderer = *renderer_;
  renderer.generator = std::move(generator);
  renderer_ = std::make_shared<ObjectRenderer>(std::move(renderer));
}

const ObjectVersion* Collection::Object::At(uint64_t snapshot) const {
  if (current.resource_version <= snapshot) return current.deleted ? nullptr : &current;
  const auto newer =
      std::ranges::upper_bound(older, snapshot, {}, &ObjectVersion::resource_version);
  if (newer == older.begin()) return nullptr;
  const ObjectVersion& version = *std::prev(newer);
  return version.deleted ? nullptr : &version;
}

const ObjectVersion* Collection::Find(const std::string& key) const {
  const auto it = objects_.find(key);
  return it == objects_.end() || it->second.current.deleted ? nullptr : &it->second.current;
}

std::vector<std::string> Collection::Keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, object] : objects_) {
    if (!object.current.deleted) keys.push_back(key);
  }
  return keys;
}

void Collection::Load(const std::string& key, ObjectVersion version) {
  last_change_ = std::max(last_change_, version.resource_version);
  if (objects_.insert_or_assign(key, Object{std::move(version), {}}).second) ++live_;
}

void Collection::Apply(const std::string& key, ObjectVersion version) {
  const auto [it, inserted] = objects_.try_emplace(key);
  Object& object = it->second;
  const bool existed = !inserted && !object.current.deleted;
  const EventType type = version.deleted ? EventType::kDeleted
                         : existed       ? EventType::kModified
                                         : EventType::kAdded;
  if (existed && version.deleted) --live_;
  if (!existed && !version.deleted) ++live_;
  const auto previous = existed ? std::optional(object.current) : std::nullopt;
  if (!inserted) object.older.push_back(std::move(object.current));
  object.current = version;
  last_change_ = version.resource_version;
  events_.push_back({type, key, std::move(version), previous});
}

uint64_t Collection::OldestEvent() const {
  return events_.empty() ? 0 : events_.front().object.resource_version;
}

void Collection::DropOldestEvent() {
  const WatchEvent event = std::move(events_.front());
  events_.pop_front();
  const auto it = objects_.find(event.key);
  if (it == objects_.end()) return;
  std::vector<ObjectVersion>& older = it->second.older;
  const uint64_t compacted = event.object.resource_version;
  // Snapshots before this event cannot be read any more, so what it replaced is out of sight.
  std::erase_if(older, [&](const ObjectVersion& version) {
    return version.resource_version < compacted ||
           (version.resource_version == compacted && version.deleted);
  });
  const ObjectVersion& current = it->second.current;
  if (older.empty() && current.deleted && current.resource_version <= compacted) objects_.erase(it);
}

Collection::Objects::const_iterator Collection::Begin(const ListQuery& query) const {
  std::string first = query.namespace_name.empty() ? "" : query.namespace_name + "/";
  return objects_.lower_bound(std::max(std::move(first), query.start_key));
}

ListPage Collection::Read(const ListQuery& query, uint64_t snapshot) const {
  ListPage page;
  page.renderer = renderer_;
  const std::string prefix = query.namespace_name.empty() ? "" : query.namespace_name + "/";
  bool counting = false;
  for (auto it = Begin(query); it != objects_.end() && it->first.starts_with(prefix); ++it) {
    const ObjectVersion* version = it->second.At(snapshot);
    if (version == nullptr || !renderer_->Matches(*version, query.selector.get())) continue;
    if (counting) {
      ++page.remaining;
    } else if (query.limit == 0 || page.objects.size() < query.limit) {
      page.objects.push_back(*version);
    } else {
      page.next_key = it->first;
      if (query.selector) break;
      page.remaining = 1;
      counting = true;
      if (query.remaining && *query.remaining > page.objects.size()) {
        page.remaining = *query.remaining - page.objects.size();
        break;
      }
    }
  }
  return page;
}

void Collection::ReadEvents(uint64_t cursor, size_t max, EventBatch* batch) const {
  auto it = std::ranges::upper_bound(
      events_, cursor, {}, [](const WatchEvent& event) { return event.object.resource_version; });
  for (; it != events_.end(); ++it) {
    if (batch->events.size() == max) {
      batch->up_to = batch->events.back().object.resource_version;
      return;
    }
    batch->events.push_back(*it);
  }
}

}  // namespace pedia::member
