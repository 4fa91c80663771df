// AuditRun: what the parts of AuditStore share: snapshots, the dictionary in each of them, the
// digests of the entries, and the report.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "meta/result.h"
#include "storage/audit.h"
#include "storage/audit_digests.h"
#include "storage/dictionary.h"
#include "storage/sql_connection.h"
#include "storage/store_state.h"

namespace pedia::storage {

// A dictionary by id.
struct DictionaryIds {
  struct Type {
    std::shared_ptr<const DictionaryType> type;
    std::unordered_map<std::string, std::string> sets;  // Packed keys to decimal set_id.
    int64_t set_key = 0;                                // Of the entries that name a key set.
  };
  explicit DictionaryIds(const Dictionary& dictionary);
  std::map<int64_t, Type> types;
  std::map<int64_t, int64_t> type_of_key;
};

// One thread.
class AuditRun {
 public:
  AuditRun(std::unique_ptr<SqlConnection> connection, const AuditOptions& options)
      : connection_(std::move(connection)), options_(options) {}

  // A new snapshot, which all that follows sees. Errors: see AuditStore.
  Status Begin();
  void End() { connection_->Rollback(); }

  SqlConnection& connection() { return *connection_; }
  const StoreState& state() const { return state_; }
  const DictionaryIds& ids() const { return *ids_; }

  // "v1/pods c1!default!web-1"
  std::string Name(int64_t type_id, std::string_view okey) const;
  void Wrong(const std::string& where, std::string_view what);
  // Shows the progress: `done` of about `all`; false if the audit is to end.
  bool GoOn(const char* part, int64_t done, int64_t all);
  AuditReport& report() { return report_; }

  // What is left of the entries of the objects when those in the table are taken away.
  AuditDigests& digests() { return digests_; }
  // How many there were of the former.
  int64_t wanted_entries() const { return wanted_entries_; }
  // Entries of an object, packed.
  void WantEntries(int64_t id, std::string_view okey, std::string_view packed) {
    wanted_entries_ += digests_.Add(id, okey, packed);
  }

 private:
  const std::unique_ptr<SqlConnection> connection_;
  const AuditOptions& options_;
  DictionaryCache dictionaries_;
  StoreState state_;
  std::shared_ptr<const Dictionary> dictionary_;
  std::optional<DictionaryIds> ids_;
  AuditReport report_;
  AuditDigests digests_;
  int64_t wanted_entries_ = 0;
  std::chrono::steady_clock::time_point next_progress_{};
};

// The parts. Errors: those of the database.
Status AuditObjects(AuditRun& run);  // Columns, packed entries; gathers the digests of these.
Status AuditEntries(AuditRun& run);  // That the table has all of these, and no others.

}  // namespace pedia::storage
