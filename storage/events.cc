#include "storage/events.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>

#include "storage/indexed_fields.h"
#include "storage/object_key.h"

namespace pedia::storage {
namespace {

constexpr size_t kMaxEvents = 500;

// "(?,?,?,?)" for at least `count` values. Few texts, so that they stay prepared.
std::string Places(size_t count) {
  std::string text = "(?";
  for (size_t i = 1; i < std::bit_ceil(count); ++i) text += ",?";
  return text + ')';
}

// The newest ones, in order.
template <typename Event>
void KeepNewest(std::vector<Event>* events) {
  std::sort(events->begin(), events->end());
  if (events->size() > kMaxEvents)
    events->erase(events->begin(), events->end() - static_cast<std::ptrdiff_t>(kMaxEvents));
}

}  // namespace

SqlEvents::SqlEvents(SqlConnection& connection, const Dictionary& dictionary,
                     const query::AccessFilter& access)
    : connection_(connection), access_(access), bodies_(connection) {
  const DictionaryType* events = dictionary.Find({"", "v1", "events"});
  if (events == nullptr || access_.IsNothing()) return;
  const auto key = events->keys.find("f:involvedObject.uid");
  if (key != events->keys.end()) uid_key_ = key->second;
}

Status SqlEvents::ReadAhead(std::span<const int64_t> ids) {
  if (!uid_key_ || ids.empty()) return Status();
  Result<std::vector<Involved>> objects = ReadInvolved(ids);
  if (!objects.ok()) return objects.status();
  if (Status status = FindEvents(&*objects); !status.ok()) return status;
  events_.clear();
  found_.clear();
  ready_ = 0;
  // Objects of the same uid and cluster have the same events.
  std::map<std::pair<std::string_view, std::string_view>, std::pair<size_t, size_t>> of_uids;
  for (Involved& object : *objects) {
    KeepNewest(&object.events);
    const auto [of_uid, first] =
        of_uids.try_emplace({object.cluster, object.uid}, events_.size(), object.events.size());
    found_[object.id] = of_uid->second;
    if (!first) continue;
    for (const Event& event : object.events) events_.push_back(event.id);
  }
  return Status();
}

// In the order of `ids`.
Result<std::vector<SqlEvents::Involved>> SqlEvents::ReadInvolved(std::span<const int64_t> ids) {
  std::vector<Involved> objects;
  std::unordered_map<int64_t, size_t> place;
  for (const int64_t id : ids) {
    if (place.emplace(id, objects.size()).second) objects.push_back({id, {}, {}, {}});
  }
  SqlStatement rows =
      connection_.Prepare("SELECT id,uid,cluster FROM objects WHERE id IN " + Places(ids.size()));
  for (size_t i = 0; i < std::bit_ceil(ids.size()); ++i)
    rows.BindInt(ids[std::min(i, ids.size() - 1)]);
  size_t seen = 0;
  while (rows.Step()) {
    Involved& object = objects[place.at(rows.Int(0))];
    object.uid = IndexedValue(rows.Text(1));
    object.cluster = rows.Text(2);
    ++seen;
  }
  if (!rows.ok()) return rows.status();
  if (seen < objects.size()) return InternalError("an object vanished");
  return objects;
}

Status SqlEvents::FindEvents(std::vector<Involved>* objects) {
  // Uids of different clusters may be the same.
  std::unordered_multimap<std::string_view, Involved*> by_uid;
  std::vector<std::string_view> uids;
  for (Involved& object : *objects) {
    if (object.uid.empty()) continue;
    if (!by_uid.contains(object.uid)) uids.push_back(object.uid);
    by_uid.emplace(object.uid, &object);
  }
  if (uids.empty()) return Status();
  SqlStatement rows = connection_.Prepare(
      std::string("SELECT e.value,e.okey,e.id,o.created FROM entries e") +
          connection_.dialect().ordered_join + "objects o WHERE e.key_id=? AND e.value IN " +
          Places(uids.size()) + " AND o.id=e.id",
      RowCount::kUnbounded);
  rows.BindInt(*uid_key_);
  for (size_t i = 0; i < std::bit_ceil(uids.size()); ++i)
    rows.BindText(uids[std::min(i, uids.size() - 1)]);
  while (rows.Step()) {
    const int64_t created = rows.IsNull(3) ? std::numeric_limits<int64_t>::min() : rows.Int(3);
    const KeyParts key = SplitKey(rows.Text(1));
    if (!access_.Matches(key.cluster, key.name_space)) continue;
    const auto [first, last] = by_uid.equal_range(rows.Text(0));
    for (auto object = first; object != last; ++object) {
      if (object->second->cluster != key.cluster) continue;
      std::vector<Event>& events = object->second->events;
      events.push_back({created, std::string(rows.Text(1)), rows.Int(2)});
      if (events.size() >= 2 * kMaxEvents) KeepNewest(&events);
    }
  }
  return rows.ok() ? Status() : rows.status();
}

Result<std::vector<std::string>> SqlEvents::Of(int64_t id) {
  std::vector<std::string> bodies;
  if (!uid_key_) return bodies;
  if (!found_.contains(id)) {
    if (Status status = ReadAhead({&id, 1}); !status.ok()) return status;
  }
  const auto [begin, count] = found_.at(id);
  for (size_t i = begin; i < begin + count; ++i) {
    if (i >= ready_) {
      const Result<size_t> read = bodies_.ReadAhead(std::span(events_).subspan(i));
      if (!read.ok()) return read.status();
      ready_ = i + *read;
    }
    const Result<std::string_view> body = bodies_.Read(events_[i]);
    if (!body.ok()) return body.status();
    bodies.emplace_back(*body);
  }
  return bodies;
}

}  // namespace pedia::storage
