#include "storage/owners.h"

#include <unordered_map>
#include <utility>

#include "storage/indexed_fields.h"
#include "storage/object_key.h"

namespace pedia::storage {
namespace {

using Uids = std::set<std::pair<std::string, std::string>>;  // Cluster, uid.

constexpr size_t kMaxOwners = 10'000;

Status TooMany() {
  return BadRequest("the owner search leads to more than " + std::to_string(kMaxOwners) +
                    " owners; name a cluster, a namespace or ownerGR");
}

class OwnerSearch {
 public:
  OwnerSearch(SqlConnection& connection, const Dictionary& dictionary,
              const query::ListOptions& options, const query::NameSet& clusters)
      : connection_(connection), dictionary_(dictionary), clusters_(clusters) {
    for (const auto& type : dictionary.types)
      access_.emplace(type->id, &query::AccessTo(options, type->gvr));
  }

  Result<Uids> FindByName(const query::OwnerCondition& owner, const query::NameSet& namespaces);
  // The objects whose controller is `uid`; in `cluster`, or in every one if that is empty.
  Status AppendOwned(const std::string& cluster, const std::string& uid, Uids* found);

 private:
  // False also for a type that the dictionary does not know yet.
  bool IsSeen(int64_t type, std::string_view cluster, std::string_view name_space) const {
    const auto access = access_.find(type);
    return access != access_.end() && access->second->Matches(cluster, name_space);
  }

  SqlConnection& connection_;
  const Dictionary& dictionary_;
  const query::NameSet& clusters_;
  std::unordered_map<int64_t, const query::AccessFilter*> access_;  // By type.
};

Result<Uids> OwnerSearch::FindByName(const query::OwnerCondition& owner,
                                     const query::NameSet& namespaces) {
  Uids found;
  SqlStatement find = connection_.Prepare("SELECT cluster,namespace,uid FROM objects" +
                                          IndexHint(connection_.dialect(), "objects_name") +
                                          " WHERE type_id=? AND name=?");
  for (const auto& type : dictionary_.types) {
    const bool wanted = owner.resource.empty() ||
                        (type->gvr.group == owner.group && type->gvr.resource == owner.resource);
    if (!wanted) continue;
    find.Reset();
    find.BindInt(type->id).BindText(owner.name);
    while (find.Step()) {
      const std::string_view name_space = find.Text(1);
      if (!clusters_.Matches(find.Text(0))) continue;
      if (!name_space.empty() && !namespaces.Matches(name_space)) continue;
      if (find.Text(2).empty() || !IsSeen(type->id, find.Text(0), name_space)) continue;
      found.emplace(find.Text(0), find.Text(2));
      if (found.size() > kMaxOwners) return TooMany();
    }
    if (!find.ok()) return find.status();
  }
  return found;
}

Status OwnerSearch::AppendOwned(const std::string& cluster, const std::string& uid, Uids* found) {
  SqlStatement find =
      connection_.Prepare("SELECT cluster,uid,namespace,type_id FROM objects" +
                          IndexHint(connection_.dialect(), "objects_owner") + " WHERE owner_uid=?");
  find.BindText(uid);
  while (find.Step()) {
    const std::string_view where = find.Text(0);
    if (cluster.empty() ? !clusters_.Matches(where) : where != cluster) continue;
    if (find.Text(1).empty() || !IsSeen(find.Int(3), where, find.Text(2))) continue;
    found->emplace(where, find.Text(1));
    if (found->size() > kMaxOwners) return TooMany();
  }
  return find.status();
}

Owners OwnersOf(const Uids& generation) {
  Owners owners;
  std::set<std::string> uids;
  for (const auto& [cluster, uid] : generation) uids.insert(uid);
  owners.uids.assign(uids.begin(), uids.end());
  owners.in_clusters = generation;
  return owners;
}

}  // namespace

Result<Owners> FindOwners(SqlConnection& connection, const Dictionary& dictionary,
                          const query::ListScope& scope, const query::ListOptions& options) {
  const query::OwnerCondition& owner = *options.owner;
  const query::NameSet clusters = Narrow(options.clusters, scope.cluster);
  OwnerSearch search(connection, dictionary, options, clusters);
  int64_t generations = owner.seniority;
  const std::string root = IndexedValue(owner.uid);
  Uids generation;
  if (owner.uid.empty()) {
    Result<Uids> named = search.FindByName(owner, Narrow(owner.namespaces, scope.name_space));
    if (!named.ok()) return named.status();
    generation = *std::move(named);
  } else {
    if (generations == 0) return Owners{{root}, {}};
    if (Status s = search.AppendOwned("", root, &generation); !s.ok()) return s;
    std::erase_if(generation, [&](const auto& object) { return object.second == root; });
    --generations;
  }
  Uids seen = generation;
  for (; generations > 0 && !generation.empty(); --generations) {
    Uids next;
    for (const auto& [cluster, uid] : generation) {
      if (Status s = search.AppendOwned(cluster, uid, &next); !s.ok()) return s;
    }
    std::erase_if(
        next, [&](const auto& object) { return object.second == root || seen.contains(object); });
    seen.insert(next.begin(), next.end());
    generation = std::move(next);
  }
  return OwnersOf(generation);
}

}  // namespace pedia::storage
