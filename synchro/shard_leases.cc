#include "synchro/shard_leases.h"

#include <set>

#include "meta/json_reader.h"

namespace pedia::synchro {
namespace {

constexpr std::string_view kManagerLease = "clusterpedia-clustersynchro-manager";
constexpr std::string_view kGroupLabel = "clusterpedia.io/lease-group";

// The label, "" if the metadata have none.
std::string GroupLabel(std::string_view metadata) {
  JsonReader reader(metadata);
  if (!reader.BeginObject()) return "";
  for (std::string_view key; reader.NextMember(&key);) {
    if (key != "labels" || !reader.BeginObject()) {
      if (key != "labels") reader.Skip();
      continue;
    }
    while (reader.NextMember(&key)) {
      if (key == kGroupLabel) return reader.ReadString();
      reader.Skip();
    }
  }
  return "";
}

}  // namespace

std::string LeaseOfShard(std::string_view shard) {
  std::string name(kManagerLease);
  return shard.empty() ? name : name.append("-").append(shard);
}

void ShardLeases::See(const std::vector<kube::Lease>& leases, kube::BootClock::time_point asked) {
  std::set<std::string> names;
  for (const kube::Lease& lease : leases) {
    if (!lease.name.starts_with(kManagerLease)) continue;
    names.insert(lease.name);
    Entry& entry = leases_[lease.name];
    std::string group = GroupLabel(lease.metadata);
    entry.group = group.empty() ? lease.name : std::move(group);
    entry.sighting.See(lease.record, asked);
  }
  std::erase_if(leases_, [&](const auto& each) { return !names.contains(each.first); });
  listed_ = true;
}

ShardLife ShardLeases::Of(std::string_view shard, std::chrono::milliseconds lasts) const {
  if (!listed_) return {};
  const std::string group = LeaseOfShard(shard);
  ShardLife life{ShardLife::State::kAbsent, ""};
  for (const auto& [name, entry] : leases_) {
    const kube::LeaseRecord& record = entry.sighting.record();
    if (entry.group != group || record.holder.empty()) continue;
    if (!entry.sighting.IsDead(lasts)) return {ShardLife::State::kAlive, ""};
    life.state = ShardLife::State::kDead;
    life.renewed = std::max(life.renewed, record.renew_time);
  }
  return life;
}

}  // namespace pedia::synchro
