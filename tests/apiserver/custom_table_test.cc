// Tables of custom resources whose definitions are in the store.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "apiserver/printer_lookup.h"
#include "tests/apiserver/api_fixture.h"

namespace pedia::apiserver {
namespace {

using nlohmann::json;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class CustomTableTest : public ApiTest {
 protected:
  CustomTableTest() {
    for (const char* cluster : {"a", "b", "c"}) {
      AddWidgetCluster(cluster, /*syncs_definitions=*/true);
      AddWidget(cluster, "w");
    }
  }

  void AddWidgetCluster(const std::string& name, bool syncs_definitions) {
    discovery::ClusterState state;
    state.name = name;
    state.conditions = {{"ClusterHealthy", "True", "Healthy", "", 1'700'000'000}};
    state.synced.resources = {{kWidgets, "Widget", "widget", true, {}, {}, {"get", "list"}}};
    if (syncs_definitions)
      state.synced.resources.push_back({kDefinitions,
                                        "CustomResourceDefinition",
                                        "customresourcedefinition",
                                        false,
                                        {"crd"},
                                        {},
                                        {"get", "list"}});
    registry_.Update(std::move(state));
  }

  void AddWidget(const std::string& cluster, const std::string& name) {
    store_.Add(
        kWidgets, {cluster, "team", name},
        R"({"metadata":{"name":")" + name +
            R"(","namespace":"team","resourceVersion":"7","creationTimestamp":)"
            R"("2020-01-01T00:00:00Z","annotations":{"shadow.clusterpedia.io/cluster-name":")" +
            cluster + R"("}},"spec":{"size":3,"color":"red"}})");
  }

  void AddDefinition(const std::string& cluster, const json& columns) {
    const json versions = {{{"name", "v1"}, {"additionalPrinterColumns", columns}}};
    store_.Add(
        kDefinitions, {cluster, "", "widgets.example.com"},
        json{{"metadata", {{"annotations", {{"shadow.clusterpedia.io/cluster-name", cluster}}}}},
             {"spec", {{"versions", versions}}}}
            .dump());
  }

  static json Column(const std::string& name, const std::string& type, const std::string& path) {
    return {{"name", name}, {"type", type}, {"jsonPath", path}};
  }

  std::vector<std::string> ColumnsOf(const std::string& path) {
    std::vector<std::string> names;
    const json table = GetBelow(path, kTableAccept).Json();
    for (const json& column : table["columnDefinitions"]) names.push_back(column["name"]);
    return names;
  }

  const GroupVersionResource kWidgets{"example.com", "v1", "widgets"};
  const GroupVersionResource kDefinitions{"apiextensions.k8s.io", "v1",
                                          "customresourcedefinitions"};
  const json kSize = json::array({Column("Size", "integer", ".spec.size")});
  const json kColor = json::array({Column("Color", "string", ".spec.color")});
  const std::string kAll = "/apis/example.com/v1/widgets";
};

using Names = std::vector<std::string>;

TEST_F(CustomTableTest, HaveTheColumnsOfTheDefinition) {
  AddDefinition("b", kSize);
  const std::string path = "/clusters/b/apis/example.com/v1/namespaces/team/widgets";
  for (const std::string& object : {std::string(), std::string("/w")}) {
    for (const std::string version : {"v1", "v1beta1"}) {
      const json table =
          GetBelow(path + object, "application/json;as=Table;v=" + version + ";g=meta.k8s.io")
              .Json();
      EXPECT_EQ(table["apiVersion"], "meta.k8s.io/" + version);
      ASSERT_EQ(table["columnDefinitions"].size(), 3u) << object;
      EXPECT_EQ(table["columnDefinitions"][2]["name"], "Size");
      EXPECT_EQ(table["columnDefinitions"][2]["type"], "integer");
      EXPECT_EQ(table["rows"][0]["cells"], json({"b", "w", 3}));
      EXPECT_EQ(table["rows"][0]["object"]["metadata"]["name"], "w");
    }
  }
}

TEST_F(CustomTableTest, HaveAgeWithoutADefinitionOrWithoutColumnsInIt) {
  const Names plain = {"Cluster", "Name", "Age"};
  EXPECT_EQ(ColumnsOf(kAll), plain);
  server_.reset();  // And what it remembers.
  AddDefinition("a", json::array());
  EXPECT_EQ(ColumnsOf(kAll), plain);
  EXPECT_EQ(ColumnsOf("/clusters/a" + kAll), plain);
}

TEST_F(CustomTableTest, HaveTheColumnsThatAllClustersHave) {
  AddDefinition(
      "b", {Column("Color", "string", ".spec.color"), Column("Size", "integer", ".spec.size")});
  AddDefinition("c", {Column("Size", "string", ".metadata.name"), Column("Ready", "string", ".x")});
  const json table = GetBelow(kAll, kTableAccept).Json();
  ASSERT_EQ(table["columnDefinitions"].size(), 3u);
  EXPECT_EQ(table["columnDefinitions"][2]["name"], "Size");
  EXPECT_EQ(table["columnDefinitions"][2]["type"], "integer");
  ASSERT_EQ(table["rows"].size(), 3u);
  EXPECT_EQ(table["rows"][0]["cells"], json({"a", "w", 3}));  // Its definition is not known.
  EXPECT_EQ(table["rows"][1]["cells"], json({"b", "w", 3}));
  EXPECT_EQ(table["rows"][2]["cells"], json({"c", "w", nullptr}));
}

TEST_F(CustomTableTest, HaveAgeWithoutAColumnThatAllClustersHave) {
  AddDefinition("b", kSize);
  AddDefinition("c", kColor);
  EXPECT_EQ(ColumnsOf(kAll), (Names{"Cluster", "Name", "Age"}));
}

TEST_F(CustomTableTest, TakeTheDefinitionsOfTheClustersThatAreListed) {
  AddDefinition("b", kSize);
  AddDefinition("c", kColor);
  EXPECT_EQ(ColumnsOf("/clusters/c" + kAll), (Names{"Cluster", "Name", "Color"}));
  EXPECT_EQ(ColumnsOf("/clusters/a" + kAll), (Names{"Cluster", "Name", "Age"}));
  EXPECT_EQ(ColumnsOf(kAll + "?clusters=a,c"), (Names{"Cluster", "Name", "Color"}));
}

TEST_F(CustomTableTest, TakeNoDefinitionOfAClusterThatDoesNotSyncTheResource) {
  AddDefinition("b", kSize);
  AddDefinition("c1", kColor);
  discovery::ClusterState other = *registry_.Get()->Find("c1");
  other.synced.resources.push_back(registry_.Get()->Find("b")->synced.resources.back());
  registry_.Update(other);
  EXPECT_EQ(ColumnsOf(kAll), (Names{"Cluster", "Name", "Size"}));
}

TEST_F(CustomTableTest, DoNotReadADefinitionThatIsNotSynced) {
  AddDefinition("a", kSize);
  AddWidgetCluster("a", /*syncs_definitions=*/false);
  EXPECT_EQ(ColumnsOf("/clusters/a" + kAll), (Names{"Cluster", "Name", "Age"}));
}

TEST_F(CustomTableTest, DoNotLookForDefinitionsOfKubernetesOwnKinds) {
  store_.Add(kDefinitions, {"c1", "", "pods"},
             json{{"spec", {{"versions", {{{"name", "v1"}, {"additionalPrinterColumns", kSize}}}}}}}
                 .dump());
  EXPECT_EQ(ColumnsOf("/clusters/c1/api/v1/pods").at(2), "Ready");
}

class PrinterLookupTest : public CustomTableTest {
 protected:
  // The third column after so much time.
  std::string ColumnAfter(std::chrono::milliseconds time, const std::string& cluster = "") {
    const auto printer = lookup_.Find(*registry_.Get(), {kWidgets, cluster, ""}, {},
                                      PrinterLookup::Time(hours(1)) + time);
    return printer->columns().at(2).name;
  }

  PrinterLookup lookup_{store_};
};

TEST_F(PrinterLookupTest, ReadsTheDefinitionsOfAllClustersAtOnceAndRemembersThem) {
  for (const char* cluster : {"a", "b", "c"}) AddDefinition(cluster, kSize);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ColumnAfter(milliseconds(100 * i)), "Size");
  EXPECT_EQ(store_.lists(), 1);
  EXPECT_EQ(ColumnAfter(milliseconds(0), "a"), "Size");
  EXPECT_EQ(store_.lists(), 2);
}

TEST_F(PrinterLookupTest, SeesAChangedDefinitionWithinSeconds) {
  AddDefinition("b", kSize);
  EXPECT_EQ(ColumnAfter(milliseconds(0)), "Size");
  AddDefinition("b", kColor);
  EXPECT_EQ(ColumnAfter(milliseconds(1900)), "Size");
  EXPECT_EQ(ColumnAfter(seconds(60)), "Color");
}

TEST_F(PrinterLookupTest, HasTheDefaultColumnsWhileTheStoreFails) {
  AddDefinition("b", kSize);
  store_.FailAfter(0, ServiceUnavailable("gone"));
  EXPECT_EQ(ColumnAfter(milliseconds(0)), "Age");
  store_.FailAfter(0, {});
  EXPECT_EQ(ColumnAfter(seconds(60)), "Size");
}

TEST_F(PrinterLookupTest, LetsOneThreadReadWhileTheOthersWait) {
  AddDefinition("b", kSize);
  constexpr int kThreads = 8;
  std::atomic<int> begun{0};
  std::atomic<int> reads{0};
  store_.SetBeforeRows([&](storage::RowSink&) {
    ++reads;
    while (begun < kThreads) std::this_thread::yield();
  });
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      ++begun;
      EXPECT_EQ(ColumnAfter(milliseconds(0)), "Size");
    });
  }
  threads.clear();
  EXPECT_EQ(reads, 1);
}

TEST_F(PrinterLookupTest, RemembersABoundedNumberOfAnswers) {
  for (int i = 0; i < 300; ++i) ColumnAfter(milliseconds(1), "x" + std::to_string(i));
  EXPECT_EQ(store_.lists(), 300);
  ColumnAfter(milliseconds(2), "x299");
  EXPECT_EQ(store_.lists(), 300);
  ColumnAfter(milliseconds(2), "x0");
  EXPECT_EQ(store_.lists(), 301);
}

}  // namespace
}  // namespace pedia::apiserver
