// FaultyStore: stands before a real store, is away or slow or forgets to answer on command, and
// counts what it is asked to write for nothing.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <utility>

#include "meta/guarded.h"
#include "storage/store.h"

namespace pedia::synchro {

struct StoreFaults {
  double refuse = 0;       // The odds that a call fails, having done nothing,
  double lose_answer = 0;  // that it does its work and fails,
  double lose_writes = 0;  // and that an Apply claims that the database has lost something.
  std::chrono::milliseconds delay{0};  // Before a write, at most.
};

// Thread-safe.
class FaultyStore : public storage::Store {
 public:
  explicit FaultyStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  void SetOutage(bool on) { is_away_ = on; }
  void SetCannotDelete(bool on) { cannot_delete_ = on; }  // Resources, while all else works.
  void SetFaults(const StoreFaults& faults);
  // Objects given to Apply so far, and those of them that were last written with the same bytes.
  // What a caller cannot know, because an answer was lost, does not count.
  int64_t offered() const;
  int64_t needless() const;

  Status ClaimCluster(std::string_view cluster, std::string_view holder) override;
  Result<storage::ApplyResult> Apply(std::span<const storage::Change> changes) override;
  Status DeleteCluster(std::string_view cluster) override;
  Status DeleteResource(std::string_view cluster, const GroupVersionResource& gvr) override;
  using Store::SaveClusterRecord;
  Status SaveClusterRecord(const storage::ClusterRecord& record,
                           std::span<const storage::NamedDocument> documents) override;
  Result<std::string> LoadDocument(std::string_view name) override;
  Result<std::vector<storage::ClusterRecord>> LoadClusterRecords() override;
  Result<storage::StoredCluster> LoadCluster(std::string_view cluster) override;
  Status LoadVersions(std::string_view cluster, const GroupVersionResource& gvr,
                      const std::function<bool(const storage::StoredVersion&)>& row) override;
  Result<std::vector<storage::ResourceCount>> CountObjects() override;

  // What only a test asks for never fails.
  Result<storage::StoredObject> Get(std::string_view cluster, const GroupVersionResource& gvr,
                                    std::string_view name_space, std::string_view name,
                                    const query::AccessFilter* events) override {
    return store_->Get(cluster, gvr, name_space, name, events);
  }
  Result<storage::ListResult> List(const query::ListScope& scope, const query::ListOptions& options,
                                   const std::function<void(const storage::ListHead&)>& head,
                                   storage::RowSink& sink) override {
    return store_->List(scope, options, head, sink);
  }
  Result<int64_t> Revision() override { return store_->Revision(); }
  int64_t SizeBytes() override { return store_->SizeBytes(); }
  void CancelWrite() override { store_->CancelWrite(); }
  storage::Store& real() { return *store_; }

 private:
  enum class Fate { kWell, kRefused, kAnswerLost };
  struct State {
    std::mt19937_64 random;
    StoreFaults faults;
    std::map<std::string, size_t> written;  // A hash of the body by cluster, resource and name.
    int64_t offered = 0;
    int64_t needless = 0;
  };

  Fate Roll();
  bool RollLostWrites();
  void CountOffered(std::span<const storage::Change> changes);
  void Remember(std::span<const storage::Change> changes, bool known);
  void Forget(const std::string& prefix);
  template <typename F>
  auto Faulty(F call) -> decltype(call());

  const std::unique_ptr<Store> store_;
  std::atomic<bool> is_away_ = false;
  std::atomic<bool> cannot_delete_ = false;
  Guarded<State> state_;
};

}  // namespace pedia::synchro
