// StoreWriter: all changes of the store, on any database. It keeps objects, bodies, entries and
// scopes equal to what the bodies say.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "storage/cluster_claims.h"
#include "storage/dictionary_writer.h"
#include "storage/sql_connection.h"
#include "storage/store.h"
#include "storage/write_batch.h"

namespace pedia::storage {

// One thread at a time. A failed function has changed nothing, but for a commit of which the answer
// was lost: what it did counts as unknown, and the next transaction begins from what is stored.
//
// It notices when the database has gone back behind what this writer knew of it, even if others have
// written since: a replica took over that had not received everything, or a backup was restored. Then
// revisions and ids go on after the lost ones, so that none is given twice, and the next Apply says
// so.
class StoreWriter {
 public:
  // `connection` must outlive it, or be replaced.
  explicit StoreWriter(SqlConnection& connection) : connection_(&connection) {}

  // Goes on with another connection to the same database.
  void set_connection(SqlConnection& connection) { connection_ = &connection; }

  Status ClaimCluster(std::string_view cluster, std::string_view holder);
  // See Store::Apply. Of several changes of one object the last counts.
  Result<ApplyResult> Apply(std::span<const Change> changes);
  // Deletes the first `limit` objects of a cluster, of one resource or of all (nullptr); returns
  // how many there were.
  Result<int64_t> DeleteSome(std::string_view cluster, const GroupVersionResource* gvr,
                             int64_t limit);
  Status SaveClusterRecord(const ClusterRecord& record, std::span<const NamedDocument> documents);
  Status DeleteClusterRecord(std::string_view cluster);

 private:
  // What a transaction has gathered.
  struct Transaction {
    StoreState begun;  // The state as it was found ...
    StoreState state;  // ... and as it will be left.
    WriteStamp stamp{};
    ApplyResult result;
  };

  // Runs `body(transaction)` in a transaction; rolls back if it fails.
  template <typename Body>
  Result<ApplyResult> InTransaction(Body body);
  Status Begin(Transaction& transaction);
  Status CompareWithKnown(StoreState& state);
  Status Finish(Transaction& transaction);
  Status WriteState(const StoreState& state);
  void Rollback();

  std::vector<std::string> LeaveOutFenced(std::vector<const Change*>* changes) const;
  Result<std::vector<ObjectWrite>> Resolve(std::span<const Change* const> changes);
  Result<std::vector<ObjectWrite>> FindSome(std::string_view cluster,
                                            const GroupVersionResource* gvr, int64_t limit);
  Status WriteObjects(std::span<const ObjectWrite> objects, Transaction& transaction);
  Status PruneTombstones();

  SqlConnection* connection_;
  DictionaryWriter dictionary_;
  ClusterClaims claims_;
  int64_t tombstones_since_pruning_ = 0;
  // The last state that is known to have been committed, at first of no store.
  StoreState known_;
  int64_t epoch_ = 0;         // That this writer began; 0 if its next transaction begins one.
  bool lost_writes_ = false;  // To be said by the next Apply.
};

}  // namespace pedia::storage
