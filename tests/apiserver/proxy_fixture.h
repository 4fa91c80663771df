// ProxyTest: pedia over TLS in front of a simulated member, with clients that speak HTTP by hand.
#pragma once
#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apiserver/api_server.h"
#include "apiserver/proxy_handler.h"
#include "apiserver/request_class.h"
#include "certs/key_pair.h"
#include "meta/base64.h"
#include "tests/apiserver/credulous_access.h"
#include "tests/apiserver/fake_store.h"
#include "tests/http/test_client.h"
#include "tests/member/member_server.h"
#include "tests/member/synthetic.h"
#include "tests/testing/matchers.h"

namespace pedia::apiserver {

using pedia::testing::ClientTls;
using pedia::testing::HttpAnswer;
using pedia::testing::TestClient;
using Json = nlohmann::json;

inline const std::string kClusters = "/apis/clusterpedia.io/v1beta1/resources/clusters";
inline const std::string kPod = "/api/v1/namespaces/shop/pods/web";
inline const std::string kService = "/api/v1/namespaces/shop/services/web";

class ProxyTest : public ::testing::Test {
 protected:
  ProxyTest() {
    EXPECT_THAT(LoadSynthetic(world_, std::make_shared<member::SyntheticCluster>(
                                          member::SyntheticOptions{.pods = 1})),
                testing::IsOk());
    Put("pods", R"({"metadata":{"namespace":"shop","name":"web"}})");
    Put("services", R"({"metadata":{"namespace":"shop","name":"web"}})");
    Put("nodes", R"({"metadata":{"name":"n1"}})");
    Put("configmaps",
        R"({"metadata":{"namespace":"shop","name":"a","labels":{"app":"web"}},"data":{"k":"v"}})");
    auto member = member::MemberServer::Start(world_, {});
    EXPECT_THAT(member, testing::IsOk());
    member_ = std::move(*member);
    proxy_.enabled = proxy_.allow_cluster_config = proxy_.proxy_path = true;
    EXPECT_THAT(proxy_.AllowSubresources({"log", "exec", "attach", "portfowrd", "proxy"}),
                testing::IsOk());
    for (const std::string name : {"c1", "empty", "broken", "unreachable"}) AddCluster(name);
  }
  ~ProxyTest() override {
    https_.reset();
    handler_.reset();
    api_.reset();
  }

  void Put(const std::string& resource, const std::string& object) {
    EXPECT_THAT(world_.Put({"", "v1", resource}, object), testing::IsOk());
  }
  void AddCluster(const std::string& name) {
    discovery::ClusterState state;
    state.name = name;
    state.synced.resources = {{{"", "v1", "configmaps"}, "ConfigMap", "", true, {}, {}, {"get"}},
                              {{"", "v1", "nodes"}, "Node", "", false, {}, {}, {"get"}},
                              {{"", "v1", "pods"}, "Pod", "", true, {}, {}, {"get"}},
                              {{"", "v1", "services"}, "Service", "", true, {}, {}, {"get"}}};
    registry_.Update(std::move(state));
  }

  std::optional<Result<kube::RestConfig>> ConnectionOf(std::string_view cluster) const {
    kube::RestConfig config;
    if (cluster == "empty") return config;
    if (cluster == "broken") return Result<kube::RestConfig>(ServiceUnavailable("no such Secret"));
    config.server = member_->url() + base_path_;
    config.ca_pem = member_->ca_pem();
    config.token = member_->token();
    if (cluster == "unreachable") config.server = "https://127.0.0.1:1";
    return cluster == "c1" || cluster == "unreachable"
               ? std::optional(Result<kube::RestConfig>(config))
               : std::nullopt;
  }

  void Start() {
    handler_ = std::make_unique<ProxyHandler>(
        proxy_, [this](std::string_view cluster) { return ConnectionOf(cluster); });
    ApiServerOptions options;
    options.authenticator = &authenticator_;
    options.authorizer = &authorizer_;
    options.proxy = handler_.get();
    api_ = std::make_unique<ApiServer>(store_, registry_, options);
    auto ca = certs::MakeCertificateAuthority("pedia-ca", 86400);
    ASSERT_THAT(ca, testing::IsOk());
    ca_pem_ = ca->certificate_pem;
    auto pair = certs::IssueCertificate(*ca, {"pedia", {}, {"localhost"}, {"127.0.0.1"}});
    ASSERT_THAT(pair, testing::IsOk());
    http_.tls = TlsOptions{};
    http_.tls->certificate_pem = pair->certificate_pem;
    http_.tls->key_pem = pair->key_pem;
    http_.classify = [](const HttpRequest& request) { return ClassifyRequest(request, ""); };
    auto server = StartBeastServer(
        http_, [this](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
          api_->Handle(request, response);
        });
    ASSERT_THAT(server, testing::IsOk());
    https_ = std::move(*server);
  }

  std::unique_ptr<TestClient> Connect() {
    if (!https_) Start();
    const ClientTls tls{.ca_pem = ca_pem_, .key_pair = std::nullopt, .session = {}};
    return std::make_unique<TestClient>(https_->port(), &tls);
  }
  static std::string Text(const std::string& method, const std::string& target,
                          const HeaderFields& headers = {}, const std::string& body = "") {
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: pedia\r\n";
    for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + body;
  }
  // Of cluster c1.
  HttpAnswer Send(const std::string& method, const std::string& path,
                  const HeaderFields& headers = {}, const std::string& body = "") {
    return SendTo("c1", method, path, headers, body);
  }
  HttpAnswer SendTo(const std::string& cluster, const std::string& method, const std::string& path,
                    const HeaderFields& headers = {}, const std::string& body = "") {
    const auto client = Connect();
    client->Send(Text(method, kClusters + "/" + cluster + path, headers, body));
    return client->Receive(method == "HEAD");
  }
  HttpAnswer Get(const std::string& path, const HeaderFields& headers = {}) {
    return Send("GET", path, headers);
  }
  static std::string MessageOf(const HttpAnswer& answer) {
    return Json::parse(answer.body, nullptr, false).value("message", answer.body);
  }

  // What the member saw last of what was passed on.
  HttpRequest LastForwarded() const {
    const auto requests = member_->ForwardedRequests();
    return requests.empty() ? HttpRequest() : requests.back();
  }
  static std::vector<std::string> ValuesOf(const HttpRequest& request, const std::string& name) {
    std::vector<std::string> values;
    for (const auto& [key, value] : request.headers) {
      if (strcasecmp(key.c_str(), name.c_str()) == 0) values.push_back(value);
    }
    return values;
  }

  member::World world_;
  std::unique_ptr<member::MemberServer> member_;
  std::string base_path_;
  ProxyOptions proxy_;
  FakeStore store_;
  discovery::Registry registry_;
  CredulousAuthenticator authenticator_;
  RememberingAuthorizer authorizer_;
  HttpServerOptions http_;
  std::string ca_pem_;
  std::unique_ptr<ApiServer> api_;
  std::unique_ptr<ProxyHandler> handler_;
  std::unique_ptr<HttpServer> https_;
};

}  // namespace pedia::apiserver
