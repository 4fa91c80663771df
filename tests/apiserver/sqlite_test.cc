// The handlers over the real embedded store: what the fake one cannot show.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "storage/sql_store.h"
#include "tests/apiserver/api_fixture.h"

namespace pedia::apiserver {
namespace {

using ::testing::HasSubstr;

class SqliteApiTest : public ApiTest {
 protected:
  SqliteApiTest() {
    std::string folder =
        (std::filesystem::temp_directory_path() / "pedia-apiserver-XXXXXX").string();
    folder_ = mkdtemp(folder.data());
    auto store = storage::OpenSqliteStore({.path = folder_ / "pedia.db"});
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    sqlite_ = *std::move(store);
    server_ = std::make_unique<ApiServer>(*sqlite_, registry_, ApiServerOptions());
  }
  ~SqliteApiTest() override {
    server_.reset();
    sqlite_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Write(const std::string& cluster, int pods) {
    std::vector<storage::Change> changes;
    for (int i = 0; i < pods; ++i) {
      std::string body = PodBody(cluster, "shop", "web-" + std::to_string(100 + i));
      body.insert(body.find("\"annotations\""),
                  R"("labels":{"parity":")" + std::string(i % 2 == 0 ? "even" : "odd") + R"("},)");
      auto row = storage::EncodeObject(kPods, body);
      ASSERT_TRUE(row.ok()) << row.status().ToString();
      changes.push_back({storage::Change::Action::kUpsert, cluster, kPods, "Pod", *std::move(row)});
    }
    const auto applied = sqlite_->Apply(changes);
    ASSERT_TRUE(applied.ok()) << applied.status().ToString();
  }

  void WriteObject(const std::string& cluster, const GroupVersionResource& gvr,
                   const std::string& kind, const std::string& body) {
    auto row = storage::EncodeObject(gvr, body);
    ASSERT_TRUE(row.ok()) << row.status().ToString();
    const std::vector<storage::Change> changes = {
        {storage::Change::Action::kUpsert, cluster, gvr, kind, *std::move(row)}};
    const auto applied = sqlite_->Apply(changes);
    ASSERT_TRUE(applied.ok()) << applied.status().ToString();
  }
  void WriteDeployment(const std::string& cluster, const std::string& name,
                       const std::string& more_metadata = "") {
    WriteObject(cluster, kDeployments, "Deployment",
                R"({"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":")" + name +
                    R"(","namespace":"shop",)" + more_metadata +
                    R"("resourceVersion":"7","creationTimestamp":"2026-11-22T07:56:20Z",)" +
                    R"("annotations":{"shadow.clusterpedia.io/cluster-name":")" + cluster +
                    R"("}},"spec":{"replicas":3}})");
  }

  std::filesystem::path folder_;
  std::unique_ptr<storage::Store> sqlite_;
};

TEST_F(SqliteApiTest, PagesShowEveryObjectOnce) {
  Write("c1", 45);
  Write("c2", 30);
  for (const char* query :
       {"limit=7", "limit=7&orderby=name%20desc", "limit=7&orderby=created_at,cluster%20desc"}) {
    std::multiset<std::string> seen;
    std::string token;
    int pages = 0;
    do {
      const Answer answer = GetBelow("/api/v1/pods?" + std::string(query) + "&continue=" + token);
      ASSERT_EQ(answer.code, 200) << answer.body;
      const nlohmann::json list = answer.Json();
      for (const auto& item : list["items"]) {
        seen.insert(item["metadata"]["annotations"].begin()->get<std::string>() +
                    item["metadata"]["name"].get<std::string>());
      }
      token = list["metadata"].value("continue", "");
    } while (!token.empty() && ++pages < 20);
    EXPECT_EQ(seen.size(), 75u) << query;
    EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 75u) << query;
  }
}

TEST_F(SqliteApiTest, ATokenOfAnotherQueryIsRefused) {
  Write("c1", 5);
  const std::string token =
      GetBelow("/api/v1/pods?limit=2").Json()["metadata"].value("continue", "");
  const Answer answer =
      GetBelow("/api/v1/pods?limit=2&labelSelector=parity%3Dodd&continue=" + token);
  EXPECT_EQ(answer.code, 400);
  EXPECT_THAT(answer.Message(), HasSubstr("continue"));
}

TEST_F(SqliteApiTest, SelectsCountsAndGets) {
  Write("c1", 6);
  const nlohmann::json list =
      GetBelow("/api/v1/pods?labelSelector=parity%3Dodd&limit=1&withRemainingCount=true").Json();
  EXPECT_EQ(list["items"][0]["metadata"]["name"], "web-101");
  EXPECT_EQ(list["metadata"]["remainingItemCount"], 2);
  EXPECT_EQ(GetBelow("/clusters/c1/api/v1/namespaces/shop/pods/web-103").Json()["kind"], "Pod");
  EXPECT_EQ(GetBelow("/clusters/c1/api/v1/namespaces/shop/pods/web-999").Message(),
            "pods \"web-999\" not found");
  EXPECT_EQ(GetBelow("/clusters/c1/api/v1/namespaces/shop/pods/a%2525'%22--").code, 404);
}

TEST_F(SqliteApiTest, ListsCarryTheRevisionOfTheStore) {
  Write("c1", 1);
  const auto revision = sqlite_->Revision();
  ASSERT_TRUE(revision.ok());
  EXPECT_EQ(GetBelow("/api/v1/pods").Json()["metadata"]["resourceVersion"],
            std::to_string(*revision));
}

TEST_F(SqliteApiTest, CollectionsPageOverTheirResourcesTogether) {
  Write("c1", 5);
  Write("c2", 3);
  for (const char* name : {"web-101", "zoo"}) WriteDeployment("c1", name);
  const std::string path =
      "/apis/clusterpedia.io/v1beta1/collectionresources/any?resources=%2Fpods&groups=apps&limit=3";
  std::vector<std::string> seen;
  std::string token;
  do {
    const nlohmann::json page = Get(path + "&continue=" + token).Json();
    ASSERT_TRUE(page["items"].is_array()) << page.dump();
    std::set<std::string> kinds;
    for (const auto& item : page["items"]) {
      seen.push_back(item["metadata"]["annotations"].begin()->get<std::string>() + "/" +
                     item["metadata"]["name"].get<std::string>() + " " +
                     item["kind"].get<std::string>());
      kinds.insert(item["kind"]);
    }
    EXPECT_EQ(page["resourceTypes"].size(), kinds.size());
    token = page.value("continue", "");
  } while (!token.empty() && seen.size() < 20);
  EXPECT_THAT(seen, ::testing::ElementsAre("c1/web-100 Pod", "c1/web-101 Pod",
                                           "c1/web-101 Deployment", "c1/web-102 Pod",
                                           "c1/web-103 Pod", "c1/web-104 Pod", "c1/zoo Deployment",
                                           "c2/web-100 Pod", "c2/web-101 Pod", "c2/web-102 Pod"));
}

TEST_F(SqliteApiTest, FacetsCountEverythingThatMatches) {
  Write("c1", 5);
  Write("c2", 3);
  const nlohmann::json list =
      GetBelow("/api/v1/pods?facets=cluster,metadata.labels%5B%27parity%27%5D&limit=1").Json();
  EXPECT_EQ(list["items"].size(), 1u);
  EXPECT_EQ(nlohmann::json::parse(
                list["metadata"]["annotations"].value("search.clusterpedia.io/facets", "")),
            nlohmann::json::parse(R"({"total":8,"facets":[
          {"facet":"cluster","values":[{"value":"c1","count":5},{"value":"c2","count":3}],"missing":0},
          {"facet":"metadata.labels['parity']","values":[{"value":"even","count":5},{"value":"odd","count":3}],
           "missing":0}]})"));
}

TEST_F(SqliteApiTest, InjectsTheEventsOfAnObject) {
  WriteDeployment("c1", "web", R"("uid":"u-1",)");
  WriteDeployment("c2", "web", R"("uid":"u-1",)");
  WriteObject("c1", {"", "v1", "events"}, "Event",
              R"({"kind":"Event","apiVersion":"v1","metadata":{"name":"web.1","namespace":"shop",)"
              R"("annotations":{"shadow.clusterpedia.io/cluster-name":"c1"}},)"
              R"("involvedObject":{"kind":"Deployment","namespace":"shop","name":"web",)"
              R"("uid":"u-1","apiVersion":"apps/v1"},"reason":"Scaled"})");
  const auto reason_of = [](const nlohmann::json& object) {
    const std::string text =
        object["metadata"]["annotations"].value("shadow.clusterpedia.io/events", "[]");
    const nlohmann::json events = nlohmann::json::parse(text);
    return events.size() == 1 && !events[0]["metadata"].contains("annotations")
               ? events[0]["reason"].get<std::string>()
               : text;
  };
  const nlohmann::json items =
      GetBelow("/apis/apps/v1/deployments?injectEvents=true").Json()["items"];
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(reason_of(items[0]), "Scaled");
  EXPECT_EQ(reason_of(items[1]), "[]");
  EXPECT_EQ(reason_of(GetBelow("/clusters/c1/apis/apps/v1/namespaces/shop/deployments/web"
                               "?injectEvents=true")
                          .Json()),
            "Scaled");
  EXPECT_EQ(reason_of(Get("/apis/clusterpedia.io/v1beta1/collectionresources/workloads"
                          "?injectEvents=true&clusters=c1")
                          .Json()["items"][0]),
            "Scaled");
}

TEST_F(SqliteApiTest, SaysWhenAConditionHasNoIndex) {
  Write("c1", 4);
  EXPECT_EQ(GetBelow("/api/v1/pods?labelSelector=parity%3Dodd").Header("Pedia-Query-Plan"),
            "index");
  const Answer scan = GetBelow("/api/v1/pods?fieldSelector=spec.nodeSelector.disk%3Dssd");
  EXPECT_EQ(scan.Header("Pedia-Query-Plan"), "scan");
  EXPECT_EQ(scan.Header("Pedia-Objects-Scanned"), "4");
  EXPECT_EQ(scan.Json()["items"].size(), 0u);
}

}  // namespace
}  // namespace pedia::apiserver
