#include "kube/lease_group.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "kube/lease_lock.h"
#include "kube/resource_streams.h"
#include "meta/json_string.h"
#include "meta/log.h"

namespace pedia::kube {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxListBytes = 16 << 20;
constexpr size_t kMaxNameBytes = 253;

// A name that an object may have, made of what may stand in it. The end tells identities apart.
std::string LeaseName(const std::string& group, const std::string& identity) {
  std::string name;
  for (const char c : identity) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    name.push_back(plain ? c : upper ? static_cast<char>(c - 'A' + 'a') : '-');
  }
  const size_t room = kMaxNameBytes - std::min(kMaxNameBytes, group.size() + 1);
  if (name.size() > room) name.erase(0, name.size() - room);
  return group + "-" + name;
}

LeaseLockOptions OwnLease(const LeaseGroupOptions& options) {
  LeaseLockOptions own;
  own.lease = {options.name_space, LeaseName(options.group, options.identity), options.identity,
               options.times};
  own.labels = "{\"clusterpedia.io/lease-group\":" + JsonString(options.group) + "}";
  own.delete_on_release = true;
  return own;
}

}  // namespace

// The Leases are listed, not watched: an answer proves that the server was heard at that moment,
// and each is complete; a watch that is silent proves nothing.
class LeaseGroup::Core : public std::enable_shared_from_this<LeaseGroup::Core> {
 public:
  Core(Client& client, LeaseGroupOptions options, std::function<void()> changed)
      : client_(client),
        options_(std::move(options)),
        list_path_(LeasePath(options_.name_space) + "?labelSelector=" +
                   EscapeQueryValue("clusterpedia.io/lease-group=" + options_.group)),
        changed_(std::move(changed)),
        own_(std::make_shared<LeaseLock>(client, OwnLease(options_), [this] { Publish(); })) {}

  EventLoop& loop() { return client_.loop(); }

  void Start() {
    own_->Start();
    ListAfter(milliseconds(0));
  }
  void Release(std::function<void()> released) {
    stopped_ = true;
    own_->Release(std::move(released));
  }
  void Stop() {
    stopped_ = true;
    own_->Stop();
  }

  std::vector<std::string> Members() const {
    if (!own_->held()) return {};
    return others_.With([](const Others& others) {
      return BootClock::now() < others.known_until ? others.members : std::vector<std::string>();
    });
  }

 private:
  struct Others {
    std::vector<std::string> members;  // This process too.
    BootClock::time_point known_until{};
  };

  void ListAfter(milliseconds delay) {
    loop().PostAfter(delay, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && !self->stopped_) self->List();
    });
  }

  void List() {
    Request request;
    request.path_and_query = list_path_;
    request.timeout = AnswerTimeout(options_.times);
    client_.Get(
        std::move(request),
        [weak = weak_from_this(),
         asked = BootClock::now()](const Result<Client::Document>& answer) {
          const auto self = weak.lock();
          if (self && !self->stopped_) self->OnList(asked, answer);
        },
        kMaxListBytes);
  }

  void OnList(BootClock::time_point asked, const Result<Client::Document>& answer) {
    milliseconds delay = Jittered(options_.times.retry_period);
    const Result<std::string_view> body = BodyOf(answer);
    const Result<std::vector<Lease>> leases =
        body.ok() ? ParseLeaseList(*body) : Result<std::vector<Lease>>(body.status());
    if (leases.ok()) {
      failing_ = false;
      See(*leases, asked);
      for (const auto& [name, sighting] : seen_) {
        if (!sighting.IsDead(options_.times.duration))
          delay = std::min(delay, sighting.UntilDeath(options_.times.duration));
      }
    } else if (!std::exchange(failing_, true)) {
      LogWarning("cannot list the Leases of " + options_.group + ": " + leases.status().message());
    }
    Publish();
    ListAfter(delay);
  }

  void See(const std::vector<Lease>& leases, BootClock::time_point asked) {
    std::map<std::string, LeaseSighting> seen;
    std::set<std::string> members{options_.identity};
    for (const Lease& lease : leases) {
      LeaseSighting& sighting = seen[lease.name];
      if (const auto before = seen_.find(lease.name); before != seen_.end())
        sighting = before->second;
      sighting.See(lease.record, asked);
      if (sighting.IsDead(options_.times.duration)) {
        Bury(lease);
      } else if (!lease.record.holder.empty()) {
        members.insert(lease.record.holder);
      }
    }
    seen_ = std::move(seen);
    others_.With([&](Others& others) {
      others.members.assign(members.begin(), members.end());
      others.known_until = asked + options_.times.renew_deadline;
    });
  }

  // At once: who joins now has not watched it, and would leave its share to the dead for as long as
  // its Lease lasts. Only if it is still what was seen: whoever has come back has renewed it.
  void Bury(const Lease& lease) {
    Request request;
    request.method = "DELETE";
    request.path_and_query = LeasePath(options_.name_space, lease.name);
    request.content_type = "application/json";
    request.body =
        "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\",\"preconditions\":"
        "{\"resourceVersion\":" +
        JsonString(lease.resource_version) + "}}";
    request.timeout = AnswerTimeout(options_.times);
    client_.Get(std::move(request), [](const Result<Client::Document>&) {});
  }

  void Publish() {
    std::vector<std::string> members = Members();
    if (stopped_ || members == told_) return;
    told_ = std::move(members);
    changed_();
  }

  Client& client_;
  const LeaseGroupOptions options_;
  const std::string list_path_;
  const std::function<void()> changed_;
  const std::shared_ptr<LeaseLock> own_;
  Guarded<Others> others_;
  std::map<std::string, LeaseSighting> seen_;  // By the Leases' names. Of the loop's thread, as the
  std::vector<std::string> told_;              // rest.
  bool stopped_ = false;
  bool failing_ = false;
};

LeaseGroup::LeaseGroup(Client& client, LeaseGroupOptions options, std::function<void()> changed)
    : core_(std::make_shared<Core>(client, std::move(options), std::move(changed))) {
  core_->Start();
}

LeaseGroup::~LeaseGroup() {
  ReleaseAndStop(
      core_->loop(),
      [core = core_](std::function<void()> released) { core->Release(std::move(released)); },
      [core = core_] { core->Stop(); });
}

std::vector<std::string> LeaseGroup::Members() const { return core_->Members(); }

}  // namespace pedia::kube
