// SqliteList: one list, from its conditions to its rows, in one read transaction.
//
// Each resource of the list has a plan that gives its rows. Plans that all give the list's order are
// merged; otherwise everything that matches is read and the first rows are kept. What is read
// through the objects' bytes waits for a scan slot, which is given back while rows are sent.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "meta/result.h"
#include "query/list_options.h"
#include "storage/scan_slots.h"
#include "storage/sqlite_connection.h"
#include "storage/sqlite_events.h"
#include "storage/sqlite_planner.h"
#include "storage/sqlite_rows.h"
#include "storage/sqlite_store.h"
#include "storage/store.h"

namespace pedia::storage {

// For one use. One thread. Memory does not grow with the rows.
class SqliteList {
 public:
  using Head = std::function<void(const ListHead&)>;

  // The arguments must outlive it.
  SqliteList(SqliteConnection& connection, ScanSlots& slots, const ListLimits& limits,
             const query::ListScope& scope, const query::ListOptions& options);

  // See Store::List.
  Result<ListResult> Run(const Head& head, RowSink& sink);

 private:
  // A row that is to be sent.
  struct Found {
    int64_t id;
    const RowType* type;
  };
  struct KeyedFound {
    std::string key;  // FormatSortKey
    Found found;
    bool operator<(const KeyedFound& other) const { return key < other.key; }
  };

  Status RunInTransaction();
  Status Prepare();
  Result<std::vector<StoredType>> FindTypes();
  Status WaitForSlot();

  Status CountFacets();
  Status StreamInOrder();
  Status StreamSorted();
  Status FillFirst(const std::string& after, std::vector<KeyedFound>* first, int64_t* matching);
  Status CountRemaining();
  Result<int64_t> CountRows(ListPlan plan);

  // One matching row in the list's order. `body` is asked for only if it is sent at once.
  template <typename Body, typename Key>
  Status Take(const Found& found, Body body, Key key);
  Status Send(const Found& found, std::string_view body);
  Status SendHeld(bool all);
  void SendHead(bool all);
  bool done() const { return full_ || result_.cancelled; }

  SqliteConnection& connection_;
  ScanSlot slot_;
  const ListLimits limits_;
  const query::ListOptions& options_;
  ListRequest request_;
  std::vector<StoredType> types_;
  std::vector<ListPlan> plans_;
  SqliteEvents events_;
  SqliteBodies bodies_;
  const Head* head_ = nullptr;
  RowSink* sink_ = nullptr;

  bool scan_ = false;
  bool head_sent_ = false;
  bool full_ = false;  // The page is.
  int64_t scanned_ = 0;
  int64_t to_skip_;
  int64_t taken_ = 0;
  std::vector<Found> held_;  // Of a scan: sent when it is known what was scanned.
  std::string last_key_;     // Of the last row of the page.
  ListResult result_;
};

}  // namespace pedia::storage
