#include "tests/apiserver/fake_host.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

namespace pedia::apiserver {
namespace {

using nlohmann::json;

void Answer(const std::shared_ptr<ResponseWriter>& response, int code, const std::string& body) {
  response->Send(code, {{"Content-Type", "application/json"}}, body);
}

}  // namespace

FakeHost::FakeHost() {
  HttpServerOptions options;
  options.workers = 32;
  auto server = StartBeastServer(
      options, [this](const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
        Handle(request, response);
      });
  EXPECT_TRUE(server.ok());
  server_ = *std::move(server);
  kube::RestConfig config;
  config.server = "http://127.0.0.1:" + std::to_string(server_->port());
  client_ = std::make_unique<kube::Client>(loop_, config);
}

FakeHost::~FakeHost() {
  client_.reset();
  Locked([this] {
    company_ = 0;
    watches_.clear();
  });
  server_.reset();
}

void FakeHost::SetToken(const std::string& token, const std::string& status) {
  Locked([&] { tokens_[token] = status; });
}

void FakeHost::SetAccess(std::function<bool(const std::string&)> allowed) {
  Locked([&] { allowed_ = std::move(allowed); });
}

void FakeHost::SetConfigMap(const std::map<std::string, std::string>& data) {
  Locked([&] {
    const bool is_new = config_map_.empty();
    config_map_ = data;
    ++version_;
    const std::string event = std::string(R"({"type":")") + (is_new ? "ADDED" : "MODIFIED") +
                              R"(","object":)" + ConfigMap() + "}\n";
    for (const auto& watch : watches_) watch->Write(event);
  });
}

void FakeHost::SetMode(Mode mode) {
  Locked([&] { mode_ = mode; });
}

int FakeHost::token_reviews() {
  const std::scoped_lock lock(mutex_);
  return token_reviews_;
}

int FakeHost::access_reviews() {
  const std::scoped_lock lock(mutex_);
  return access_reviews_;
}

std::string FakeHost::last_review() {
  const std::scoped_lock lock(mutex_);
  return last_review_;
}

std::string FakeHost::ConfigMap() const {
  return json{{"kind", "ConfigMap"},
              {"apiVersion", "v1"},
              {"metadata",
               {{"name", "extension-apiserver-authentication"},
                {"namespace", "kube-system"},
                {"resourceVersion", std::to_string(version_)}}},
              {"data", config_map_}}
      .dump();
}

void FakeHost::Handle(const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
  if (request.target.find("/configmaps") != std::string::npos)
    return ServeConfigMap(request, response);
  Review(request, response);
}

void FakeHost::ServeConfigMap(const HttpRequest& request,
                              const std::shared_ptr<ResponseWriter>& response) {
  const std::scoped_lock lock(mutex_);
  if (mode_ == Mode::kForbids) return Answer(response, 403, "{}");
  if (request.target.find("watch=") != std::string::npos) {
    response->WriteHead(200, {{"Content-Type", "application/json"}}, {});
    if (request.target.find("resourceVersion=" + std::to_string(version_)) == std::string::npos)
      response->Write(R"({"type":"MODIFIED","object":)" + ConfigMap() + "}\n");
    watches_.push_back(response);
    return;
  }
  Answer(response, 200,
         R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":")" +
             std::to_string(version_) + R"("},"items":[)" +
             (config_map_.empty() ? "" : ConfigMap()) + "]}");
}

void FakeHost::Review(const HttpRequest& request, const std::shared_ptr<ResponseWriter>& response) {
  std::unique_lock lock(mutex_);
  const bool is_token = request.target == "/apis/authentication.k8s.io/v1/tokenreviews";
  ++(is_token ? token_reviews_ : access_reviews_);
  last_review_ = request.body;
  ++waiting_;
  changed_.notify_all();
  changed_.wait_for(lock, std::chrono::seconds(10), [this] { return waiting_ >= company_; });
  if (mode_ == Mode::kHangsUp) return response->Abort();
  if (mode_ == Mode::kForbids)
    return Answer(response, 403, R"({"kind":"Status","message":"pedia may not","code":403})");
  if (mode_ == Mode::kFails || failures_ > 0) {
    --failures_;
    return Answer(response, 500, R"({"kind":"Status","message":"etcd at 10.0.0.1 is gone"})");
  }
  if (mode_ == Mode::kSaysWrong) return Answer(response, 200, R"({"kind":"Pod","status":{}})");
  json review = json::parse(request.body);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.Header("Content-Type"), "application/json");
  if (is_token) {
    const auto token = tokens_.find(review["spec"]["token"].get<std::string>());
    review["status"] = token == tokens_.end()
                           ? json{{"user", json::object()}, {"error", "invalid bearer token"}}
                           : json::parse(token->second);
    review["spec"].erase("token");
  } else {
    EXPECT_EQ(request.target, "/apis/authorization.k8s.io/v1/subjectaccessreviews");
    const bool allowed = allowed_ && allowed_(request.body);
    review["status"] = {{"allowed", allowed}, {"reason", allowed ? "" : "no rule"}};
  }
  Answer(response, 201, review.dump());
}

}  // namespace pedia::apiserver
