#include "cmd/feature_gates.h"

#include <gmock/gmock.h>

#include "tests/testing/matchers.h"

namespace pedia::cmd {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(FeatureGatesTest, ReadsNamesAndValues) {
  const auto gates = FeatureGates::Parse({"A=true", " B = false ", "", "C=1"});
  ASSERT_THAT(gates, IsOk());
  EXPECT_TRUE(gates->Enabled("A"));
  EXPECT_FALSE(gates->Enabled("B", true));
  EXPECT_TRUE(gates->Enabled("C"));
  EXPECT_FALSE(gates->Enabled("D"));
  EXPECT_TRUE(gates->Enabled("D", true));
}

TEST(FeatureGatesTest, TheLastWordCounts) {
  const auto gates = FeatureGates::Parse({"A=true", "A=false"});
  ASSERT_THAT(gates, IsOk());
  EXPECT_FALSE(gates->Enabled("A", true));
}

TEST(FeatureGatesTest, QuotesWhatIsNoGate) {
  for (const char* item : {"A", "A=", "=true", "A=yes", "A=true=false"}) {
    EXPECT_THAT(FeatureGates::Parse({item}), FailsWith(StatusReason::kBadRequest, HasSubstr(item)));
  }
}

TEST(FeatureGatesTest, KnowsWhatIsNotKnown) {
  const auto gates = FeatureGates::Parse({"B=true", "A=true", "C=false"});
  ASSERT_THAT(gates, IsOk());
  EXPECT_THAT(gates->Unknown({"A"}), ElementsAre("B", "C"));
}

}  // namespace
}  // namespace pedia::cmd
