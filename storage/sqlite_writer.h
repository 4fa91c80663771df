// SqliteWriter: all changes of the SQLite store. It keeps objects, bodies, entries and scopes equal
// to what the bodies say.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "storage/sqlite_connection.h"
#include "storage/sqlite_entries.h"
#include "storage/sqlite_types.h"
#include "storage/store.h"

namespace pedia::storage {

// One thread at a time. A failed function has changed nothing (of its current transaction).
class SqliteWriter {
 public:
  explicit SqliteWriter(std::unique_ptr<SqliteConnection> connection);

  // See Store::Apply. Of several changes of one object the last counts.
  Result<ApplyResult> Apply(std::span<const Change> changes);
  // Deletes the first `limit` objects of a cluster, of one resource or of all (nullptr); returns
  // how many there were.
  Result<int64_t> DeleteSome(std::string_view cluster, const GroupVersionResource* gvr,
                             int64_t limit);
  Status SaveClusterRecord(const ClusterRecord& record);
  Status DeleteClusterRecord(std::string_view cluster);
  // Moves the write-ahead log into the database and cuts it off, if no reader is in the way.
  void Truncate();

 private:
  // A change on its way, and what it is about.
  struct Item {
    const Change* change;
    SqliteTypes::Type* type;
    std::string okey;
  };
  struct StoredObject {
    int64_t id;
    std::string resource_version;
    std::string owner_uid;  // "" if none.
    std::optional<int64_t> created;
  };
  struct ScopeChange {
    int64_t type_id;
    std::string cluster;
    std::string name_space;
    int64_t objects;
  };
  // What a transaction has gathered.
  struct Transaction {
    ApplyResult result;
    bool wrote = false;
    int64_t synced = 0;  // Unix milliseconds.
    EntryChanges entries;
    std::vector<ScopeChange> scopes;
  };

  // Runs `body(transaction)` between BEGIN and COMMIT; rolls back if it fails.
  template <typename Body>
  Result<ApplyResult> InTransaction(Body body);
  Status Begin(Transaction& transaction);
  Status Finish(Transaction& transaction);
  void Rollback();

  Result<std::vector<Item>> Sort(std::span<const Change> changes);
  Result<std::optional<StoredObject>> FindObject(int64_t type_id, std::string_view okey);

  Status Write(const Item& item, Transaction& transaction);
  Status Insert(const Item& item, Transaction& transaction);
  Status Update(const Item& item, const StoredObject& stored, Transaction& transaction);
  Result<bool> HasBody(int64_t id, std::string_view body);
  Status Delete(int64_t type_id, int64_t id, std::string_view okey, Transaction& transaction);
  void CountScope(int64_t type_id, std::string_view cluster, std::string_view name_space,
                  int64_t objects, Transaction& transaction);
  Status WriteScopes(const Transaction& transaction);
  Status PruneTombstones();

  std::unique_ptr<SqliteConnection> connection_;
  SqliteTypes types_;
  int64_t tombstones_since_pruning_ = 0;
};

}  // namespace pedia::storage
