#include "synchro/reflector.h"

#include <algorithm>
#include <atomic>

#include "meta/log.h"
#include "meta/time.h"

namespace pedia::synchro {

using discovery::ApiResource;

namespace {

uint64_t NextSource() {
  static std::atomic<uint64_t> next{1};
  return next++;
}

std::chrono::milliseconds RetryAfter(const Status& status) {
  return std::chrono::seconds(status.details() ? status.details()->retry_after_seconds : 0);
}

}  // namespace

Reflector::Reflector(const ReflectorContext& context, ReflectorSource source, Hooks hooks)
    : context_(context),
      resource_(std::move(source.resource)),
      trust_stored_versions_(source.trust_stored_versions),
      filter_(std::move(source.filter)),
      stored_(convert::StoredVersion(resource_.gvr)),
      conversion_(convert::FindConversion(resource_.gvr, stored_)),
      object_{context.cluster,
              resource_.gvr,
              resource_.kind,
              context.options.prune_managed_fields,
              context.options.prune_last_applied,
              source.secret_data},
      hooks_(std::move(hooks)),
      source_(NextSource()),
      backoff_(context.options.backoff_initial, context.options.backoff_max) {
  sync_.gvr = stored_;
  if (conversion_ != nullptr) sync_.source = resource_.gvr;
  sync_.status = "Pending";
  sync_.reason = "SynchroCreating";
  sync_.last_transition = UnixNow();
  progress_.gvr = stored_;
}

bool Reflector::ReadsAs(const ReflectorSource& other) const {
  return resource_.gvr == other.resource.gvr && resource_.kind == other.resource.kind &&
         filter_ == other.filter && object_.secret_data == other.secret_data;
}

void Reflector::Run() {
  if (running_) return;
  running_ = true;
  if (sync_.status == "Stop") SetSync("Pending", "SynchroCreating", "");
  Next();
}

void Reflector::Pause() {
  if (!running_) return;
  running_ = false;
  turned_ = UnixNow();
  retry_at_ = 0;
  End();
  SetSync("Stop", "Pause", "");
}

void Reflector::Reload() {
  End();
  versions_.reset();
  listing_ = false;
  settling_ = false;
  resource_version_.clear();
  if (running_) Next();
}

// Of whatever runs.
void Reflector::End() {
  ++epoch_;
  if (has_request_) context_.client.Cancel(request_);
  has_request_ = false;
  ReleaseSlot();
}

// Turns to whatever is to be done next, from the state that is left.
void Reflector::Next() {
  ++epoch_;
  turned_ = UnixNow();
  retry_at_ = 0;
  if (versions_ == nullptr) {
    Load();
  } else if (settling_) {
    FindDeleted();
  } else if (resource_version_.empty()) {
    WaitForSlot();
  } else {
    Watch();
  }
}

void Reflector::Retry(const Status& why) {
  ++context_.counters.watch_errors;
  SetSync("Error", "ResourceWatchFailed", why.message());
  NextAfter(std::max(backoff_.Next(), RetryAfter(why)), why);
}

bool Reflector::WentBack(std::string_view resource_version) {
  const uint64_t version = PackResourceVersion(resource_version);
  if (version == 0 || !IsOrdered(version)) return false;
  if (version < newest_) return true;
  newest_ = version;
  return false;
}

void Reflector::StartOver() {
  LogWarning(resource_.gvr.ToString() + " of cluster " + context_.cluster +
             " has gone back to an earlier resourceVersion; comparing every object");
  trust_stored_versions_ = false;
  newest_ = 0;
  Reload();
}

void Reflector::RetryStore(const Status& why) {
  SetSync("Stop", kStorageExpection, why.message());
  NextAfter(backoff_.Next(), why);
}

void Reflector::NextAfter(std::chrono::milliseconds delay, const Status& why) {
  ++epoch_;
  turned_ = UnixNow();
  retry_at_ = turned_ + std::chrono::ceil<std::chrono::seconds>(delay).count();
  LogDebug(context_.cluster + " " + resource_.gvr.ToString() + ": " + why.ToString());
  context_.loop.PostAfter(delay, IfCurrent([](Reflector& self) { self.Next(); }));
}

void Reflector::Load() {
  // As a job of the writer: what an earlier reflector of this resource has queued is written
  // before.
  auto done = IfCurrent([](Reflector& self, const Status& status,
                           const std::shared_ptr<std::unique_ptr<VersionTable>>& table) {
    self.OnLoaded(status, std::move(*table));
  });
  context_.writer.queue().PushJob(
      [done = std::move(done), &loop = context_.loop, cluster = context_.cluster, gvr = stored_,
       trust = trust_stored_versions_](storage::Store& store) {
        auto table = std::make_unique<VersionTable>();
        const Status status =
            store.LoadVersions(cluster, gvr, [&](const storage::StoredVersion& row) {
              table->Put(MakeObjectKey(row.name_space, row.name),
                         trust ? PackResourceVersion(row.resource_version) : 0);
              return true;
            });
        auto shared = std::make_shared<std::unique_ptr<VersionTable>>(std::move(table));
        loop.Post([done, status, shared] { done(status, shared); });
        return Status();
      },
      context_.cluster);
}

void Reflector::OnLoaded(const Status& status, std::unique_ptr<VersionTable> versions) {
  if (!status.ok()) return RetryStore(status);
  if (sync_.status == "Stop") SetSync("Pending", "SynchroCreating", "");
  versions_ = std::move(versions);
  newest_ = std::max(newest_, versions_->Newest());
  progress_.expected = static_cast<int64_t>(versions_->size());
  Next();
}

Result<storage::ObjectRow> Reflector::MakeRow(std::string_view object) const {
  Result<std::string> body = TransformObject(object_, object);
  if (!body.ok()) return body.status();
  if (conversion_ == nullptr) return storage::EncodeObject(stored_, *body);
  std::string converted;
  const Status status = conversion_->Append(*body, &converted);
  if (!status.ok()) return status;
  return storage::EncodeObject(stored_, converted);
}

void Reflector::Take(const kube::ObjectIdentity& identity, std::string_view object) {
  if (filter_.Selects(identity.name_space, object)) return Upsert(identity, object);
  Delete(identity.name_space, identity.name);
}

void Reflector::Upsert(const kube::ObjectIdentity& identity, std::string_view object) {
  const ObjectKey key = MakeObjectKey(identity.name_space, identity.name);
  const uint64_t version = PackResourceVersion(identity.resource_version);
  const uint64_t* known = versions_->Find(key);
  const bool is_known = known != nullptr;
  if (is_known) versions_->Mark(key);
  if (is_known && *known == version && version != 0) {
    ++context_.counters.unchanged;
    return;
  }
  Result<storage::ObjectRow> row = MakeRow(object);
  if (!row.ok()) {
    ++context_.counters.dropped;
    LogWarning("cannot store " + resource_.gvr.ToString() + " " + identity.name_space + "/" +
               identity.name + " of cluster " + context_.cluster + ": " + row.status().message());
    return;
  }
  versions_->Put(key, version);
  context_.writer.queue().Push({source_, key}, {is_known ? EventKind::kUpdated : EventKind::kAdded,
                                                {storage::Change::Action::kUpsert, context_.cluster,
                                                 stored_, resource_.kind, std::move(*row)}});
}

void Reflector::Delete(const std::string& name_space, const std::string& name) {
  const ObjectKey key = MakeObjectKey(name_space, name);
  if (!versions_->Erase(key)) return;  // It is not stored.
  storage::ObjectRow row;
  row.name_space = name_space;
  row.name = name;
  context_.writer.queue().Push({source_, key}, {EventKind::kDeleted,
                                                {storage::Change::Action::kDelete, context_.cluster,
                                                 stored_, resource_.kind, std::move(row)}});
}

std::string Reflector::CollectionPath() const {
  return filter_.CollectionPath(resource_.gvr, !selectors_refused_);
}

kube::FlowGate Reflector::Gate() {
  return [weak = weak_from_this(), epoch = epoch_]() {
    const std::shared_ptr<Reflector> self = weak.lock();
    if (!self || self->epoch_ != epoch) return kube::Flow::kAbort;
    auto resume = self->IfCurrent(
        [](Reflector& reflector) { reflector.context_.client.Resume(reflector.request_); });
    const bool full = self->context_.writer.queue().WaitForRoom(
        [&loop = self->context_.loop, resume = std::move(resume)] { loop.Post(resume); });
    return full ? kube::Flow::kPause : kube::Flow::kContinue;
  };
}

void Reflector::SetSync(std::string_view status, std::string_view reason,
                        std::string_view message) {
  if (sync_.status != status) sync_.last_transition = UnixNow();
  sync_.status = status;
  sync_.reason = reason;
  sync_.message = message;
  hooks_.changed();
}

}  // namespace pedia::synchro
