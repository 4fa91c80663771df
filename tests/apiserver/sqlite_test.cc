// The handlers over the real embedded store: what the fake one cannot show.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "storage/sqlite_store.h"
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

}  // namespace
}  // namespace pedia::apiserver
