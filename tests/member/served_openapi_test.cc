#include "tests/member/served_openapi.h"

#include <gmock/gmock.h>

#include "tests/member/member_server_fixture.h"
#include "tests/member/recorded_world.h"

namespace pedia::member {
namespace {

using pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAre;

constexpr const char* kWidgets =
    R"({"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
        "names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList"},
        "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object",
        "properties":{"spec":{"type":"object","properties":{"size":{"type":"integer"}}}}}}}]}})";
const GroupVersionResource kDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions"};

std::vector<std::string> Keys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

class ServedOpenApiTest : public MemberServerTest {
 protected:
  Json Document(const std::string& path) {
    const Json index = GetJson("/openapi/v3");
    return GetJson(index["paths"][path]["serverRelativeURL"]);
  }
};

TEST_F(ServedOpenApiTest, HasADocumentForEveryGroupVersionUnderItsHash) {
  EXPECT_THAT(Keys(GetJson("/openapi/v3")["paths"]),
              IsSupersetOf({"api/v1", "apis/apps/v1", "apis/apiextensions.k8s.io/v1"}));
  const Json document = Document("apis/apps/v1");
  EXPECT_EQ(document["paths"]["/apis/apps/v1/deployments"]["get"]["x-kubernetes-group-version-kind"]
                    ["kind"],
            "Deployment");
  EXPECT_EQ(Code("/openapi/v3/apis/apps/v1?hash=OTHER"), 301);
  EXPECT_EQ(Code("/openapi/v3/apis/none/v1"), 404);
}

TEST_F(ServedOpenApiTest, FollowsACustomResourceDefinition) {
  ASSERT_THAT(world_.Put(kDefinitions, kWidgets), IsOk());
  const auto spec = [&] {
    return Document("apis/example.com/v1")["components"]["schemas"]["com.example.v1.Widget"]
                                          ["properties"]["spec"]["properties"];
  };
  EXPECT_THAT(Keys(spec()), ElementsAre("size"));
  std::string changed = kWidgets;
  changed.replace(changed.find("size"), 4, "girth");
  ASSERT_THAT(world_.Put(kDefinitions, changed), IsOk());
  EXPECT_THAT(Keys(spec()), ElementsAre("girth"));
  ASSERT_THAT(world_.Delete(kDefinitions, {"", "widgets.example.com"}), IsOk());
  EXPECT_FALSE(GetJson("/openapi/v3")["paths"].contains("apis/example.com/v1"));
}

TEST_F(ServedOpenApiTest, SaysTheSameInVersion2) {
  server_->SetOpenApi(OpenApiOffer::kVersion2);
  EXPECT_EQ(Code("/openapi/v3"), 404);
  const Json document = GetJson("/openapi/v2");
  EXPECT_EQ(document["swagger"], "2.0");
  const Json& get = document["paths"]["/api/v1/namespaces/{namespace}/pods/{name}"]["get"];
  EXPECT_EQ(get["responses"]["200"]["schema"]["$ref"], "#/definitions/io.k8s.api.core.v1.Pod");
  EXPECT_TRUE(document["definitions"].contains("io.k8s.api.core.v1.Pod"));
  EXPECT_THAT(document.dump(), ::testing::Not(HasSubstr("#/components")));
  server_->SetOpenApi(OpenApiOffer::kNone);
  EXPECT_EQ(Code("/openapi/v2"), 404);
}

TEST_F(ServedOpenApiTest, CountsWhatItGaveOut) {
  Document("api/v1");
  Document("api/v1");
  EXPECT_THAT(server_->OpenApiAnswers(), UnorderedElementsAre(std::pair("/openapi/v3", 2),
                                                              std::pair("/openapi/v3/api/v1", 2)));
}

TEST(RecordedOpenApiTest, HasOnlyWhatIsRecordedAndTheCustomResourcesAsTheyAre) {
  World world;
  ASSERT_THAT(
      LoadRecordedWorld(world, {PEDIA_SOURCE_ROOT "/tests/testdata/world/world.json.gz", ""}),
      IsOk());
  EXPECT_THAT(
      Keys(Json::parse(world.OpenApi("/openapi/v3")->json)["paths"]),
      UnorderedElementsAre("api/v1", "apis/apps/v1", "apis/batch/v1", "apis/example.com/v1"));
  ASSERT_THAT(world.Put(kDefinitions, kWidgets), IsOk());
  const Json document = Json::parse(world.OpenApi("/openapi/v3/apis/example.com/v1")->json);
  const Json& schemas = document["components"]["schemas"];
  EXPECT_TRUE(
      schemas["com.example.v1.Widget"]["properties"]["spec"]["properties"].contains("size"));
  EXPECT_FALSE(
      schemas["com.example.v1.Widget"]["properties"]["spec"]["properties"].contains("color"));
  EXPECT_TRUE(schemas.contains("com.example.v1.Gadget"));
}

}  // namespace
}  // namespace pedia::member
