#include "storage/owners.h"

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

std::vector<int64_t> OwnerTypes(const Dictionary& dictionary, const query::OwnerCondition& owner) {
  std::vector<int64_t> types;
  for (const auto& type : dictionary.types) {
    const bool wanted = owner.resource.empty() ||
                        (type->gvr.group == owner.group && type->gvr.resource == owner.resource);
    if (wanted) types.push_back(type->id);
  }
  return types;
}

Result<Uids> FindByName(SqlConnection& connection, const Dictionary& dictionary,
                        const query::OwnerCondition& owner, const query::NameSet& clusters,
                        const query::NameSet& namespaces) {
  Uids found;
  SqlStatement find = connection.Prepare("SELECT cluster,namespace,uid FROM objects" +
                                         IndexHint(connection.dialect(), "objects_name") +
                                         " WHERE type_id=? AND name=?");
  for (const int64_t type : OwnerTypes(dictionary, owner)) {
    find.Reset();
    find.BindInt(type).BindText(owner.name);
    while (find.Step()) {
      const std::string_view name_space = find.Text(1);
      if (!clusters.Matches(find.Text(0))) continue;
      if (!name_space.empty() && !namespaces.Matches(name_space)) continue;
      if (find.Text(2).empty()) continue;
      found.emplace(find.Text(0), find.Text(2));
      if (found.size() > kMaxOwners) return TooMany();
    }
    if (!find.ok()) return find.status();
  }
  return found;
}

// The objects whose controller is `uid`; in `cluster`, or in every one if that is empty.
Status AppendOwned(SqlConnection& connection, const std::string& cluster, const std::string& uid,
                   const query::NameSet& clusters, Uids* found) {
  SqlStatement find =
      connection.Prepare("SELECT cluster,uid FROM objects" +
                         IndexHint(connection.dialect(), "objects_owner") + " WHERE owner_uid=?");
  find.BindText(uid);
  while (find.Step()) {
    const std::string_view where = find.Text(0);
    if (cluster.empty() ? !clusters.Matches(where) : where != cluster) continue;
    if (find.Text(1).empty()) continue;
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
                          const query::OwnerCondition& owner, const query::NameSet& clusters,
                          std::string_view name_space) {
  int64_t generations = owner.seniority;
  const std::string root = IndexedValue(owner.uid);
  Uids generation;
  if (owner.uid.empty()) {
    Result<Uids> named =
        FindByName(connection, dictionary, owner, clusters, Narrow(owner.namespaces, name_space));
    if (!named.ok()) return named.status();
    generation = *std::move(named);
  } else {
    if (generations == 0) return Owners{{root}, {}};
    if (Status s = AppendOwned(connection, "", root, clusters, &generation); !s.ok()) return s;
    std::erase_if(generation, [&](const auto& object) { return object.second == root; });
    --generations;
  }
  Uids seen = generation;
  for (; generations > 0 && !generation.empty(); --generations) {
    Uids next;
    for (const auto& [cluster, uid] : generation) {
      if (Status s = AppendOwned(connection, cluster, uid, clusters, &next); !s.ok()) return s;
    }
    std::erase_if(
        next, [&](const auto& object) { return object.second == root || seen.contains(object); });
    seen.insert(next.begin(), next.end());
    generation = std::move(next);
  }
  return OwnersOf(generation);
}

}  // namespace pedia::storage
