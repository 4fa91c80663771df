// Store: the interface between sync and serving; one implementation per database.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
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
};

// Receives the rows of a list, one call per row, in order, on the thread that called List.
class RowSink {
 public:
  virtual ~RowSink() = default;
  // `body`: plain JSON, valid during the call only. May block (back-pressure). False ends the list
  // early: the client is gone.
  virtual bool Row(std::string_view body) = 0;
};

// What a list says beside its rows.
struct ListResult {
  int64_t revision = 0;  // Of the snapshot that was read.
  std::string next_key;  // Sort key of the last row if rows remain after it, else "".
  std::optional<int64_t> remaining_count;  // Rows after the page; only when asked for.
  bool cancelled = false;                  // The sink returned false.
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
};

// All functions block and are thread-safe. Writes are serialised inside. Errors everywhere:
// ServiceUnavailable if the database cannot be used now (retry later), Timeout, InternalError; the
// cause goes to the log.
class Store {
 public:
  virtual ~Store() = default;

  // Writes all of `changes` in one transaction, in order, or nothing.
  virtual Result<ApplyResult> Apply(std::span<const Change> changes) = 0;
  // Deletes all objects of a cluster and its record; in bounded transactions.
  virtual Status DeleteCluster(std::string_view cluster) = 0;
  // Deletes all objects of one resource of a cluster.
  virtual Status DeleteResource(std::string_view cluster, const GroupVersionResource& gvr) = 0;
  virtual Status SaveClusterRecord(const ClusterRecord& record) = 0;

  virtual Result<std::vector<ClusterRecord>> LoadClusterRecords() = 0;
  // Calls `row` for every stored object of one resource of a cluster, in key order. `row` returning
  // false ends it.
  virtual Status LoadVersions(std::string_view cluster, const GroupVersionResource& gvr,
                              const std::function<bool(const StoredVersion&)>& row) = 0;
  // All (cluster, resource) pairs that have objects.
  virtual Result<std::vector<ResourceCount>> CountObjects() = 0;
  // The JSON of one object. Errors: NotFound.
  virtual Result<std::string> Get(std::string_view cluster, const GroupVersionResource& gvr,
                                  std::string_view name_space, std::string_view name) = 0;
  // Streams the objects that match to `sink`; `scope` and `options` are ANDed. `head(revision)` is
  // called once, before the first Row and also when there is none, after the query has started
  // well: an error before it can still become a Status.
  virtual Result<ListResult> List(const query::ListScope& scope, const query::ListOptions& options,
                                  const std::function<void(int64_t revision)>& head,
                                  RowSink& sink) = 0;
  virtual Result<int64_t> Revision() = 0;
  virtual int64_t SizeBytes() = 0;  // Of the database on disk.
};

}  // namespace pedia::storage
