// The resources half of ClusterSynchro: which of them are synced, started, and removed.
#include <algorithm>
#include <span>
#include <utility>

#include "meta/log.h"
#include "meta/time.h"
#include "synchro/cluster_synchro.h"

namespace pedia::synchro {
namespace {

using discovery::ApiResource;

constexpr size_t kUnmetShown = 20;

const GroupVersionResource kCrds{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};
const GroupVersionResource kApiServices{"apiregistration.k8s.io", "v1", "apiservices"};

// As PediaCluster's secretData; "" = everything.
std::string NameOf(SecretData data) {
  switch (data) {
    case SecretData::kFull:
      return "";
    case SecretData::kHash:
      return "Hash";
    case SecretData::kKeysOnly:
      return "KeysOnly";
  }
  return "";
}

// How much a record allows; what is not understood counts as everything.
SecretData RecordedSecretData(std::string_view name) {
  if (name == "KeysOnly") return SecretData::kKeysOnly;
  return name == "Hash" ? SecretData::kHash : SecretData::kFull;
}

std::string FormatUnmet(const std::vector<std::string>& unmet) {
  std::string text;
  for (size_t i = 0; i < std::min(unmet.size(), kUnmetShown); ++i)
    text.append(i == 0 ? "not synced: " : ", ").append(unmet[i]);
  if (unmet.size() > kUnmetShown)
    text += " and " + std::to_string(unmet.size() - kUnmetShown) + " more";
  return text;
}

}  // namespace

void ClusterSynchro::SetRules(ClusterSpec spec) {
  if (stopped_) return;
  facts_.invalid_sync_resources = spec.invalid_sync_resources;
  facts_.warning = spec.warning;
  if (!spec.invalid_sync_resources) {
    spec_ = std::move(spec);
    has_rules_ = true;
    SpareSecrets();
    if (discovered_) Reconcile();
  }
  Changed();
}

void ClusterSynchro::SetStored(const std::vector<GroupVersionResource>& stored) {
  if (stopped_) return;
  stored_.insert(stored.begin(), stored.end());
  if (discovered_) Reconcile();
}

// What a member could not say just now counts as it did before.
void ClusterSynchro::KeepStale(MemberDiscovery* found) const {
  const auto keep = [&](const discovery::ClusterCatalog& known) {
    for (const ApiResource& resource : known.resources) {
      if (found->IsStale(resource.gvr) && found->served.Find(resource.gvr) == nullptr)
        found->served.resources.push_back(resource);
    }
  };
  keep(served_.served);
  keep(state_.synced);
}

// The record changes after what is too much is deleted, and before more is written.
void ClusterSynchro::SpareSecrets() {
  if (!has_rules_) return;
  const SecretData wanted = SecretDataOf(spec_);
  const SecretData recorded = RecordedSecretData(state_.secret_data);
  if (wanted == recorded) return;
  if (wanted > recorded) Remove(kSecrets);
  state_.secret_data = NameOf(wanted);
  SaveRecord();
}

// Makes the reflectors those that served_ and the rules ask for.
void ClusterSynchro::Reconcile() {
  if (!has_rules_) return;
  Negotiation negotiated = NegotiateResources(spec_, served_.served);
  Sources wanted = ChooseSources(negotiated.resources);
  aside_.clear();
  for (const auto& [stored, resource] : ChooseSources(negotiated.aside)) {
    if (wanted.emplace(stored, resource).second) aside_.insert(stored);
  }
  for (const GroupVersionResource& gvr : FindRemoved(wanted)) Remove(gvr);
  const Sources before = ChooseSources(state_.synced.resources);
  for (const auto& [stored, resource] : wanted) {
    const auto known = before.find(stored);
    const bool same_source = known == before.end() || known->second.gvr == resource.gvr;
    const bool secrets = stored == kSecrets;
    Sync(stored,
         {resource, same_server_ && same_source && !secrets, std::move(negotiated.filters[stored]),
          secrets ? SecretDataOf(spec_) : SecretData::kFull});
  }
  // What is missing for the first time is served until that is certain, what is removed until it is
  // not stored any more.
  for (const ApiResource& resource : state_.synced.resources) {
    const GroupVersionResource& stored = convert::StoredVersion(resource.gvr);
    if (wanted.contains(stored)) continue;
    if (missing_.contains(stored) || removing_.contains(stored))
      negotiated.resources.push_back(resource);
  }
  state_.synced.resources = std::move(negotiated.resources);
  unmet_ = FormatUnmet(negotiated.unmet);
  if (running_) facts_.run_message = unmet_;
  if (running_) openapi_->Want(state_.synced.resources, eager_discoveries_ > 0);
  if (!missing_.empty()) eager_discoveries_ = std::max(eager_discoveries_, 1);
  Changed();
}

std::vector<GroupVersionResource> ClusterSynchro::FindRemoved(const Sources& wanted) {
  std::set<GroupVersionResource> known = stored_;
  for (const auto& [gvr, reflector] : reflectors_) known.insert(gvr);
  for (const ApiResource& resource : state_.synced.resources)
    known.insert(convert::StoredVersion(resource.gvr));
  const std::set<GroupVersionResource> missing_before = std::exchange(missing_, {});
  std::vector<GroupVersionResource> removed;
  for (const GroupVersionResource& gvr : known) {
    if (wanted.contains(gvr) || removing_.contains(gvr)) continue;
    const auto family = convert::FamilyOf(gvr);
    const auto versions = family.empty() ? std::span(&gvr, 1) : family;
    const auto in_any_version = [&](const auto& is) {
      return std::any_of(versions.begin(), versions.end(), is);
    };
    if (in_any_version([&](const auto& version) { return served_.IsStale(version); })) continue;
    // The rules decide at once; a discovery that lacks something is believed the second time.
    const bool served = in_any_version(
        [&](const auto& version) { return served_.served.Find(version) != nullptr; });
    if (served || missing_before.contains(gvr)) {
      removed.push_back(gvr);
    } else {
      missing_.insert(gvr);
    }
  }
  return removed;
}

void ClusterSynchro::Remove(const GroupVersionResource& gvr) {
  if (const auto found = reflectors_.find(gvr); found != reflectors_.end()) {
    found->second->Pause();
    reflectors_.erase(found);
  }
  stored_.erase(gvr);
  discovery::ResourceSync& sync = removing_[gvr];
  sync.gvr = gvr;
  sync.status = "Stop";
  sync.reason = "SynchroRemoved";
  sync.initial_list_done = true;
  sync.last_transition = UnixNow();
  LogInfo("cluster " + spec_.name + ": deleting what is stored of " + gvr.ToString());
  auto done =
      IfAlive([gvr](ClusterSynchro& self, const Status& status) { self.OnRemoved(gvr, status); });
  shared_.writer.queue().PushJob(
      [cluster = spec_.name, gvr, &loop = loop_, done = std::move(done)](storage::Store& store) {
        Status status = store.DeleteResource(cluster, gvr);
        loop.Post([done, status] { done(status); });
        return status;
      },
      spec_.name);
}

void ClusterSynchro::OnRemoved(const GroupVersionResource& gvr, const Status& status) {
  const auto found = removing_.find(gvr);
  if (found == removing_.end()) return;  // It is synced again.
  if (status.ok()) {
    removing_.erase(found);
    std::erase_if(state_.synced.resources, [&](const ApiResource& resource) {
      const GroupVersionResource& stored = convert::StoredVersion(resource.gvr);
      return stored == gvr && !reflectors_.contains(stored);
    });
  } else {
    found->second.reason = "CleanResourceFailed";  // The writer tries again.
    found->second.message = status.message();
  }
  Changed();
}

void ClusterSynchro::Sync(const GroupVersionResource& stored, ReflectorSource source) {
  removing_.erase(stored);
  const auto found = reflectors_.find(stored);
  if (found == reflectors_.end()) return StartReflector(stored, std::move(source));
  Reflector& current = *found->second;
  if (current.resource().kind != source.resource.kind) {
    Remove(stored);
    removing_.erase(stored);
  } else if (current.ReadsAs(source)) {
    return current.set_resource(std::move(source.resource));
  } else {
    current.Pause();  // Other objects, or another form of them, are wanted from now on.
    reflectors_.erase(found);
  }
  StartReflector(stored, std::move(source));
}

void ClusterSynchro::StartReflector(const GroupVersionResource& stored, ReflectorSource source) {
  const bool announces = source.resource.gvr == kCrds || source.resource.gvr == kApiServices;
  Reflector::Hooks hooks;
  hooks.changed = IfAlive([](ClusterSynchro& self) { self.Changed(); });
  hooks.touched = [] {};
  if (announces) hooks.touched = IfAlive([](ClusterSynchro& self) { self.DiscoverSoon(); });
  hooks.unknown = IfAlive([](ClusterSynchro& self) { self.DiscoverSoon(); });
  const auto reflector =
      std::make_shared<Reflector>(*reflector_context_, std::move(source), std::move(hooks));
  reflectors_.emplace(stored, reflector);
  stored_.erase(stored);
  if (running_) reflector->Run();
}

}  // namespace pedia::synchro
