#include "synchro/cluster_controller.h"

#include <atomic>
#include <future>
#include <map>
#include <optional>
#include <utility>

#include "discovery/pedia_cluster_marks.h"
#include "discovery/pedia_cluster_status.h"
#include "kube/lease.h"
#include "meta/log.h"
#include "meta/time.h"
#include "synchro/cluster_conditions.h"
#include "synchro/cluster_patcher.h"
#include "synchro/cluster_roles.h"

namespace pedia::synchro {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kSyncResourcesPath =
    "/apis/cluster.clusterpedia.io/v1alpha2/clustersyncresources";
constexpr size_t kMaxLeases = 16 << 20;

// One kind of objects that decisions depend on.
class Followed : public kube::InformerHandler {
 public:
  struct Actions {
    std::function<void(std::string_view name, std::string_view json)> set;
    std::function<void(std::string_view name)> remove;
    std::function<void()> changed;
  };
  // `optional`: a server that does not know them, or does not let them be read, has none.
  Followed(std::string what, bool optional, Actions actions)
      : what_(std::move(what)), optional_(optional), actions_(std::move(actions)) {}

  void OnObject(std::string_view, std::string_view name, std::string_view json) override {
    failing_ = false;
    actions_.set(name, json);
    actions_.changed();
  }
  void OnDelete(std::string_view, std::string_view name) override {
    failing_ = false;
    actions_.remove(name);
    actions_.changed();
  }
  void OnSynced() override {
    failing_ = false;
    listed_ = true;
    actions_.changed();
  }
  void OnError(const Status& status) override {
    if (!std::exchange(failing_, true))
      LogWarning("cannot follow the " + what_ + ": " + status.message());
    if (!optional_ || listed_ || !IsRefusal(status)) return;
    listed_ = true;
    actions_.changed();
  }
  bool listed() const { return listed_; }

 private:
  static bool IsRefusal(const Status& status) {
    return status.reason() == StatusReason::kNotFound ||
           status.reason() == StatusReason::kForbidden;
  }

  const std::string what_;
  const bool optional_;
  const Actions actions_;
  bool failing_ = false;
  std::atomic<bool> listed_ = false;
};

// Runs `task` on the loop's thread and waits for it.
template <typename F>
void RunOn(kube::EventLoop& loop, F task) {
  std::promise<void> done;
  loop.Post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace

// Lives on the client's loop thread.
class ClusterController::Core : public std::enable_shared_from_this<ClusterController::Core> {
 public:
  Core(kube::Client& client, const discovery::Registry& registry, const ClusterOwnership& ownership,
       ControllerOptions options, SetClusters set_clusters)
      : client_(client),
        registry_(registry),
        ownership_(ownership),
        options_(std::move(options)),
        set_clusters_(std::move(set_clusters)),
        inventory_(options_.gates),
        roles_(ownership, options_.sharding_name, options_.lease_duration) {
    options_.status.shard = options_.sharding_name;
  }

  kube::EventLoop& loop() { return client_.loop(); }

  void Start() {
    status_writer_.emplace(client_, registry_, options_.status);
    patcher_ = std::make_shared<ClusterPatcher>(
        client_, options_.backoff_initial, options_.backoff_max,
        [this](const std::string& name, std::string_view object) { OnPatched(name, object); });
    Follow(
        "PediaClusters", discovery::kPediaClustersPath, /*optional=*/false,
        [this](std::string_view name, std::string_view json) { SetPediaCluster(name, json); },
        [this](std::string_view name) { RemovePediaCluster(name); });
    // What refers to these would be deleted if they counted as not there.
    Follow(
        "ClusterSyncResources", kSyncResourcesPath, /*optional=*/false,
        [this](std::string_view name, std::string_view json) {
          inventory_.SetSyncResources(name, json);
        },
        [this](std::string_view name) { inventory_.RemoveSyncResources(name); });
    if (options_.gates.secrets) {
      Follow(
          "Secrets", "/api/v1/namespaces/" + options_.name_space + "/secrets",
          /*optional=*/true,
          [this](std::string_view name, std::string_view json) {
            inventory_.SetSecret(name, json);
          },
          [this](std::string_view name) { inventory_.RemoveSecret(name); });
    }
    Tick();
    ListLeases();
  }

  void Stop() {
    stopped_ = true;
    followed_.clear();
    patcher_.reset();
    status_writer_.reset();
  }

  void DecideSoon() {
    if (std::exchange(deciding_, true)) return;
    PostAfter(kGather, [](Core& self) {
      self.deciding_ = false;
      self.Decide();
    });
  }
  void DecideNow() { Decide(); }

  bool synced() const { return synced_; }
  void Freeze() { frozen_ = true; }

  void WriteShutdown(std::function<void()> done) {
    const auto snapshot = registry_.Get();
    StatusWriter::States last;
    for (const std::string& name : decided_.run) {
      const auto found = snapshot->clusters.find(name);
      if (found == snapshot->clusters.end()) continue;
      auto state = std::make_shared<discovery::ClusterState>(*found->second);
      state->conditions = StoppedConditions(state->conditions, kShutdown, "", UnixNow());
      for (discovery::ResourceSync& sync : state->resources) {
        if (sync.status == "Stop") continue;
        sync.status = "Stop";
        sync.reason = sync.message = "";
        sync.last_transition = UnixNow();
      }
      last.emplace(name, std::move(state));
    }
    status_writer_->Finish(std::move(last), std::move(done));
  }

  template <typename F>
  void Post(F task) {
    loop().Post([weak = weak_from_this(), task = std::move(task)] {
      const auto self = weak.lock();
      if (self && !self->stopped_) task(*self);
    });
  }

  ClusterHooks hooks() {
    const auto hook = [this](void (*tell)(ClusterRoles&, const std::string&)) {
      return [weak = weak_from_this(), tell, &loop = loop()](const std::string& cluster) {
        loop.Post([weak, tell, cluster] {
          const auto self = weak.lock();
          if (!self || self->stopped_) return;
          tell(self->roles_, cluster);
          self->DecideSoon();
        });
      };
    };
    return {hook([](ClusterRoles& roles, const std::string& name) { roles.OnDeleted(name); }),
            hook([](ClusterRoles& roles, const std::string& name) { roles.OnReleased(name); }),
            hook([](ClusterRoles& roles, const std::string& name) {
              LogWarning("another process has claimed cluster " + name + "; it is left to it");
              roles.OnFenced(name, Clock::now());
            })};
  }

 private:
  static constexpr std::chrono::milliseconds kGather{20};

  template <typename F>
  void PostAfter(std::chrono::milliseconds delay, F task) {
    loop().PostAfter(delay, [weak = weak_from_this(), task = std::move(task)] {
      const auto self = weak.lock();
      if (self && !self->stopped_) task(*self);
    });
  }

  void Follow(std::string what, std::string_view path, bool optional,
              std::function<void(std::string_view, std::string_view)> set,
              std::function<void(std::string_view)> remove) {
    Following& following = followed_.emplace_back();
    following.handler = std::make_unique<Followed>(
        std::move(what), optional,
        Followed::Actions{std::move(set), std::move(remove), [this] { DecideSoon(); }});
    kube::InformerOptions informer = options_.informer;
    informer.path = path;
    following.informer =
        std::make_unique<kube::Informer>(client_, std::move(informer), *following.handler);
  }

  void SetPediaCluster(std::string_view name, std::string_view json) {
    if (!IsClusterName(name)) return;
    inventory_.SetPediaCluster(name, json);
    roles_.SetObject(name, discovery::ReadMarks(json));
    status_writer_->SetObject(name, json);
  }
  void RemovePediaCluster(std::string_view name) {
    inventory_.RemovePediaCluster(name);
    roles_.RemoveObject(name);
    status_writer_->RemoveObject(name);
  }

  // The informer says so, too, but later. An object that is gone by this comes as the last version of
  // it, without our finalizer; that it is gone only the informer says.
  void OnPatched(const std::string& name, std::string_view object) {
    if (stopped_ || !inventory_.Has(name)) return;
    roles_.SetObject(name, discovery::ReadMarks(object));
    DecideSoon();
  }

  void Tick() {
    Decide();
    PostAfter(options_.tick, [](Core& self) { self.Tick(); });
  }

  void ListLeases() {
    if (!ownership_.acting())
      return PostAfter(options_.leases_interval, [](Core& self) { self.ListLeases(); });
    kube::Request request;
    request.path_and_query = kube::LeasePath(options_.lease_namespace);
    client_.Get(
        std::move(request),
        [weak = weak_from_this(),
         asked = kube::BootClock::now()](const Result<kube::Client::Document>& answer) {
          const auto self = weak.lock();
          if (!self || self->stopped_) return;
          if (answer.ok() && answer->head.code == 200) {
            if (const auto leases = kube::ParseLeaseList(answer->body); leases.ok())
              self->roles_.SeeLeases(*leases, asked);
          }
          self->PostAfter(self->options_.leases_interval, [](Core& core) { core.ListLeases(); });
        },
        kMaxLeases);
  }

  bool AllListed() const {
    for (const Following& following : followed_) {
      if (!following.handler->listed()) return false;
    }
    return true;
  }

  void Decide() {
    synced_ = synced_ || AllListed();
    if (frozen_ || !synced_) return;
    auto decision = roles_.Decide(Clock::now(), UnixNow());
    if (!decision) return;
    const bool specs_changed = inventory_.Refresh();
    if (specs_changed || !decided_once_ || decision->run != decided_.run ||
        decision->elsewhere != decided_.elsewhere || decision->deleted != decided_.deleted) {
      std::vector<ClusterSpec> run;
      for (const std::string& name : decision->run) run.push_back(inventory_.specs().at(name));
      status_writer_->SetOwn(decision->run);
      set_clusters_(std::move(run), decision->elsewhere, decision->deleted);
    }
    decided_once_ = true;
    decided_ = *std::move(decision);
    for (ClusterPatch& patch : std::exchange(decided_.patches, {}))
      patcher_->Send(std::move(patch));
  }

  struct Following {
    std::unique_ptr<Followed> handler;
    std::unique_ptr<kube::Informer> informer;  // Ends first.
  };

  kube::Client& client_;
  const discovery::Registry& registry_;
  const ClusterOwnership& ownership_;
  ControllerOptions options_;
  const SetClusters set_clusters_;
  ClusterInventory inventory_;
  ClusterRoles roles_;
  RoleDecision decided_;  // The last time.
  bool decided_once_ = false;
  bool deciding_ = false;
  bool frozen_ = false;
  bool stopped_ = false;
  std::atomic<bool> synced_ = false;
  std::optional<StatusWriter> status_writer_;
  std::shared_ptr<ClusterPatcher> patcher_;
  std::vector<Following> followed_;
};

ClusterController::ClusterController(kube::Client& client, const discovery::Registry& registry,
                                     const ClusterOwnership& ownership, ControllerOptions options,
                                     SetClusters set_clusters)
    : core_(std::make_shared<Core>(client, registry, ownership, std::move(options),
                                   std::move(set_clusters))) {}

ClusterController::~ClusterController() {
  RunOn(core_->loop(), [this] { core_->Stop(); });
}

ClusterHooks ClusterController::hooks() { return core_->hooks(); }

void ClusterController::Start() {
  RunOn(core_->loop(), [this] { core_->Start(); });
}

void ClusterController::Reconsider() {
  core_->Post([](Core& core) { core.DecideNow(); });
}

bool ClusterController::synced() const { return core_->synced(); }

void ClusterController::Freeze() {
  RunOn(core_->loop(), [this] { core_->Freeze(); });
}

void ClusterController::WriteShutdown(std::chrono::milliseconds timeout) {
  const auto done = std::make_shared<std::promise<void>>();
  core_->Post([done](Core& core) { core.WriteShutdown([done] { done->set_value(); }); });
  if (done->get_future().wait_for(timeout) != std::future_status::ready)
    LogWarning("the status of some clusters could not be written before the end");
}

}  // namespace pedia::synchro
