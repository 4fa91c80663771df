#include "meta/group_version_resource.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

namespace pedia {
namespace {

TEST(GroupVersionResourceTest, KnowsItsPathAndNames) {
  EXPECT_EQ((GroupVersionResource{"", "v1", "pods"}).Path(), "/api/v1/pods");
  EXPECT_EQ((GroupVersionResource{"apps", "v1", "deployments"}).Path(),
            "/apis/apps/v1/deployments");
  EXPECT_EQ((GroupVersionResource{"apps", "v1", "deployments"}).GroupResource(),
            "deployments.apps");
}

TEST(IsPreferredVersionTest, OrdersAsKubernetesDoes) {
  std::vector<std::string> versions = {"foo1", "v1beta1",  "v12alpha1", "v11",
                                       "v10",  "v3beta1",  "foo10",     "v2",
                                       "v1",   "v11beta2", "v11alpha2"};
  std::sort(versions.begin(), versions.end(), IsPreferredVersion);
  EXPECT_THAT(versions,
              ::testing::ElementsAre("v11", "v10", "v2", "v1", "v11beta2", "v3beta1", "v1beta1",
                                     "v12alpha1", "v11alpha2", "foo1", "foo10"));
}

}  // namespace
}  // namespace pedia
