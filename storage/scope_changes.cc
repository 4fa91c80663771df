#include "storage/scope_changes.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "storage/object_key.h"

namespace pedia::storage {
namespace {

constexpr size_t kScopesPerRead = 32;

std::string SelectText(size_t scopes) {
  std::string text = "SELECT type_id,cluster,namespace,n FROM scopes WHERE ";
  for (size_t i = 0; i < scopes; ++i) {
    text += i == 0 ? "(type_id=? AND cluster=? AND namespace=?)"
                   : " OR (type_id=? AND cluster=? AND namespace=?)";
  }
  return text;
}

}  // namespace

void ScopeChanges::Count(int64_t type_id, std::string_view okey, int64_t objects) {
  const KeyParts parts = SplitKey(okey);
  const bool same = last_ != changes_.end() && std::get<0>(last_->first) == type_id &&
                    std::get<1>(last_->first) == parts.cluster &&
                    std::get<2>(last_->first) == parts.name_space;
  if (!same) {
    Scope scope(type_id, parts.cluster, parts.name_space);
    last_ = changes_.try_emplace(std::move(scope), 0).first;
  }
  last_->second += objects;
}

Result<std::map<ScopeChanges::Scope, int64_t>> ScopeChanges::Read(SqlConnection& connection) const {
  std::map<Scope, int64_t> stored;
  for (auto at = changes_.begin(); at != changes_.end();) {
    const size_t left = static_cast<size_t>(std::distance(at, changes_.end()));
    // Few texts, so that they stay prepared: 1, 2, 4 ... scopes, the last one repeated.
    const size_t width = std::bit_ceil(std::min(left, kScopesPerRead));
    SqlStatement read = connection.Prepare(SelectText(width));
    for (size_t i = 0; i < width; ++i) {
      const auto& [type_id, cluster, name_space] = at->first;
      read.BindInt(type_id).BindText(cluster).BindText(name_space);
      if (i + 1 == width || std::next(at) != changes_.end()) ++at;
    }
    while (read.Step()) {
      stored.insert_or_assign(
          Scope(read.Int(0), std::string(read.Text(1)), std::string(read.Text(2))), read.Int(3));
    }
    if (!read.ok()) return read.status();
  }
  return stored;
}

Status ScopeChanges::Write(SqlConnection& connection) {
  std::erase_if(changes_, [](const auto& change) { return change.second == 0; });
  last_ = changes_.end();
  if (changes_.empty()) return Status();
  const Result<std::map<Scope, int64_t>> stored = Read(connection);
  if (!stored.ok()) return stored.status();
  std::vector<SqlParameter> added, changed, removed;
  for (const auto& [scope, objects] : changes_) {
    const auto found = stored->find(scope);
    const int64_t now = objects + (found == stored->end() ? 0 : found->second);
    if (found == stored->end() && now <= 0) continue;
    const auto& [type_id, cluster, name_space] = scope;
    std::vector<SqlParameter>& rows = found == stored->end() ? added : now <= 0 ? removed : changed;
    rows.insert(rows.end(), {type_id, TextView{cluster}, TextView{name_space}});
    if (now > 0) rows.emplace_back(now);
  }
  static constexpr size_t kCount = 3;  // The column n.
  if (!added.empty()) {
    if (Status status = connection.Insert(kScopesTable, added); !status.ok()) return status;
  }
  if (!changed.empty()) {
    Status status = connection.Update(kScopesTable, std::span(&kCount, 1), changed);
    if (!status.ok()) return status;
  }
  if (removed.empty()) return Status();
  return connection.Delete(kScopesTable, removed);
}

}  // namespace pedia::storage
