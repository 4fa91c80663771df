#include "convert/version_families.h"

#include <set>
#include <unordered_map>
#include <utility>

#include "convert/family_table.h"
#include "convert/json_object.h"
#include "meta/json_reader.h"

namespace pedia::convert {
namespace {

Status NoObject() { return BadRequest("what is to be converted is no Kubernetes object"); }

// Appends `body` with another apiVersion; every other byte stays. False if it has none.
bool CopyWithVersion(std::string_view body, std::string_view api_version, std::string* out) {
  JsonReader reader(body);
  if (!reader.BeginObject()) return false;
  const size_t size_before = out->size();
  size_t copied = 0;
  for (std::string_view key; reader.NextMember(&key);) {
    const std::string_view value = reader.Skip();
    if (key != "apiVersion") continue;
    out->append(body.substr(copied, static_cast<size_t>(value.data() - body.data()) - copied));
    out->append(api_version);
    copied = reader.offset();
  }
  reader.Peek();  // Past white space.
  if (copied == 0 || !reader.ok() || reader.offset() != body.size()) {
    out->resize(size_before);
    return false;
  }
  out->append(body.substr(copied));
  return true;
}

// By way of the stored version. Where both sides have the same fields nothing is rewritten.
class FamilyConversion : public Conversion {
 public:
  FamilyConversion(const FamilyMember& from, const FamilyMember& to)
      : api_version_(JsonString(to.group_version)) {
    if (from.to_stored == to.to_stored) return;
    to_stored_ = from.to_stored;
    from_stored_ = to.from_stored;
  }

  Status Append(std::string_view body, std::string* out) const override {
    if (to_stored_ == nullptr && from_stored_ == nullptr)
      return CopyWithVersion(body, api_version_, out) ? Status() : NoObject();
    std::optional<JsonObject> object = JsonObject::Read(body);
    if (!object || !object->Get("apiVersion")) return NoObject();
    object->Set("apiVersion", api_version_);
    if (to_stored_ != nullptr) to_stored_(*object);
    if (from_stored_ != nullptr) from_stored_(*object);
    object->AppendTo(out);
    return Status();
  }

 private:
  std::string api_version_;  // JSON.
  Rewrite to_stored_ = nullptr;
  Rewrite from_stored_ = nullptr;
};

struct Family {
  std::vector<GroupVersionResource> versions;
  std::vector<std::span<const FieldRename>> renames;  // Of each version.
  // [from * versions + to]; null on the diagonal.
  std::vector<std::unique_ptr<const Conversion>> conversions;
};

struct Place {
  const Family* family;
  size_t index;
};

GroupVersionResource Resource(std::string_view group_version, std::string_view resource) {
  const size_t slash = group_version.find('/');
  if (slash == std::string_view::npos)
    return {"", std::string(group_version), std::string(resource)};
  return {std::string(group_version.substr(0, slash)), std::string(group_version.substr(slash + 1)),
          std::string(resource)};
}

std::unique_ptr<Family> MakeFamily(const FamilyRow& row, std::string_view resource) {
  auto family = std::make_unique<Family>();
  for (const FamilyMember& from : row.members) {
    family->versions.push_back(Resource(from.group_version, resource));
    family->renames.push_back(from.renames);
    for (const FamilyMember& to : row.members) {
      family->conversions.push_back(&from == &to ? nullptr
                                                 : std::make_unique<FamilyConversion>(from, to));
    }
  }
  return family;
}

using Places = std::unordered_map<GroupVersionResource, Place>;

const Places& AllPlaces() {
  static const auto* const all = [] {
    auto* places = new Places();  // Lives for ever, as do the families in it.
    for (const FamilyRow& row : FamilyTable()) {
      for (const std::string_view resource : row.resources) {
        const Family* family = MakeFamily(row, resource).release();
        for (size_t i = 0; i < family->versions.size(); ++i)
          places->emplace(family->versions[i], Place{family, i});
      }
    }
    return places;
  }();
  return *all;
}

const Place* FindPlace(const GroupVersionResource& gvr) {
  const auto it = AllPlaces().find(gvr);
  return it == AllPlaces().end() ? nullptr : &it->second;
}

}  // namespace

std::span<const GroupVersionResource> FamilyOf(const GroupVersionResource& gvr) {
  const Place* place = FindPlace(gvr);
  return place == nullptr ? std::span<const GroupVersionResource>() : place->family->versions;
}

const GroupVersionResource& StoredVersion(const GroupVersionResource& gvr) {
  const Place* place = FindPlace(gvr);
  return place == nullptr ? gvr : place->family->versions[0];
}

std::vector<GroupVersionResource> StoredElsewhere(std::string_view group, std::string_view version,
                                                  std::string_view resource) {
  std::set<GroupVersionResource> stored;
  for (const auto& [gvr, place] : AllPlaces()) {
    if (place.index == 0 || gvr.group != group) continue;
    if (!version.empty() && gvr.version != version) continue;
    if (resource.empty() || gvr.resource == resource) stored.insert(place.family->versions[0]);
  }
  return {stored.begin(), stored.end()};
}

std::span<const FieldRename> FieldRenames(const GroupVersionResource& gvr) {
  const Place* place = FindPlace(gvr);
  return place == nullptr ? std::span<const FieldRename>() : place->family->renames[place->index];
}

const Conversion* FindConversion(const GroupVersionResource& from, const GroupVersionResource& to) {
  const Place* source = FindPlace(from);
  const Place* target = FindPlace(to);
  if (source == nullptr || target == nullptr || source->family != target->family) return nullptr;
  const size_t versions = source->family->versions.size();
  return source->family->conversions[source->index * versions + target->index].get();
}

}  // namespace pedia::convert
