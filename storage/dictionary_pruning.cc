// The part of DictionaryWriter that removes what no object has any more.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "storage/dictionary.h"
#include "storage/dictionary_writer.h"

namespace pedia::storage {
namespace {

constexpr size_t kLooksAtOnce = 32;

struct Looked {
  int64_t id;         // Of a key or a key set.
  int64_t key_id;     // It is in use if there is an entry with this key ...
  std::string value;  // ... and, of a key set, this value.
};

// Those of `all` that no entry has. `look` is a scalar subquery that finds an entry; several of
// them make one statement, so that a database far away is asked seldom. A database that guesses
// would rather read the whole table than an index, but for the order.
Result<std::vector<SqlParameter>> Unused(SqlConnection& connection, const std::vector<Looked>& all,
                                         const std::string& look, bool with_value) {
  std::vector<SqlParameter> unused;
  std::string text = "SELECT ";
  for (size_t i = 0; i < kLooksAtOnce; ++i) text += (i == 0 ? "" : ",") + look;
  SqlStatement find = connection.Prepare(text);
  for (size_t start = 0; start < all.size(); start += kLooksAtOnce) {
    const size_t count = std::min(kLooksAtOnce, all.size() - start);
    for (size_t i = 0; i < kLooksAtOnce; ++i) {
      const Looked& looked = all[start + std::min(i, count - 1)];
      find.BindInt(looked.key_id);
      if (with_value) find.BindText(looked.value);
    }
    if (!find.Step()) return find.ok() ? InternalError("no row") : find.status();
    for (size_t i = 0; i < count; ++i) {
      if (find.IsNull(static_cast<int>(i))) unused.emplace_back(all[start + i].id);
    }
    find.Reset();
  }
  return unused;
}

Result<int64_t> Remove(SqlConnection& connection, const Table& table,
                       const Result<std::vector<SqlParameter>>& ids) {
  if (!ids.ok()) return ids.status();
  if (!ids->empty()) {
    if (Status status = connection.Delete(table, *ids); !status.ok()) return status;
  }
  return static_cast<int64_t>(ids->size());
}

Result<int64_t> PruneSets(SqlConnection& connection) {
  std::map<int64_t, int64_t> set_keys;  // The key of the key sets' entries, by type.
  SqlStatement keys = connection.Prepare("SELECT type_id,key_id FROM entry_keys WHERE path=?");
  keys.BindText(kKeySetPath);
  while (keys.Step()) set_keys.emplace(keys.Int(0), keys.Int(1));
  if (!keys.ok()) return keys.status();
  std::vector<Looked> sets;
  SqlStatement all = connection.Prepare("SELECT set_id,type_id FROM key_sets ORDER BY set_id");
  while (all.Step()) {
    const auto key = set_keys.find(all.Int(1));
    // No entry has the key 0.
    sets.push_back(
        {all.Int(0), key == set_keys.end() ? 0 : key->second, std::to_string(all.Int(0))});
  }
  if (!all.ok()) return all.status();
  return Remove(connection, kKeySetsTable,
                Unused(connection, sets,
                       "(SELECT e.id FROM entries e WHERE e.key_id=? AND e.value=? "
                       "ORDER BY e.okey LIMIT 1)",
                       /*with_value=*/true));
}

Result<int64_t> PruneEntryKeys(SqlConnection& connection) {
  std::vector<Looked> keys;
  SqlStatement all = connection.Prepare("SELECT key_id FROM entry_keys ORDER BY key_id");
  while (all.Step()) keys.push_back({all.Int(0), all.Int(0), ""});
  if (!all.ok()) return all.status();
  return Remove(connection, kEntryKeysTable,
                Unused(connection, keys,
                       "(SELECT e.id FROM entries e WHERE e.key_id=? "
                       "ORDER BY e.value,e.okey LIMIT 1)",
                       /*with_value=*/false));
}

}  // namespace

// Sets first: the keys of a set that an object has are keys of that object.
Result<int64_t> PruneKeys(SqlConnection& connection, StoreState& state) {
  const Result<int64_t> sets = PruneSets(connection);
  if (!sets.ok()) return sets;
  const Result<int64_t> keys = PruneEntryKeys(connection);
  if (!keys.ok()) return keys;
  if (*sets + *keys > 0) {
    // Tells every process to forget what it remembers.
    ++state.pruned;
    ++state.dictionary;
  }
  return *sets + *keys;
}

}  // namespace pedia::storage
