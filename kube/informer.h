// Informer: follows the objects of one collection of one kube-apiserver by list and watch, for what
// is small and wanted in memory: PediaClusters, a ConfigMap, RoleBindings, Leases.
// Source: client-go/tools/cache Reflector; Kubernetes API concepts "Efficient detection of changes".
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "kube/client.h"
#include "meta/status.h"

namespace pedia::kube {

struct InformerOptions {
  // "/api/v1/namespaces/kube-system/configmaps", below the server's own path prefix.
  std::string path;
  std::string field_selector{};  // "metadata.name=extension-apiserver-authentication"
  std::string label_selector{};
  std::chrono::milliseconds backoff_initial{800};
  std::chrono::milliseconds backoff_max{30'000};
  std::chrono::seconds watch_timeout_min{300};  // Between this and twice this.
};

// All calls on the loop's thread; must not block.
class InformerHandler {
 public:
  virtual ~InformerHandler() = default;
  // New or changed: its resourceVersion is another one than last time. `json` is valid during the
  // call.
  virtual void OnObject(std::string_view name_space, std::string_view name,
                        std::string_view json) = 0;
  virtual void OnDelete(std::string_view name_space, std::string_view name) = 0;
  // After each complete list: what was not in it has been deleted.
  virtual void OnSynced() = 0;
  // List or watch failed; it goes on trying, with back-off. Not for a watch that ended in order.
  virtual void OnError(const Status& status) = 0;
};

// Thread-safe. `client` and `handler` must outlive it; destroyed on the loop's thread it calls
// nothing any more at once, on another thread it waits for a call that is under way.
class Informer {
 public:
  Informer(Client& client, InformerOptions options, InformerHandler& handler);
  ~Informer();
  Informer(const Informer&) = delete;
  Informer& operator=(const Informer&) = delete;
  // Whether a first list was complete.
  bool synced() const;
  // When the server was last heard: a complete list, or a watch that was open. Steady clock; the
  // epoch if never.
  std::chrono::steady_clock::time_point last_heard() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace pedia::kube
