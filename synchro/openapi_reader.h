// OpenApiReader: keeps what one member says in OpenAPI about the group versions that are synced:
// from /openapi/v3, where only what has changed is fetched, else from /openapi/v2.
// Source: k8s.io/kube-openapi handler3; OpenAPI 3.0 and 2.0.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "discovery/openapi.h"
#include "discovery/registry.h"
#include "kube/backoff.h"
#include "kube/client.h"
#include "storage/store.h"
#include "synchro/openapi_share.h"
#include "synchro/synchro_manager.h"

namespace pedia::synchro {

// Documents that the store may not have yet. They keep their slots until they are stored, so that
// memory is bounded however slow the store is.
struct OpenApiBatch {
  std::vector<storage::NamedDocument> documents;
  std::vector<OpenApiShare::Slot> slots;
};

// Lives on the client's loop. A document that cannot be had is skipped and asked for again later,
// less and less often; it stops no other. Owned by a shared_ptr.
class OpenApiReader : public std::enable_shared_from_this<OpenApiReader> {
 public:
  // `known`: of an earlier run. `changed` is called when documents() has changed.
  // `client` and `share` must outlive it.
  OpenApiReader(kube::Client& client, OpenApiShare& share, const SynchroOptions& options,
                std::string cluster, std::vector<discovery::OpenApiDocument> known,
                std::function<void(OpenApiBatch)> changed);
  ~OpenApiReader();

  const std::vector<discovery::OpenApiDocument>& documents() const { return documents_; }
  // After each discovery. Looks at once if there is a reason, `announced` is one; else from time to
  // time.
  void Want(const std::vector<discovery::ApiResource>& synced, bool announced);
  void Pause();  // Until the next Want.
  // The store does not have what it was thought to have: everything is fetched again.
  void Forget();

 private:
  using Answer = Result<kube::Client::Document>;

  // Calls that come after the round that they belong to do nothing.
  template <typename F>
  auto InRound(F f) {
    return [weak = weak_from_this(), round = round_, f = std::move(f)](auto&&... args) {
      const std::shared_ptr<OpenApiReader> self = weak.lock();
      if (self && self->round_ == round) f(*self, std::forward<decltype(args)>(args)...);
    };
  }

  void EndRound();  // Whatever of it is still under way counts no more.
  void Read();
  void ReadAfter(std::chrono::milliseconds delay);
  void Finish();
  void Get(kube::Request request, size_t max_bytes, std::function<void(const Answer&)> done);

  void OnIndex(const Answer& answer);
  void NextDocument();
  void FetchNext(const OpenApiShare::Slot& slot);
  void OnDocument(const discovery::OpenApiPath& entry, OpenApiShare::Slot slot,
                  const Answer& answer);
  void FetchV2(const OpenApiShare::Slot& slot);
  std::string KnownV2() const;
  void OnV2(OpenApiShare::Slot slot, const Answer& answer);

  const discovery::OpenApiDocument* Find(const std::string& path) const;
  void Keep(discovery::OpenApiDocument document);
  std::optional<std::string> HashFromOthers(const discovery::OpenApiPath& entry) const;
  void Failed(const std::string& path, const Status& status);

  kube::Client& client_;
  OpenApiShare& share_;
  const SynchroOptions& options_;
  const std::string cluster_;
  const std::function<void(OpenApiBatch)> changed_;
  std::vector<discovery::OpenApiDocument> documents_;  // Sorted by path.
  std::set<GroupVersionResource> resources_;
  std::set<std::string> wanted_;  // The paths of the documents of resources_.
  bool running_ = false;

  uint64_t round_ = 0;
  bool reading_ = false;
  bool again_ = false;   // There was a reason to look while it was being looked.
  bool failed_ = false;  // Something could not be had in this round.
  std::vector<discovery::OpenApiPath> todo_;
  uint64_t waiting_ = 0;  // For a slot.
  std::optional<kube::Client::RequestId> request_;
  int quick_rounds_ = 0;
  kube::Backoff backoff_;
  kube::Backoff forget_backoff_;
  bool trusts_others_ = true;
  std::set<std::string> complaints_;  // What has been logged.
  std::string v2_source_;
  std::set<std::string> v2_asked_;  // What v2_source_ was searched for.
};

}  // namespace pedia::synchro
