#include "discovery/built_in_groups.h"

#include <gtest/gtest.h>

namespace pedia::discovery {
namespace {

TEST(IsBuiltInGroupTest, KnowsTheGroupsOfKubernetesOnly) {
  for (const char* group : {"", "apps", "batch", "storage.k8s.io", "rbac.authorization.k8s.io",
                            "admissionregistration.k8s.io"}) {
    EXPECT_TRUE(IsBuiltInGroup(group)) << group;
  }
  for (const char* group :
       {"example.com", "gateway.networking.k8s.io", "snapshot.storage.k8s.io"}) {
    EXPECT_FALSE(IsBuiltInGroup(group)) << group;
  }
}

}  // namespace
}  // namespace pedia::discovery
