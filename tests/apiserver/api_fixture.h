// ApiTest: an ApiServer over a fake store and two clusters; a test sends requests and looks at what
// came back.
#pragma once
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "apiserver/api_server.h"
#include "apiserver/fixed_credentials.h"
#include "tests/apiserver/fake_store.h"

namespace pedia::apiserver {

// What a client would have got.
struct Answer {
  int code = 0;
  HeaderFields headers;
  std::string body;
  bool finished = false;
  bool aborted = false;
  std::optional<uint64_t> content_length;

  std::string Header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return "";
  }
  // Of what is no JSON: a discarded value, equal to nothing.
  nlohmann::json Json() const { return nlohmann::json::parse(body, nullptr, false); }
  std::string Message() const { return Json().value("message", ""); }
  std::string Reason() const { return Json().value("reason", ""); }
};

// Writes into an Answer; the client goes away after `client_leaves_after` bytes of body, or when
// `client_gone` says so.
class CapturingWriter : public ResponseWriter {
 public:
  explicit CapturingWriter(std::shared_ptr<Answer> answer, size_t client_leaves_after = SIZE_MAX,
                           std::shared_ptr<std::atomic<bool>> client_gone = nullptr)
      : answer_(std::move(answer)),
        room_(client_leaves_after),
        client_gone_(std::move(client_gone)) {}
  ~CapturingWriter() override { answer_->aborted = answer_->aborted || !answer_->finished; }

  void WriteHead(int status, const HeaderFields& headers,
                 std::optional<uint64_t> content_length) override {
    ASSERT_EQ(answer_->code, 0) << "two heads";
    answer_->code = status;
    answer_->headers = headers;
    answer_->content_length = content_length;
  }
  bool Write(std::string_view bytes) override {
    if (answer_->body.size() + bytes.size() > room_) return false;
    answer_->body += bytes;
    return true;
  }
  bool TryWrite(std::string_view bytes, size_t) override { return Write(bytes); }
  void Finish() override { answer_->finished = !answer_->aborted; }
  void Abort() override { answer_->aborted = true; }
  bool ClientGone() const override { return client_gone_ && client_gone_->load(); }
  void OnClientGone(std::function<void()>) override {}

 private:
  const std::shared_ptr<Answer> answer_;
  const size_t room_;
  const std::shared_ptr<std::atomic<bool>> client_gone_;
};

inline const std::string kBelow = "/apis/clusterpedia.io/v1beta1/resources";
inline const std::string kTableAccept =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

class ApiTest : public ::testing::Test {
 protected:
  // From now on only who brings one of them is let in.
  void RequireCredentials(Credentials credentials) {
    authenticator_ = std::make_unique<FixedCredentials>(std::move(credentials));
    options_.authenticator = authenticator_.get();
    options_.authorizer = &authorizer_;
  }

  ApiTest() {
    AddCluster("c1", "True", "Healthy");
    AddCluster("c2", "False", "NotReachable");
    AddPod("c1", "shop", "web-0");
    AddPod("c1", "shop", "web-1");
    AddPod("c2", "shop", "web-0");
  }

  void AddCluster(const std::string& name, const std::string& healthy, const std::string& reason) {
    discovery::ClusterState state;
    state.name = name;
    state.api_server = "https://" + name + ":6443";
    state.version_json =
        name == "c1" ? R"({"major":"1","minor":"32","gitVersion":"v1.32.13"})" : "";
    state.conditions = {{"ClusterHealthy", healthy, reason, "", 1'700'000'000}};
    state.synced.resources = {
        {kPods, "Pod", "pod", true, {"po"}, {"all"}, {"get", "list", "watch"}},
        {{"", "v1", "nodes"}, "Node", "node", false, {"no"}, {}, {"get", "list"}},
        {{"", "v1", "namespaces"}, "Namespace", "namespace", false, {"ns"}, {}, {"get", "list"}}};
    if (name == "c1")
      state.synced.resources.push_back(
          {kDeployments, "Deployment", "deployment", true, {"deploy"}, {}, {"get", "list"}});
    registry_.Update(std::move(state));
  }

  void AddPod(const std::string& cluster, const std::string& name_space, const std::string& name) {
    store_.Add(kPods, {cluster, name_space, name}, PodBody(cluster, name_space, name));
  }

  // As an item of a member's list: without kind and apiVersion.
  static std::string PodBody(const std::string& cluster, const std::string& name_space,
                             const std::string& name) {
    return R"({"metadata":{"name":")" + name + R"(","namespace":")" + name_space +
           R"(","resourceVersion":"7","creationTimestamp":"2026-11-22T07:56:20Z","annotations":{)" +
           R"("shadow.clusterpedia.io/cluster-name":")" + cluster +
           R"("}},"spec":{"nodeName":"n1"},"status":{"phase":"Running"}})";
  }

  Answer Send(const std::string& method, const std::string& target,
              const HeaderFields& headers = {}) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers = headers;
    return Send(request);
  }
  Answer Send(const HttpRequest& request) {
    if (!server_) server_ = std::make_unique<ApiServer>(store_, registry_, options_);
    const auto answer = std::make_shared<Answer>();
    auto writer = std::make_shared<CapturingWriter>(answer, client_leaves_after_, client_gone_);
    on_metrics_port_ ? server_->HandleMetrics(request, writer) : server_->Handle(request, writer);
    writer.reset();
    return *answer;
  }
  Answer Get(const std::string& target, const std::string& accept = "application/json") {
    return Send("GET", target, {{"Accept", accept}});
  }
  // Below /apis/clusterpedia.io/v1beta1/resources.
  Answer GetBelow(const std::string& path, const std::string& accept = "application/json") {
    return Get(kBelow + path, accept);
  }

  const GroupVersionResource kPods{"", "v1", "pods"};
  const GroupVersionResource kDeployments{"apps", "v1", "deployments"};
  FakeStore store_;
  discovery::Registry registry_;
  std::unique_ptr<Authenticator> authenticator_;
  MastersAuthorizer authorizer_;
  ApiServerOptions options_;
  size_t client_leaves_after_ = SIZE_MAX;
  const std::shared_ptr<std::atomic<bool>> client_gone_ =
      std::make_shared<std::atomic<bool>>(false);
  bool on_metrics_port_ = false;
  std::unique_ptr<ApiServer> server_;
};

}  // namespace pedia::apiserver
