#include "synchro/member_discovery.h"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace pedia::synchro {
namespace {

using discovery::ApiResource;

constexpr std::string_view kAccept =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
constexpr size_t kParallelRequests = 6;

// One discovery; kept alive by the callbacks it waits for.
class Discovery : public std::enable_shared_from_this<Discovery> {
 public:
  Discovery(kube::Client& client, std::function<void(Result<MemberDiscovery>)> done)
      : client_(client), done_(std::move(done)) {}

  void Start() {
    Ask("/api", [](Discovery& self, const auto& body) { self.OnRoot(body, true); });
  }

 private:
  // A group version that must be asked for by itself.
  struct LegacyList {
    std::string group_version;
    bool core = false;
    std::optional<std::vector<ApiResource>> resources;
  };

  template <typename F>
  void Ask(std::string path, F then) {
    kube::Request request;
    request.path_and_query = std::move(path);
    request.accept = kAccept;
    client_.Get(std::move(request),
                [self = shared_from_this(), then = std::move(then)](
                    Result<kube::Client::Document> document) { then(*self, ToBody(document)); });
  }

  static Result<std::string> ToBody(Result<kube::Client::Document>& document) {
    if (!document.ok()) return document.status();
    if (document->head.code == 200) return std::move(document->body);
    Status status = kube::StatusFromResponse(document->head.code, document->body,
                                             document->head.retry_after_seconds);
    if (status.ok())
      status = ServiceUnavailable("unexpected answer, code " + std::to_string(document->head.code));
    return status;
  }

  // The answer of /api (`core`) or /apis.
  void OnRoot(const Result<std::string>& body, bool core) {
    if (!body.ok()) return done_(body.status());
    if (auto aggregated = discovery::ParseAggregatedDiscoveryList(*body); aggregated.ok()) {
      for (ApiResource& resource : aggregated->resources)
        found_.served.resources.push_back(std::move(resource));
      for (std::string& stale : aggregated->stale) found_.stale.push_back(std::move(stale));
    } else {
      const auto versions =
          core ? discovery::ParseApiVersions(*body) : discovery::ParseApiGroupList(*body);
      if (!versions.ok()) return done_(versions.status());
      for (const std::string& version : *versions) legacy_.push_back({version, core, {}});
    }
    if (core) {
      Ask("/apis", [](Discovery& self, const auto& answer) { self.OnRoot(answer, false); });
    } else {
      AskMore();
    }
  }

  void AskMore() {
    while (asked_ < legacy_.size() && asked_ - answered_ < kParallelRequests) {
      const size_t index = asked_++;
      Ask((legacy_[index].core ? "/api/" : "/apis/") + legacy_[index].group_version,
          [index](Discovery& self, const auto& body) { self.OnList(index, body); });
    }
    if (answered_ == legacy_.size()) Finish();
  }

  void OnList(size_t index, const Result<std::string>& body) {
    ++answered_;
    if (body.ok()) {
      if (auto resources = discovery::ParseApiResourceList(*body); resources.ok()) {
        legacy_[index].resources = std::move(*resources);
      }
    }
    AskMore();
  }

  void Finish() {
    for (LegacyList& list : legacy_) {
      if (!list.resources) found_.stale.push_back(list.group_version);
      if (!list.resources) continue;
      for (ApiResource& resource : *list.resources)
        found_.served.resources.push_back(std::move(resource));
    }
    if (found_.served.resources.empty())
      return done_(ServiceUnavailable("the cluster serves no resources"));
    done_(std::move(found_));
  }

  kube::Client& client_;
  std::function<void(Result<MemberDiscovery>)> done_;
  MemberDiscovery found_;
  std::vector<LegacyList> legacy_;
  size_t asked_ = 0;
  size_t answered_ = 0;
};

}  // namespace

void DiscoverMember(kube::Client& client, std::function<void(Result<MemberDiscovery>)> done) {
  std::make_shared<Discovery>(client, std::move(done))->Start();
}

}  // namespace pedia::synchro
