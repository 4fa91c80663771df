#include "storage/audit_run.h"

#include <algorithm>

#include "storage/packed_entries.h"

namespace pedia::storage {
namespace {

constexpr auto kProgressPeriod = std::chrono::milliseconds(200);

}  // namespace

DictionaryIds::DictionaryIds(const Dictionary& dictionary) {
  for (const auto& type : dictionary.types) {
    Type& entry = types[type->id];
    entry.type = type;
    for (const KeySet& set : type->sets) entry.sets[PackKeySet(set.keys)] = set.id;
    for (const auto& [path, key_id] : type->keys) type_of_key[key_id] = type->id;
    const auto set_key = type->keys.find(kKeySetPath);
    if (set_key != type->keys.end()) entry.set_key = set_key->second;
  }
}

Status AuditRun::Begin() {
  connection_->Rollback();
  const Result<StoreState> state = connection_->BeginRead();
  if (!state.ok()) return state.status();
  if (!state->IsCurrent()) {
    return Status(StatusReason::kConflict,
                  "the rows of the store are those of another version of pedia; pedia storage "
                  "migrate brings them up to date");
  }
  state_ = *state;
  const auto dictionary = dictionaries_.Get(*connection_, *state);
  if (!dictionary.ok()) return dictionary.status();
  if (*dictionary == dictionary_) return Status();
  dictionary_ = *dictionary;
  ids_.emplace(*dictionary_);
  return Status();
}

std::string AuditRun::Name(int64_t type_id, std::string_view okey) const {
  const auto type = ids_->types.find(type_id);
  const std::string name = type == ids_->types.end() ? "type " + std::to_string(type_id)
                                                     : type->second.type->gvr.ToString();
  return name + " " + std::string(okey);
}

void AuditRun::Wrong(const std::string& where, std::string_view what) {
  if (report_.first.size() < options_.described)
    report_.first.push_back(where + ": " + std::string(what));
  ++report_.differences;
}

bool AuditRun::GoOn(const char* part, int64_t done, int64_t all) {
  const auto now = std::chrono::steady_clock::now();
  if (!options_.progress || now < next_progress_) return true;
  next_progress_ = now + kProgressPeriod;
  const double share = static_cast<double>(done) / static_cast<double>(std::max<int64_t>(all, 1));
  report_.ended = !options_.progress({part, std::min(share, 1.0)});
  return !report_.ended;
}

}  // namespace pedia::storage
