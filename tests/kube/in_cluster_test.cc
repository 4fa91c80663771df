#include "kube/in_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/kube/temporary_folder.h"
#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::HasSubstr;

class InClusterConfigTest : public ::testing::Test {
 protected:
  InClusterConfigTest() {
    Set("10.96.0.1", "443");
    folder_.Write("token", "t0ken\n");
    folder_.Write("ca.crt", "CA");
  }
  ~InClusterConfigTest() override {
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
  }
  static void Set(const char* host, const char* port) {
    setenv("KUBERNETES_SERVICE_HOST", host, 1);
    setenv("KUBERNETES_SERVICE_PORT", port, 1);
  }
  const TemporaryFolder folder_;
};

TEST_F(InClusterConfigTest, ReadsTheServiceAccount) {
  const auto config = InClusterConfig(folder_.path());
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->server, "https://10.96.0.1:443");
  EXPECT_EQ(config->ca_pem, "CA");
  EXPECT_EQ(config->token_file, (folder_.path() / "token").string());
  EXPECT_EQ(config->token, "");
}

TEST_F(InClusterConfigTest, PutsBracketsAroundAnAddressOfVersion6) {
  Set("fd00::1", "6443");
  EXPECT_EQ(InClusterConfig(folder_.path())->server, "https://[fd00::1]:6443");
}

TEST_F(InClusterConfigTest, SaysWhatIsNotThere) {
  EXPECT_THAT(InClusterConfig(folder_.path() / "none"),
              FailsWith(StatusReason::kBadRequest, HasSubstr("none/token")));
  folder_.Write("ca.crt", "");
  EXPECT_THAT(InClusterConfig(folder_.path()),
              FailsWith(StatusReason::kBadRequest, HasSubstr("ca.crt is empty")));
  unsetenv("KUBERNETES_SERVICE_PORT");
  EXPECT_THAT(InClusterConfig(folder_.path()),
              FailsWith(StatusReason::kBadRequest, HasSubstr("no pod of a cluster")));
}

}  // namespace
}  // namespace pedia::kube
