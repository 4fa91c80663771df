// Tables of custom resources whose definitions are in the store.
#include <gmock/gmock.h>

#include "tests/apiserver/api_fixture.h"

namespace pedia::apiserver {
namespace {

using nlohmann::json;

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
    store_.Add(kDefinitions, {cluster, "", "widgets.example.com"},
               json{{"spec", {{"versions", versions}}}}.dump());
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
  AddDefinition("a", json::array());
  EXPECT_EQ(ColumnsOf(kAll), plain);
  EXPECT_EQ(ColumnsOf("/clusters/a" + kAll), plain);
}

TEST_F(CustomTableTest, TakeTheDefinitionOfTheFirstClusterThatHasOne) {
  AddDefinition("c", kColor);
  AddDefinition("b", kSize);
  const json table = GetBelow(kAll, kTableAccept).Json();
  ASSERT_EQ(table["rows"].size(), 3u);
  EXPECT_EQ(table["columnDefinitions"][2]["name"], "Size");
  for (const json& row : table["rows"]) EXPECT_EQ(row["cells"][2], 3);
}

TEST_F(CustomTableTest, TakeTheDefinitionOfAClusterThatIsListed) {
  AddDefinition("b", kSize);
  AddDefinition("c", kColor);
  EXPECT_EQ(ColumnsOf("/clusters/c" + kAll), (Names{"Cluster", "Name", "Color"}));
  EXPECT_EQ(ColumnsOf("/clusters/a" + kAll), (Names{"Cluster", "Name", "Age"}));
  EXPECT_EQ(ColumnsOf(kAll + "?clusters=a,c"), (Names{"Cluster", "Name", "Color"}));
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

}  // namespace
}  // namespace pedia::apiserver
