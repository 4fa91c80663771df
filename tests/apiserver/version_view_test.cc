// One kind in several versions: what is stored once is read at each.
#include "apiserver/version_view.h"

#include <gmock/gmock.h>

#include "query/url_query.h"
#include "tests/apiserver/api_fixture.h"
#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

using pedia::testing::IsOk;
const GroupVersionResource kNewEvents{"events.k8s.io", "v1", "events"};
const GroupVersionResource kCronJobs{"batch", "v1", "cronjobs"};
const GroupVersionResource kOldCronJobs{"batch", "v1beta1", "cronjobs"};

query::ListOptions Parse(const GroupVersionResource& gvr, std::string_view query) {
  const auto url = query::ParseUrlQuery(query);
  EXPECT_THAT(url, IsOk());
  auto options = query::ParseListOptions({gvr, "", ""}, *url);
  EXPECT_THAT(options, IsOk());
  return *std::move(options);
}

TEST(VersionViewTest, FieldsAreNamedAsTheRequestedVersionDoes) {
  query::ListOptions options = Parse(kNewEvents,
                                     "fieldSelector=regarding.kind%3DPod,note!%3Dx&orderby=."
                                     "deprecatedCount&facets=regarding.name");
  UseStoredFields(kNewEvents, &options);
  EXPECT_EQ(options.field_selector[0].path.Text(), "involvedObject.kind");
  EXPECT_EQ(options.field_selector[1].path.Text(), "message");
  EXPECT_EQ(options.order_by[0].field.Text(), "count");
  EXPECT_EQ(options.facets[0].field.Text(), "involvedObject.name");
}

TEST(VersionViewTest, OtherFieldsStayWhatTheyAre) {
  query::ListOptions options = Parse(kNewEvents, "fieldSelector=reason%3DPulled,regardingX%3D1");
  UseStoredFields(kNewEvents, &options);
  EXPECT_EQ(options.field_selector[0].path.Text(), "reason");
  EXPECT_EQ(options.field_selector[1].path.Text(), "regardingX");
}

TEST(VersionViewTest, PatternsOfCollectionsAlsoNameWhatIsStored) {
  std::vector<query::ResourcePattern> patterns = {{"events.k8s.io", "", ""},
                                                  {"batch", "v1beta1", "cronjobs"},
                                                  {"autoscaling", "v2", ""},
                                                  {"example.com", "v1beta1", "widgets"}};
  const std::vector<query::ResourcePattern> before = patterns;
  AddStoredVersions(&patterns);
  ASSERT_EQ(patterns.size(), before.size() + 2);
  EXPECT_TRUE(std::equal(before.begin(), before.end(), patterns.begin()));
  EXPECT_EQ(patterns[4], (query::ResourcePattern{"", "v1", "events"}));
  EXPECT_EQ(patterns[5], (query::ResourcePattern{"batch", "v1", "cronjobs"}));
}

class VersionsTest : public ApiTest {
 protected:
  VersionsTest() {
    AddCronJobs("old", kOldCronJobs);
    AddCronJobs("new", kCronJobs);
  }

  // As stored: at batch/v1.
  void AddCronJobs(const std::string& cluster, const GroupVersionResource& served) {
    discovery::ClusterState state;
    state.name = cluster;
    state.conditions = {{"ClusterHealthy", "True", "Healthy", "", 0}};
    state.synced.resources = {{served, "CronJob", "cronjob", true, {"cj"}, {}, {"get", "list"}}};
    registry_.Update(std::move(state));
    store_.Add(kCronJobs, {cluster, "shop", "nightly"},
               R"({"kind":"CronJob","apiVersion":"batch/v1","metadata":{"name":"nightly",)"
               R"("namespace":"shop","annotations":{"shadow.clusterpedia.io/cluster-name":")" +
                   cluster + R"("}},"spec":{"schedule":"0 3 * * *"}})");
  }
};

TEST_F(VersionsTest, AListAtEachVersionHasTheObjectsOfAllClusters) {
  for (const char* version : {"v1", "v1beta1"}) {
    const std::string group_version = std::string("batch/") + version;
    const auto list = GetBelow("/apis/" + group_version + "/cronjobs").Json();
    EXPECT_EQ(list["apiVersion"], group_version);
    ASSERT_EQ(list["items"].size(), 2u) << list;
    for (const auto& item : list["items"]) EXPECT_EQ(item["apiVersion"], group_version);
  }
}

TEST_F(VersionsTest, PagesOfAnyVersionFollowEachOther) {
  for (const char* version : {"v1", "v1beta1"}) {
    const std::string path = "/apis/batch/" + std::string(version) + "/cronjobs?limit=1";
    const auto first = GetBelow(path).Json();
    const Answer second =
        GetBelow(path + "&continue=" + first["metadata"]["continue"].get<std::string>());
    ASSERT_EQ(second.code, 200) << second.body;
    EXPECT_EQ(second.Json()["items"].size(), 1u);
    EXPECT_NE(second.Json()["items"], first["items"]);
  }
}

TEST_F(VersionsTest, AVersionThatNobodyServesIsNotThere) {
  EXPECT_EQ(GetBelow("/apis/batch/v2alpha1/cronjobs").code, 404);
}

TEST_F(VersionsTest, AGetWorksAtEachVersionInEachCluster) {
  for (const char* cluster : {"old", "new"}) {
    for (const char* version : {"v1", "v1beta1"}) {
      const Answer answer = GetBelow("/clusters/" + std::string(cluster) + "/apis/batch/" +
                                     version + "/namespaces/shop/cronjobs/nightly");
      EXPECT_EQ(answer.code, 200) << answer.body;
      EXPECT_EQ(answer.Json()["apiVersion"], std::string("batch/") + version);
    }
  }
}

TEST_F(VersionsTest, AClusterAdvertisesOnlyTheVersionsItServes) {
  const auto group = GetBelow("/clusters/old/apis/batch").Json();
  ASSERT_EQ(group["versions"].size(), 1u);
  EXPECT_EQ(group["versions"][0]["version"], "v1beta1");
  EXPECT_EQ(GetBelow("/apis/batch").Json()["versions"].size(), 2u);
}

TEST_F(VersionsTest, TheStoredVersionIsServedAlsoIfNobodyElseServesIt) {
  registry_.Remove("new");
  const auto list = GetBelow("/apis/batch/v1/cronjobs").Json();
  EXPECT_EQ(list["apiVersion"], "batch/v1");
  EXPECT_EQ(GetBelow("/apis/batch").Json()["versions"].size(), 1u);
}

TEST_F(VersionsTest, AClusterWithoutTheKindHasItInNoVersion) {
  EXPECT_EQ(GetBelow("/clusters/c1/apis/batch/v1/cronjobs").code, 404);
}

TEST_F(VersionsTest, TablesAndMetadataAreOfTheRequestedVersion) {
  const auto table =
      GetBelow("/apis/batch/v1beta1/cronjobs?includeObject=Object", kTableAccept).Json();
  ASSERT_EQ(table["rows"].size(), 2u) << table;
  EXPECT_EQ(table["rows"][0]["cells"][2], "0 3 * * *");
  EXPECT_EQ(table["rows"][0]["object"]["apiVersion"], "batch/v1beta1");
  const auto metadata = GetBelow("/apis/batch/v1beta1/cronjobs?onlyMetadata=true").Json();
  EXPECT_EQ(metadata["items"][0]["apiVersion"], "batch/v1beta1");
}

TEST_F(VersionsTest, WhatIsNotThereIsNamedAsItWasAskedFor) {
  const Answer answer = GetBelow("/clusters/old/apis/batch/v1beta1/namespaces/shop/cronjobs/daily");
  EXPECT_EQ(answer.code, 404);
  EXPECT_EQ(answer.Message(), "cronjobs.batch \"daily\" not found");
}

TEST_F(VersionsTest, AnObjectThatCannotBeConvertedIsServedAsItIs) {
  store_.Add(kCronJobs, {"new", "shop", "odd"}, R"({"apiVersion":7,"metadata":{"name":"odd"}})");
  const Answer answer = GetBelow("/apis/batch/v1beta1/cronjobs");
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.Json()["items"].size(), 3u) << answer.body;
}

}  // namespace
}  // namespace pedia::apiserver
