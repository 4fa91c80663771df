#include "storage/dictionary_writer.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "storage/dictionary.h"

namespace pedia::storage {
namespace {

// What is in use at a time are some hundreds.
constexpr size_t kMaxRemembered = 20'000;
constexpr size_t kTextsPerLook = 64;

}  // namespace

void DictionaryWriter::Begin(SqlConnection& connection, StoreState& state) {
  if (state.pruned != pruned_ || remembered_ > kMaxRemembered) Forget();
  pruned_ = state.pruned;
  connection_ = &connection;
  state_ = &state;
  counted_ = false;
}

void DictionaryWriter::Forget() {
  types_.clear();
  remembered_ = 0;
}

int64_t DictionaryWriter::NextId() {
  CountChange();
  return state_->next_dictionary++;
}

void DictionaryWriter::CountChange() {
  if (!std::exchange(counted_, true)) ++state_->dictionary;
}

Result<DictionaryWriter::Type*> DictionaryWriter::Find(const GroupVersionResource& gvr) {
  const auto known = types_.find(gvr);
  if (known != types_.end()) return &known->second;
  SqlStatement find =
      connection_->Prepare("SELECT type_id FROM types WHERE grp=? AND resource=? AND version=?");
  find.BindText(gvr.group).BindText(gvr.resource).BindText(gvr.version);
  if (!find.Step()) {
    if (!find.ok()) return find.status();
    return static_cast<Type*>(nullptr);
  }
  Type& type = types_[gvr];
  type.id = find.Int(0);
  return &type;
}

Result<DictionaryWriter::Type*> DictionaryWriter::FindOrMake(const GroupVersionResource& gvr,
                                                             std::string_view kind) {
  Result<Type*> found = Find(gvr);
  if (!found.ok() || *found != nullptr) return found;
  const int64_t id = NextId();
  Status status = connection_->Insert(
      kTypesTable, std::vector<SqlParameter>{id, TextView{gvr.group}, TextView{gvr.version},
                                             TextView{gvr.resource}, TextView{kind}});
  if (!status.ok()) return status;
  Type& type = types_[gvr];
  type.id = id;
  return &type;
}

template <typename Found>
Status DictionaryWriter::Look(std::string_view sql, ColumnType kind, int64_t type_id,
                              const Texts& texts, Found found) {
  for (auto at = texts.begin(); at != texts.end();) {
    // Few statements, so that they stay prepared: 1, 2, 4 ... texts, the last one repeated.
    const size_t left =
        std::min(kTextsPerLook, static_cast<size_t>(std::distance(at, texts.end())));
    const size_t width = std::bit_ceil(left);
    std::string text(sql);
    for (size_t i = 0; i < width; ++i) text += i == 0 ? "?" : ",?";
    SqlStatement find = connection_->Prepare(text + ")");
    find.BindInt(type_id);
    for (size_t i = 0; i < width; ++i) {
      if (kind == ColumnType::kBlob) {
        find.BindBlob(*at);
      } else {
        find.BindText(*at);
      }
      if (i + 1 == width || i + 1 < left) ++at;
    }
    while (find.Step()) found(find.Int(0), find.Text(1));
    if (!find.ok()) return find.status();
  }
  return Status();
}

DictionaryWriter::Missing DictionaryWriter::MissingKeys(std::span<const Packing> objects) {
  Missing missing;
  for (const Packing& object : objects) {
    if (!object.type->keys.contains(kKeySetPath)) missing[object.type].insert(kKeySetPath);
    if (object.entries == nullptr) continue;
    for (const Entry& entry : *object.entries) {
      if (!object.type->keys.contains(entry.key)) missing[object.type].insert(entry.key);
    }
  }
  return missing;
}

Status DictionaryWriter::ResolveKeys(const Missing& missing) {
  std::vector<SqlParameter> rows;
  for (const auto& [type, paths] : missing) {
    Status status =
        Look("SELECT key_id,path FROM entry_keys WHERE type_id=? AND path IN (", ColumnType::kText,
             type->id, paths, [&of = *type](int64_t id, std::string_view path) {
               of.keys.insert_or_assign(std::string(path), id);
             });
    if (!status.ok()) return status;
    for (const std::string& path : paths) {
      ++remembered_;
      if (type->keys.contains(path)) continue;
      const int64_t id = NextId();
      rows.insert(rows.end(), {id, type->id, TextView{path}});
      type->keys.emplace(path, id);
      ++made_since_pruning_;
    }
  }
  return rows.empty() ? Status() : connection_->Insert(kEntryKeysTable, rows);
}

Status DictionaryWriter::ResolveSets(const Missing& missing) {
  std::vector<SqlParameter> rows;
  for (const auto& [type, sets] : missing) {
    Status status = Look("SELECT set_id,key_ids FROM key_sets WHERE type_id=? AND key_ids IN (",
                         ColumnType::kBlob, type->id, sets,
                         [&of = *type](int64_t id, std::string_view key_ids) {
                           of.sets.insert_or_assign(std::string(key_ids), std::to_string(id));
                         });
    if (!status.ok()) return status;
    for (const std::string& key_ids : sets) {
      ++remembered_;
      if (type->sets.contains(key_ids)) continue;
      const int64_t id = NextId();
      rows.insert(rows.end(), {id, type->id, BlobView{key_ids}});
      type->sets.emplace(key_ids, std::to_string(id));
      ++made_since_pruning_;
    }
  }
  return rows.empty() ? Status() : connection_->Insert(kKeySetsTable, rows);
}

Status DictionaryWriter::Pack(std::span<Packing> objects) {
  if (Status status = ResolveKeys(MissingKeys(objects)); !status.ok()) return status;
  std::vector<std::string> key_sets;
  key_sets.reserve(objects.size());
  Missing missing;
  std::vector<int64_t> key_ids;
  for (Packing& object : objects) {
    if (object.entries != nullptr) {
      object.keyed.reserve(object.entries->size() + 1);
      for (const Entry& entry : *object.entries)
        object.keyed.push_back({object.type->keys.find(entry.key)->second, entry.value});
      std::sort(object.keyed.begin(), object.keyed.end(),
                [](const KeyedValue& a, const KeyedValue& b) { return a.key_id < b.key_id; });
    }
    key_ids.clear();
    for (const KeyedValue& entry : object.keyed) key_ids.push_back(entry.key_id);
    key_sets.push_back(PackKeySet(key_ids));
    if (!object.type->sets.contains(key_sets.back())) missing[object.type].insert(key_sets.back());
  }
  if (Status status = ResolveSets(missing); !status.ok()) return status;
  for (size_t i = 0; i < objects.size(); ++i) {
    const Type& type = *objects[i].type;
    const int64_t key_id = type.keys.find(kKeySetPath)->second;
    std::vector<KeyedValue>& keyed = objects[i].keyed;
    const auto at = std::find_if(keyed.begin(), keyed.end(),
                                 [&](const KeyedValue& entry) { return entry.key_id > key_id; });
    keyed.insert(at, {key_id, type.sets.find(key_sets[i])->second});
  }
  return Status();
}

Result<int64_t> DictionaryWriter::KeyOfSets(Type& type) {
  if (!type.keys.contains(kKeySetPath)) {
    Missing missing;
    missing[&type].insert(kKeySetPath);
    if (Status status = ResolveKeys(missing); !status.ok()) return status;
  }
  return type.keys.find(kKeySetPath)->second;
}

Status DictionaryWriter::PruneIfDue() {
  if (made_since_pruning_ < made_before_pruning_) return Status();
  const Result<int64_t> removed = PruneKeys(*connection_, *state_);
  if (!removed.ok()) return removed.status();
  SqlStatement count = connection_->Prepare("SELECT count(*) FROM key_sets");
  if (!count.Step()) return count.ok() ? InternalError("no count") : count.status();
  // At most half of the sets are looked at in vain.
  made_before_pruning_ = std::max(kMadeBeforePruning, count.Int(0));
  made_since_pruning_ = 0;
  return Status();
}

}  // namespace pedia::storage
