// MemberServerTest: a served cluster of 300 pods, with verbs for what the tests do to it.
#pragma once
#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/member/churn.h"
#include "tests/member/member_server.h"
#include "tests/member/synthetic.h"
#include "tests/member/test_client.h"
#include "tests/testing/matchers.h"

namespace pedia::member {

using Json = nlohmann::json;

inline const GroupVersionResource kConfigMaps{"", "v1", "configmaps"};

class MemberServerTest : public ::testing::Test {
 protected:
  MemberServerTest() {
    EXPECT_THAT(LoadSynthetic(world_, cluster_), testing::IsOk());
    churn_ = std::make_unique<Churn>(world_, cluster_);
    MemberOptions options;
    options.bookmark_interval = std::chrono::milliseconds(20);
    options.control = true;
    options.churn = churn_.get();
    Result<std::unique_ptr<MemberServer>> server = MemberServer::Start(world_, options);
    EXPECT_THAT(server, testing::IsOk());
    if (server.ok()) server_ = std::move(*server);
  }
  Answer Get(const std::string& path) { return Fetch(*server_, path); }
  Json GetJson(const std::string& path) { return Json::parse(Get(path).body, nullptr, false); }
  long Code(const std::string& path) { return Get(path).code; }
  uint64_t PutConfigMap(const std::string& name) {
    const Result<uint64_t> put =
        world_.Put(kConfigMaps, R"({"metadata":{"namespace":"shop","name":")" + name + R"("}})");
    EXPECT_THAT(put, testing::IsOk());
    return put.ok() ? *put : 0;
  }
  std::string WatchPath(uint64_t version) {
    return "/api/v1/configmaps?watch=true&allowWatchBookmarks=true&resourceVersion=" +
           std::to_string(version);
  }
  // Every page of a list; `between` runs after each.
  std::vector<Json> Pages(
      const std::string& path, const std::function<void()>& between = [] {}) {
    std::vector<Json> pages;
    std::string token;
    do {
      pages.push_back(GetJson(path + (token.empty() ? "" : "&continue=" + token)));
      token = pages.back()["metadata"].value("continue", "");
      between();
    } while (!token.empty());
    return pages;
  }
  static std::vector<std::string> Names(const std::vector<Json>& pages) {
    std::vector<std::string> names;
    for (const Json& page : pages) {
      for (const Json& item : page["items"]) names.push_back(item["metadata"]["name"]);
    }
    return names;
  }

  World world_;
  std::shared_ptr<const SyntheticCluster> cluster_ =
      std::make_shared<SyntheticCluster>(SyntheticOptions{.pods = 300});
  std::unique_ptr<Churn> churn_;
  std::unique_ptr<MemberServer> server_;
};

}  // namespace pedia::member
