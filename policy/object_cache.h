// ObjectCache: the objects of one collection of the management cluster, followed and kept in memory.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "kube/informer.h"
#include "meta/guarded.h"

namespace pedia::policy {

// Thread-safe. The client must outlive it. Destroyed on another thread than the loop's it waits for a
// call that is under way.
class ObjectCache : public kube::InformerHandler {
 public:
  using Text = std::shared_ptr<const std::string>;  // JSON; another one with each change.
  using Key = std::pair<std::string, std::string>;  // Namespace and name.
  using Reduce = std::function<std::string(std::string_view json)>;

  // `path`: of the collection. `changed` is called on the loop's thread after changes and failures;
  // must not block. `reduce`, if there is one, makes of an object what is kept; what it makes the
  // same text of has not changed, and "" is not kept.
  ObjectCache(kube::Client& client, std::string path, std::function<void()> changed,
              Reduce reduce = {});
  ~ObjectCache() override;

  Text Find(const std::string& name_space, const std::string& name) const;
  std::map<Key, Text> All() const;

  // Whether there was a complete list.
  bool synced() const { return informer_->synced(); }
  // Why it cannot be followed at present. Success if it can be; also if it has been and the server
  // cannot be reached just now.
  Status failure() const;
  std::chrono::steady_clock::duration age() const { return Clock::now() - begun_; }

 private:
  using Clock = std::chrono::steady_clock;

  struct State {
    std::map<Key, Text> objects;
    Status error;
    Clock::time_point failed{};
  };

  void OnObject(std::string_view name_space, std::string_view name, std::string_view json) override;
  void OnDelete(std::string_view name_space, std::string_view name) override;
  void OnSynced() override;
  void OnError(const Status& status) override;

  const std::function<void()> changed_;
  const Reduce reduce_;
  const Clock::time_point begun_ = Clock::now();
  Guarded<State> state_;
  std::unique_ptr<kube::Informer> informer_;  // Last: it calls the above.
};

}  // namespace pedia::policy
