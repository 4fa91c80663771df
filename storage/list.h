// SqlList: one list, from its conditions to its rows, in one read transaction.
//
// Each resource of the list has a plan that gives its rows. Plans that all give the list's order are
// merged; otherwise everything that matches is read and the first rows are kept. What is read
// through the objects' bytes waits for a scan slot, which is given back while rows are sent.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "meta/result.h"
#include "query/list_options.h"
#include "storage/dictionary.h"
#include "storage/events.h"
#include "storage/planner.h"
#include "storage/rows.h"
#include "storage/scan_slots.h"
#include "storage/sql_connection.h"
#include "storage/sql_store.h"
#include "storage/store.h"

namespace pedia::storage {

// For one use. One thread. Memory does not grow with the rows.
class SqlList {
 public:
  using Head = std::function<void(const ListHead&)>;

  // The arguments must outlive it.
  SqlList(SqlConnection& connection, DictionaryCache& dictionaries, ScanSlots& slots,
          const ListLimits& limits, const query::ListScope& scope,
          const query::ListOptions& options);

  // See Store::List. Within the transaction that the connection has just started; or within another
  // one, which it starts instead. `ahead`: begin with what was known of the store last; if that is
  // old, the connection may be lost.
  Result<ListResult> Run(bool ahead, const Head& head, RowSink& sink);

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

  // A plan's rows.
  struct Stream {
    std::string key;  // Of the current row; only if there are several streams.
    std::unique_ptr<SqlRows> rows;
  };

  Status RunInSnapshot(bool ahead);
  Result<bool> PrepareAhead();
  Status Prepare();
  void FindTypes();
  Status WaitForSlot();

  Status CountFacets();
  Status OpenStreams();
  Status Advance(Stream* stream);
  Status StreamInOrder();
  Status StreamSorted();
  Status FillFirst(const std::string& after, std::vector<KeyedFound>* first, int64_t* matching);
  Status CountRemaining();
  Result<int64_t> CountRows(ListPlan plan);

  // One matching row in the list's order: the current one of `rows`, nullptr if it is not there any
  // more. `key` is asked for only if it is the last of the page.
  template <typename Key>
  Status Take(const Found& found, SqlRows* rows, Key key);
  Status Send(const Found& found, std::string_view body);
  Status SendHeld(bool all);
  void SendHead(bool all);
  bool in_order() const;
  bool done() const { return full_ || result_.cancelled; }

  SqlConnection& connection_;
  DictionaryCache& dictionaries_;
  std::shared_ptr<const Dictionary> dictionary_;
  ScanSlot slot_;
  const ListLimits limits_;
  const query::ListOptions& options_;
  ListRequest request_;
  std::vector<const DictionaryType*> types_;  // That the list is of.
  std::vector<ListPlan> plans_;
  std::vector<Stream> streams_;  // Of the plans, if all give the list's order.
  std::optional<SqlEvents> events_;
  SqlBodies bodies_;
  const Head* head_ = nullptr;
  RowSink* sink_ = nullptr;

  bool scan_ = false;
  bool head_sent_ = false;
  bool full_ = false;  // The page is.
  int64_t scanned_ = 0;
  int64_t to_skip_;
  int64_t taken_ = 0;
  // Sent when it is known what was scanned, or when it is worth reading their bodies.
  std::vector<Found> held_;
  std::string last_key_;  // Of the last row of the page.
  ListResult result_;
};

}  // namespace pedia::storage
