// Store: the interface between sync and serving; one implementation per database.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/result.h"
#include "query/list_options.h"
#include "storage/object_row.h"

namespace pedia::storage {

// One object to insert, replace or delete.
struct Change {
  enum class Action { kUpsert, kDelete };
  Action action;
  std::string cluster;
  GroupVersionResource gvr;
  std::string kind;  // "Pod"
  ObjectRow row;     // kDelete: only name_space and name count.
};

// What one Apply did. Unchanged objects (same body) are not written and not counted.
struct ApplyResult {
  int64_t inserted = 0;
  int64_t updated = 0;
  int64_t deleted = 0;
  int64_t revision =
      0;  // The revision stamped on these rows; that of the store if nothing was written.
  // The database no longer has some of what earlier calls wrote: a replica took over that had not
  // received it, or a backup was restored. These changes are written; what was lost comes back if
  // all objects are compared with the clusters.
  bool lost_writes = false;
  // Clusters that another Store has claimed since this one did: none of their changes were written.
  // Each is told once whether or not there were changes, and again whenever there are.
  std::vector<std::string> fenced{};
};

// What is known of a list when its first row is there.
struct ListHead {
  int64_t revision = 0;   // Of the snapshot that is read.
  bool scan = false;      // Some condition or order was evaluated on the objects' bytes.
  int64_t scanned = 0;    // Objects whose bytes were read for that, up to here.
  bool scan_done = true;  // `scanned` is final. False only if very many objects match.
};

// The resource that a row is of. Lives as long as the list.
struct RowType {
  GroupVersionResource gvr;
  std::string kind;
};

struct ListRow {
  std::string_view body;  // Plain JSON.
  const RowType& type;
  std::span<const std::string> events{};  // JSON of each event of the object, newest last; only if
                                          // the options ask for them.
};

// Receives the rows of a list, one call per row, in order, on the thread that called List.
class RowSink {
 public:
  virtual ~RowSink() = default;
  // `row` is valid during the call only. May block (back-pressure). False ends the list early: the
  // client is gone.
  virtual bool Row(const ListRow& row) = 0;
  // Asked from time to time while no row is found; true ends the list. Any thread may have set it.
  virtual bool Cancelled() const { return false; }
};

struct FacetCounts {
  std::string facet;  // query::Facet::text
  // By count, largest first, then by value. An object without a value counts in `missing`.
  std::vector<std::pair<std::string, int64_t>> values;
  int64_t missing = 0;
};

// What a list says beside its rows.
struct ListResult {
  int64_t revision = 0;  // Of the snapshot that was read.
  std::string next_key;  // Sort key of the last row if rows remain after it, else "".
  std::optional<int64_t> remaining_count;  // Rows after the page; only when asked for.
  bool cancelled = false;                  // The sink returned false, or was cancelled.
  // Over all objects that match, on whatever page; only when asked for.
  std::vector<FacetCounts> facets;
  int64_t total = 0;  // How many match; only with facets.
};

struct StoredObject {
  std::string body;
  std::vector<std::string> events;  // As ListRow::events.
};

struct StoredVersion {
  std::string_view name_space;
  std::string_view name;
  std::string_view resource_version;
};

struct ResourceCount {
  std::string cluster;
  GroupVersionResource gvr;
  int64_t objects = 0;
};

struct ClusterRecord {
  std::string cluster;
  std::string document;  // JSON that the caller chose: what the cluster serves and its state.
                         // Opaque to the store.
  // Names of the documents that it speaks of; they are kept as long as some record does.
  std::vector<std::string> documents{};
};

// What is stored of one cluster.
struct StoredCluster {
  std::optional<std::string> document;          // That of its record, if there is one.
  std::vector<GroupVersionResource> resources;  // That have objects.
};

// What many clusters have in common and say but once: named by a hash of its bytes.
struct NamedDocument {
  std::string name;
  std::string bytes;
};

// All functions block and are thread-safe. Writes are serialised inside. Errors everywhere:
// ServiceUnavailable if the database cannot be used now (retry later), Timeout, InternalError; the
// cause goes to the log.
class Store {
 public:
  virtual ~Store() = default;

  // Makes this Store the one that writes `cluster`: whatever others that claimed it before have begun
  // is either committed when this returns, or refused: Apply leaves it out, the other writes fail
  // with Expired. A cluster that a Store has never claimed it may write unchecked. The claim
  // outlives the cluster's rows. `holder` is for people: which process it is.
  virtual Status ClaimCluster(std::string_view cluster, std::string_view holder) = 0;
  // Writes all of `changes` in one transaction, in order, or nothing. Without changes it only finds
  // out whether the store can be written and has lost nothing.
  virtual Result<ApplyResult> Apply(std::span<const Change> changes) = 0;
  // Deletes all objects of a cluster and its record; in bounded transactions.
  virtual Status DeleteCluster(std::string_view cluster) = 0;
  // Deletes all objects of one resource of a cluster.
  virtual Status DeleteResource(std::string_view cluster, const GroupVersionResource& gvr) = 0;
  // In one transaction with those of `documents` that are not stored yet; ones that no record names
  // any more are deleted. Errors: BadRequest if the record names a document that is neither stored
  // nor given.
  virtual Status SaveClusterRecord(const ClusterRecord& record,
                                   std::span<const NamedDocument> documents) = 0;
  Status SaveClusterRecord(const ClusterRecord& record) { return SaveClusterRecord(record, {}); }
  // The bytes of a document. Errors: NotFound.
  virtual Result<std::string> LoadDocument(std::string_view name) = 0;
  // Ends the transaction that is being written now, if any, as a failure (Timeout): for a process
  // that must end although the database does not answer.
  virtual void CancelWrite() {}

  virtual Result<std::vector<ClusterRecord>> LoadClusterRecords() = 0;
  virtual Result<StoredCluster> LoadCluster(std::string_view cluster) = 0;
  // Calls `row` for every stored object of one resource of a cluster, in key order. `row` returning
  // false ends it.
  virtual Status LoadVersions(std::string_view cluster, const GroupVersionResource& gvr,
                              const std::function<bool(const StoredVersion&)>& row) = 0;
  // All (cluster, resource) pairs that have objects.
  virtual Result<std::vector<ResourceCount>> CountObjects() = 0;
  // The JSON of one object and, unless `events` is nullptr, those of its events that this lets see.
  // Errors: NotFound.
  virtual Result<StoredObject> Get(std::string_view cluster, const GroupVersionResource& gvr,
                                   std::string_view name_space, std::string_view name,
                                   const query::AccessFilter* events) = 0;
  // Streams the objects that match to `sink`; `scope` and `options` are ANDed. `head` is called
  // once, before the first Row and also when there is none, after the query has started well: an
  // error before it can still become a Status.
  virtual Result<ListResult> List(const query::ListScope& scope, const query::ListOptions& options,
                                  const std::function<void(const ListHead&)>& head,
                                  RowSink& sink) = 0;
  virtual Result<int64_t> Revision() = 0;
  virtual int64_t SizeBytes() = 0;  // Of the database on disk.
};

}  // namespace pedia::storage
