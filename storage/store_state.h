// StoreState: the one row of the table `meta`, which says what holds of the whole store.
#pragma once
#include <cstdint>
#include <optional>

namespace pedia::storage {

// Every transaction that writes holds the row's lock from its beginning, so that writers come one
// after the other, revisions are committed in their order, and ids are given out without gaps in
// that order.
struct StoreState {
  int64_t schema_version = 0;
  int64_t revision = 0;  // Of the last transaction that changed an object.
  // Which rule computed the rows beside the bodies: an EncodingVersion().
  int64_t encoding = 0;
  // Set while rows are computed anew by `encoding`: those of the objects up to this id are.
  std::optional<int64_t> encoded_to;
  // Grows whenever ids that a process remembers may mean nothing any more, or something else: rows of
  // entry_keys and key_sets were removed, or an epoch began, which may follow on lost writes. (But
  // for these, ids are not given twice.)
  int64_t pruned = 0;
  // Counts changes of types, entry_keys and key_sets: what a process remembers of them is right as
  // long as this has not changed.
  int64_t dictionary = 0;
  int64_t next_object = 1;      // The next free objects.id ...
  int64_t next_dictionary = 1;  // ... and the next free id of a type, key or key set.
  // The epoch of the last transaction, 0 if there was none, and the revision after which it began;
  // see store_history.h.
  int64_t epoch = 0;
  int64_t epoch_after = 0;
  // The token of the last claim of a cluster, of all clusters; see cluster_claims.h.
  int64_t last_claim = 0;

  // Whether this pedia may write: its rows are of the same kind as those that are there.
  bool IsCurrent() const;
};

// The schema that this pedia reads and writes, on every database.
inline constexpr int kSchemaVersion = 5;

// Changes whenever EncodeObject computes another row from the same body.
int64_t EncodingVersion();

}  // namespace pedia::storage
