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
      stored_(convert::StoredVersion(resource_.gvr)),
      conversion_(convert::FindConversion(resource_.gvr, stored_)),
      object_{context.cluster, resource_.gvr, resource_.kind},
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

void Reflector::Run() {
  if (running_) return;
  running_ = true;
  if (sync_.status == "Stop") SetSync("Pending", "SynchroCreating", "");
  Next();
}

void Reflector::Pause() {
  if (!running_) return;
  running_ = false;
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
  ++epoch_;
  ++context_.counters.watch_errors;
  SetSync("Error", "ResourceWatchFailed", why.message());
  const auto delay = std::max(backoff_.Next(), RetryAfter(why));
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
  context_.writer.queue().PushJob([done = std::move(done), &loop = context_.loop,
                                   cluster = context_.cluster, gvr = stored_,
                                   trust = trust_stored_versions_](storage::Store& store) {
    auto table = std::make_unique<VersionTable>();
    const Status status = store.LoadVersions(cluster, gvr, [&](const storage::StoredVersion& row) {
      table->Put(MakeObjectKey(row.name_space, row.name),
                 trust ? PackResourceVersion(row.resource_version) : 0);
      return true;
    });
    auto shared = std::make_shared<std::unique_ptr<VersionTable>>(std::move(table));
    loop.Post([done, status, shared] { done(status, shared); });
    return Status();
  });
}

void Reflector::OnLoaded(const Status& status, std::unique_ptr<VersionTable> versions) {
  if (!status.ok()) return Retry(status);
  versions_ = std::move(versions);
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

bool Reflector::Upsert(const kube::ObjectIdentity& identity, std::string_view object) {
  const ObjectKey key = MakeObjectKey(identity.name_space, identity.name);
  const uint64_t version = PackResourceVersion(identity.resource_version);
  const uint64_t* known = versions_->Find(key);
  const bool is_known = known != nullptr;
  if (is_known) versions_->Mark(key);
  if (is_known && *known == version && version != 0) {
    ++context_.counters.unchanged;
    return true;
  }
  Result<storage::ObjectRow> row = MakeRow(object);
  if (!row.ok()) {
    ++context_.counters.dropped;
    LogWarning("cannot store " + resource_.gvr.ToString() + " " + identity.name_space + "/" +
               identity.name + " of cluster " + context_.cluster + ": " + row.status().message());
    return false;
  }
  versions_->Put(key, version);
  context_.writer.queue().Push({source_, key}, {is_known ? EventKind::kUpdated : EventKind::kAdded,
                                                {storage::Change::Action::kUpsert, context_.cluster,
                                                 stored_, resource_.kind, std::move(*row)}});
  return true;
}

void Reflector::Delete(const std::string& name_space, const std::string& name) {
  const ObjectKey key = MakeObjectKey(name_space, name);
  versions_->Erase(key);
  storage::ObjectRow row;
  row.name_space = name_space;
  row.name = name;
  context_.writer.queue().Push({source_, key}, {EventKind::kDeleted,
                                                {storage::Change::Action::kDelete, context_.cluster,
                                                 stored_, resource_.kind, std::move(row)}});
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
