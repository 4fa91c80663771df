#include "storage/dictionary.h"

#include <algorithm>
#include <map>
#include <utility>

#include "storage/packed_entries.h"

namespace pedia::storage {
namespace {

// Makes a dictionary out of an older one and the rows that are new. Types that gain nothing are
// shared. One thread.
class DictionaryReader {
 public:
  DictionaryReader(SqlConnection& connection, const Dictionary* older, int64_t first, int64_t end)
      : connection_(connection), first_(first), end_(end) {
    if (older != nullptr) types_ = older->types;
  }

  Result<std::shared_ptr<const Dictionary>> Read() {
    if (Status status = ReadTypes(); !status.ok()) return status;
    if (Status status = ReadKeys(); !status.ok()) return status;
    if (Status status = ReadSets(); !status.ok()) return status;
    for (const auto& [id, type] : changed_) {
      const auto known = Position(id);
      if (known != types_.end() && (*known)->id == id) {
        *known = type;
      } else {
        types_.insert(known, type);
      }
    }
    auto dictionary = std::make_shared<Dictionary>();
    dictionary->types = std::move(types_);
    return std::shared_ptr<const Dictionary>(std::move(dictionary));
  }

 private:
  using Types = std::vector<std::shared_ptr<const DictionaryType>>;

  Types::iterator Position(int64_t id) {
    return std::lower_bound(types_.begin(), types_.end(), id,
                            [](const auto& type, int64_t wanted) { return type->id < wanted; });
  }

  // To be changed; nullptr if there is no such type.
  DictionaryType* Change(int64_t id) {
    const auto found = changed_.find(id);
    if (found != changed_.end()) return found->second.get();
    const auto known = Position(id);
    if (known == types_.end() || (*known)->id != id) return nullptr;
    return changed_.emplace(id, std::make_shared<DictionaryType>(**known)).first->second.get();
  }

  SqlStatement Select(std::string_view sql) {
    SqlStatement rows = connection_.Prepare(sql);
    rows.BindInt(first_).BindInt(end_);
    return rows;
  }

  Status ReadTypes() {
    SqlStatement rows = Select(
        "SELECT type_id,grp,version,resource,kind FROM types WHERE type_id>=? AND type_id<?");
    while (rows.Step()) {
      auto type = std::make_shared<DictionaryType>();
      type->id = rows.Int(0);
      type->gvr = {std::string(rows.Text(1)), std::string(rows.Text(2)), std::string(rows.Text(3))};
      type->kind = rows.Text(4);
      changed_.insert_or_assign(type->id, std::move(type));
    }
    return rows.status();
  }

  Status ReadKeys() {
    SqlStatement rows =
        Select("SELECT key_id,type_id,path FROM entry_keys WHERE key_id>=? AND key_id<?");
    while (rows.Step()) {
      if (DictionaryType* type = Change(rows.Int(1)))
        type->keys.insert_or_assign(std::string(rows.Text(2)), rows.Int(0));
    }
    return rows.status();
  }

  Status ReadSets() {
    SqlStatement rows = Select(
        "SELECT set_id,type_id,key_ids FROM key_sets WHERE set_id>=? AND set_id<? ORDER BY set_id");
    while (rows.Step()) {
      if (DictionaryType* type = Change(rows.Int(1)))
        type->sets.push_back({std::to_string(rows.Int(0)), UnpackKeySet(rows.Text(2))});
    }
    return rows.status();
  }

  SqlConnection& connection_;
  const int64_t first_;  // The ids that are read: from this one ...
  const int64_t end_;    // ... to the one before this.
  Types types_;
  std::map<int64_t, std::shared_ptr<DictionaryType>> changed_;
};

}  // namespace

const DictionaryType* Dictionary::Find(const GroupVersionResource& gvr) const {
  for (const auto& type : types) {
    if (type->gvr == gvr) return type.get();
  }
  return nullptr;
}

KnownDictionary DictionaryCache::Known() {
  const std::scoped_lock lock(mutex_);
  return known_;
}

Result<std::shared_ptr<const Dictionary>> DictionaryCache::Get(SqlConnection& connection,
                                                               const StoreState& state) {
  std::shared_ptr<const Dictionary> known;
  int64_t first = 0;
  {
    const std::scoped_lock lock(mutex_);
    known_.objects = state.next_object;
    if (known_.Covers(state)) return known_.dictionary;
    if (known_.dictionary && state.pruned == known_.pruned) {
      known = known_.dictionary;
      first = known_.next_id;
    }
  }
  Result<std::shared_ptr<const Dictionary>> read =
      DictionaryReader(connection, known.get(), first, state.next_dictionary).Read();
  if (!read.ok()) return read;
  const std::scoped_lock lock(mutex_);
  const bool newer = state.pruned > known_.pruned ||
                     (state.pruned == known_.pruned && state.dictionary > known_.version);
  if (newer)
    known_ = {*read, state.dictionary, state.pruned, state.next_dictionary, state.next_object};
  return read;
}

}  // namespace pedia::storage
