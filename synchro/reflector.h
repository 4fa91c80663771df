// Reflector: keeps the stored objects of one resource of one cluster equal to the member's: load
// what is stored, list, find what was deleted, watch; and again from where it makes sense when
// anything fails. Source: k8s.io/client-go/tools/cache Reflector; Kubernetes API concepts
// "Efficient detection of changes".
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/version_families.h"
#include "discovery/registry.h"
#include "kube/backoff.h"
#include "kube/client.h"
#include "kube/object_identity.h"
#include "kube/resource_streams.h"
#include "synchro/list_slots.h"
#include "synchro/object_filter.h"
#include "synchro/object_transform.h"
#include "synchro/synchro_manager.h"
#include "synchro/synchro_report.h"
#include "synchro/version_table.h"
#include "synchro/writer.h"

namespace pedia::synchro {

// What all reflectors of a cluster share; outlives them.
struct ReflectorContext {
  std::string cluster;
  kube::EventLoop& loop;
  kube::Client& client;
  Writer& writer;
  const SynchroOptions& options;
  SyncCounters& counters;
  ListSlots& slots;
};

// What one reflector reads, and how that compares with what is stored.
struct ReflectorSource {
  discovery::ApiResource resource;  // As the member serves it; stored as convert::StoredVersion.
  // False: what is stored may be of another cluster of the same name, or was made from another
  // version, so equal resourceVersions prove nothing.
  bool trust_stored_versions = true;
  ObjectFilter filter;  // Which of the objects.
  SecretData secret_data = SecretData::kFull;
};

// The reason of a ResourceSync that the store stops, in Clusterpedia's spelling.
inline constexpr std::string_view kStorageExpection = "StorageExpection";

// Lives on the loop's thread, owned by a shared_ptr.
class Reflector : public std::enable_shared_from_this<Reflector> {
 public:
  struct Hooks {
    std::function<void()> changed;  // sync() or progress() is new.
    std::function<void()> touched;  // The member changed an object (a watch said so).
    std::function<void()> unknown;  // The member does not know the resource (404).
  };
  Reflector(const ReflectorContext& context, ReflectorSource source, Hooks hooks);

  void Run();    // Starts, or goes on where Pause interrupted.
  void Pause();  // Ends what runs; changes already read will be written.
  // The store may have lost what was written: compares all that is there with the member.
  void Reload();

  const discovery::ApiResource& resource() const { return resource_; }
  // Whether `other` would make the same of the same objects.
  bool ReadsAs(const ReflectorSource& other) const;
  void set_resource(discovery::ApiResource resource) { resource_ = std::move(resource); }
  const discovery::ResourceSync& sync() const { return sync_; }
  ResourceProgress progress() const;
  ResourceReport Report() const;

 private:
  using ObjectName = std::pair<std::string, std::string>;  // Namespace, name.

  // A callback for later: does nothing if this reflector is gone or has turned to something else
  // meanwhile.
  template <typename F>
  auto IfCurrent(F f) {
    return [weak = weak_from_this(), epoch = epoch_, f = std::move(f)](const auto&... args) {
      const std::shared_ptr<Reflector> self = weak.lock();
      if (self && self->epoch_ == epoch) f(*self, args...);
    };
  }

  std::string_view StateName() const;  // As in a ResourceReport.
  void End();
  void Next();
  void Retry(const Status& why);
  void RetryStore(const Status& why);
  void NextAfter(std::chrono::milliseconds delay, const Status& why);
  // Whether the member has gone back behind what it has shown before: a backup of it was restored,
  // or the answer is from a cache that lags. Equal resourceVersions prove nothing then.
  bool WentBack(std::string_view resource_version);
  void StartOver();  // Compares every object with what is stored.
  void Load();
  void OnLoaded(const Status& status, std::unique_ptr<VersionTable> versions);

  void WaitForSlot();
  void ReleaseSlot();
  void ListPage();
  void OnItem(std::string_view item);
  void OnPageEnd(const kube::ListPageEnd& end);
  void OnListFailure(const kube::ListPageEnd& end);
  void FinishList(const kube::ListPageEnd& end);
  void FindDeleted();
  void OnDeletedFound(const Status& status, const std::vector<ObjectName>& gone, bool complete);
  void FinishInitialList();

  void Watch();
  bool OnEvent(const kube::WatchEvent& event);
  bool OnErrorEvent(std::string_view status);
  bool OnEarlierVersion();
  bool OnObjectEvent(kube::WatchEventType type, std::string_view object);
  void OnWatchEnd(const kube::StreamEnd& end);
  void Relist(const Status& why);

  // Queues the object for the writer if it is wanted and its version is new; deletes what is not
  // wanted any more.
  void Take(const kube::ObjectIdentity& identity, std::string_view object);
  void Upsert(const kube::ObjectIdentity& identity, std::string_view object);
  Result<storage::ObjectRow> MakeRow(std::string_view object) const;
  void Delete(const std::string& name_space, const std::string& name);
  std::string CollectionPath() const;
  kube::FlowGate Gate();
  void SetSync(std::string_view status, std::string_view reason, std::string_view message);

  const ReflectorContext& context_;
  discovery::ApiResource resource_;
  bool trust_stored_versions_;
  const ObjectFilter filter_;
  const GroupVersionResource stored_;            // Under which the objects are stored.
  const convert::Conversion* const conversion_;  // To `stored_`; null if that is what is read.
  ObjectContext object_;
  const Hooks hooks_;
  const uint64_t source_;  // Of the merge queue's keys.
  kube::Backoff backoff_;
  discovery::ResourceSync sync_;
  ResourceProgress progress_;

  bool running_ = false;
  uint64_t epoch_ = 0;  // Grows whenever what was begun before must not be heard any more.
  kube::Client::RequestId request_ = 0;
  bool has_request_ = false;
  bool has_slot_ = false;

  std::unique_ptr<VersionTable> versions_;  // Null until loaded.
  uint64_t newest_ =
      0;  // The newest resourceVersion that was shown or is stored, if they have an order.
  bool listing_ = false;            // A list has begun; continue_ is where it goes on.
  bool settling_ = false;           // The list is complete, deletions are being looked for.
  bool has_nameless_ = false;       // The list was not understood whole: it proves no deletion.
  bool unpaged_ = false;            // Continue tokens expire faster than we read.
  bool selectors_refused_ = false;  // By the member.
  bool listed_once_ = false;
  std::string continue_;
  int64_t page_start_ = 0;  // progress_.listed before the current page.
  int expired_lists_ = 0;
  std::string resource_version_;  // Where the watch goes on; "" = list first.

  std::chrono::steady_clock::time_point watch_start_{};
  int64_t watch_events_ = 0;
  bool watch_was_heard_ = false;  // An event or a bookmark has come.
  int fruitless_watches_ = 0;     // In a row: failed without an event.
  bool must_relist_ = false;
  Status error_event_;

  // For people; Unix seconds.
  int64_t turned_ = 0;    // To what it does.
  int64_t retry_at_ = 0;  // 0 while it does not wait to try again.
  int64_t last_event_ = 0;
  int64_t events_ = 0;
  int64_t relists_ = 0;
};

}  // namespace pedia::synchro
