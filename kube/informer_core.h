// Informer::Core: what one Informer knows and is doing, on the loop's thread.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "kube/backoff.h"
#include "kube/informer.h"
#include "kube/object_identity.h"
#include "kube/resource_streams.h"

namespace pedia::kube {

// On the loop's thread but for its construction, Start, synced and last_heard. The handler may
// destroy the informer in any call, which ends it: every callback asks whether it is still meant.
class Informer::Core : public std::enable_shared_from_this<Informer::Core> {
 public:
  using Clock = std::chrono::steady_clock;

  Core(Client& client, InformerOptions options, InformerHandler& handler);
  void Start();
  void Stop();  // Nothing is called any more. Also where the loop has ended.

  Client& client() { return client_; }
  bool synced() const { return synced_; }
  Clock::time_point last_heard() const;

 private:
  using Key = std::pair<std::string, std::string>;  // Namespace, name.
  struct Known {
    std::string resource_version;
    uint64_t list = 0;  // The last list that showed it, or that was current when a watch did.
  };

  // A callback for later: does nothing when this has turned to something else meanwhile.
  template <typename F>
  auto IfCurrent(F f) {
    return [weak = weak_from_this(), epoch = epoch_, f = std::move(f)](const auto&... args) {
      const std::shared_ptr<Core> self = weak.lock();
      if (self && self->epoch_ == epoch) f(*self, args...);
    };
  }

  void Next();  // Lists, or watches from where the last list or watch ended.
  void NextAfter(std::chrono::milliseconds delay);
  void Retry(const Status& why);
  void Send(Request request, std::unique_ptr<ResponseHandler> handler);
  FlowGate Gate();

  void BeginList();
  void ListPage();
  void OnItem(std::string_view item);
  void OnPageEnd(const ListPageEnd& end);
  void OnListFailure(const ListPageEnd& end, const Status& why);
  void FinishList(const ListPageEnd& end);

  void Watch();
  bool OnEvent(const WatchEvent& event);
  bool OnErrorEvent(std::string_view status);
  bool OnObjectEvent(WatchEventType type, std::string_view object);
  void OnWatchEnd(const StreamEnd& end);
  void OnWatchFailure(const Status& why);

  void Upsert(const ObjectIdentity& identity, std::string_view json);
  void Heard() { last_heard_ = Clock::now().time_since_epoch().count(); }

  Client& client_;
  InformerHandler& handler_;
  const InformerOptions options_;
  const std::string collection_;  // The path with its selectors.

  std::atomic<bool> synced_ = false;
  std::atomic<bool> watching_ = false;  // The server has accepted the watch that runs.
  std::atomic<Clock::rep> last_heard_{0};

  uint64_t epoch_ = 0;  // Grows whenever what was begun before must not be heard any more.
  Client::RequestId request_ = 0;
  bool has_request_ = false;
  Backoff backoff_;

  std::map<Key, Known> known_;
  uint64_t list_ = 0;  // Number of the last list.
  std::string continue_;
  bool unpaged_ = false;  // Continue tokens expire faster than we read.
  int expired_lists_ = 0;
  Status bad_item_;

  std::string resource_version_;  // Where the watch goes on; "" = list first.
  Clock::time_point watch_start_{};
  int failed_watches_ = 0;  // In a row.
  bool expired_ = false;    // The last thing heard of the server was that we are too late.
  Status error_event_;
};

}  // namespace pedia::kube
