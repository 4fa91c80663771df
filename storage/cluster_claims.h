// ClusterClaims: which clusters a writer may write. A cluster belongs to who has claimed it last, and
// the table `claims` says who that is.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "meta/status.h"
#include "storage/sql_connection.h"

namespace pedia::storage {

// One thread. Costs nothing while nobody claims: the row `meta`, which every transaction reads, says
// which claim was the last. What was refused once stays refused until it is claimed again, even if
// the database forgets the other's claim.
class ClusterClaims {
 public:
  // At the beginning of each transaction that writes. A claim of this writer that the table does not
  // show was lost, or is another's now.
  Status Refresh(SqlConnection& connection, const StoreState& state);
  bool any_fenced() const { return !fenced_.empty(); }
  // Those that became so since the last call.
  std::set<std::string, std::less<>> TakeNewlyFenced() { return std::exchange(news_, {}); }
  bool IsFenced(std::string_view cluster) const { return fenced_.contains(cluster); }
  // Errors: Expired if another has claimed `cluster`.
  Status Check(std::string_view cluster) const;

  // Claims, in a transaction. Returns the claim's token, for Hold.
  Result<int64_t> Write(SqlConnection& connection, std::string_view cluster,
                        std::string_view holder, int64_t now);
  // The transaction is committed.
  void Hold(std::string_view cluster, int64_t token);

 private:
  int64_t last_ = 0;  // The last claim of all when the table was read.
  std::map<std::string, int64_t, std::less<>> held_;  // Tokens.
  std::set<std::string, std::less<>> fenced_;
  std::set<std::string, std::less<>> news_;
};

}  // namespace pedia::storage
