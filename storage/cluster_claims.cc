#include "storage/cluster_claims.h"

#include <random>
#include <vector>

namespace pedia::storage {
namespace {

// In milliseconds. The claims of clusters that are gone; who still holds one is told to claim again.
constexpr int64_t kKept = int64_t{30} * 24 * 3600 * 1000;
constexpr size_t kMaxHolder = 255;

// Random, so that two histories of a database never have the same.
int64_t RandomToken() {
  std::random_device device;
  return std::uniform_int_distribution<int64_t>(1, INT64_MAX)(device);
}

}  // namespace

Status ClusterClaims::Refresh(SqlConnection& connection, const StoreState& state) {
  if (state.last_claim == last_) return Status();
  if (!held_.empty()) {
    std::map<std::string, int64_t, std::less<>> lost = held_;
    SqlStatement claims = connection.Prepare("SELECT cluster,token FROM claims");
    while (claims.Step()) {
      const auto held = lost.find(claims.Text(0));
      if (held != lost.end() && held->second == claims.Int(1)) lost.erase(held);
    }
    if (!claims.ok()) return claims.status();
    for (const auto& [cluster, token] : lost) {
      held_.erase(cluster);
      fenced_.insert(cluster);
      news_.insert(cluster);
    }
  }
  last_ = state.last_claim;
  return Status();
}

Status ClusterClaims::Check(std::string_view cluster) const {
  if (!IsFenced(cluster)) return Status();
  return Expired("another process has claimed the cluster '" + std::string(cluster) + "'");
}

Result<int64_t> ClusterClaims::Write(SqlConnection& connection, std::string_view cluster,
                                     std::string_view holder, int64_t now) {
  const int64_t token = RandomToken();
  SqlStatement prune = connection.Prepare(
      "DELETE FROM claims WHERE claimed<? AND NOT EXISTS(SELECT 1 FROM clusters c WHERE "
      "c.cluster=claims.cluster)");
  Status status = prune.BindInt(now - kKept).Run();
  const std::vector<SqlParameter> key = {TextView{cluster}};
  if (status.ok()) status = connection.Delete(kClaimsTable, key);
  const std::vector<SqlParameter> row = {TextView{cluster}, token, now,
                                         TextView{holder.substr(0, kMaxHolder)}};
  if (status.ok()) status = connection.Insert(kClaimsTable, row);
  if (!status.ok()) return status;
  SqlStatement update = connection.Prepare("UPDATE meta SET last_claim=? WHERE id=1");
  status = update.BindInt(token).Run();
  if (!status.ok()) return status;
  return token;
}

void ClusterClaims::Hold(std::string_view cluster, int64_t token) {
  held_.insert_or_assign(std::string(cluster), token);
  fenced_.erase(std::string(cluster));
  news_.erase(std::string(cluster));
  last_ = token;
}

}  // namespace pedia::storage
