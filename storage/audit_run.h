// AuditRun: what the parts of AuditStore share: snapshots, the dictionary in each of them, and the
// report.
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
  // Shows the progress; false if the audit is to end.
  bool GoOn(const char* part, double share, int64_t checked);
  AuditReport& report() { return report_; }

 private:
  const std::unique_ptr<SqlConnection> connection_;
  const AuditOptions& options_;
  DictionaryCache dictionaries_;
  StoreState state_;
  std::shared_ptr<const Dictionary> dictionary_;
  std::optional<DictionaryIds> ids_;
  AuditReport report_;
  std::chrono::steady_clock::time_point next_progress_{};
};

// Many rows are looked for by one statement, of one text, so that it stays prepared: one that has
// `part` so many times, with `separator` between.
inline constexpr size_t kRowsPerLookup = 128;
std::string RepeatedForLookup(std::string_view part, std::string_view separator);

// The parts. Errors: those of the database.
Status AuditObjects(AuditRun& run);  // Columns, packed entries; that all their entries are there.
Status AuditEntries(AuditRun& run);  // That there are no others.

}  // namespace pedia::storage
