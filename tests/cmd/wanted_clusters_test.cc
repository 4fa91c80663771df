#include "cmd/wanted_clusters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>

#include "tests/testing/matchers.h"

namespace pedia::cmd {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class WantedClustersTest : public ::testing::Test {
 protected:
  WantedClustersTest() {
    OnLoop([this] { wanted_.emplace(client_, registry_); });
  }
  ~WantedClustersTest() override {
    OnLoop([this] { wanted_.reset(); });
  }
  template <typename F>
  void OnLoop(F f) {
    std::promise<void> done;
    loop_.Post([&] {
      f();
      done.set_value();
    });
    done.get_future().wait();
  }
  static std::string Object(const std::string& name, const std::string& spec,
                            const std::string& metadata = "") {
    return R"({"apiVersion":"cluster.clusterpedia.io/v1alpha2","kind":"PediaCluster","metadata":{"name":")" +
           name + "\"" + metadata + R"(},"spec":)" + spec + "}";
  }
  void Put(const std::string& name, const std::string& spec, const std::string& metadata = "") {
    OnLoop([&] { wanted_->OnObject("", name, Object(name, spec, metadata)); });
  }
  void Synced() {
    OnLoop([&] { wanted_->OnSynced(); });
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    const auto specs = wanted_->TakeChanged();
    EXPECT_TRUE(specs.has_value());
    if (!specs) return names;
    for (const auto& spec : *specs) names.push_back(spec.name);
    return names;
  }

  const std::string spec_ = R"({"apiserver":"https://x","tokenData":"eA==","syncResources":[]})";
  discovery::Registry registry_;
  kube::EventLoop loop_;
  kube::Client client_{loop_, {}};
  std::optional<WantedClusters> wanted_;
};

TEST_F(WantedClustersTest, SaysNothingBeforeTheFirstCompleteList) {
  Put("c1", spec_);
  EXPECT_EQ(wanted_->TakeChanged(), std::nullopt);
  Put("c2", spec_);
  Synced();
  EXPECT_THAT(Names(), ElementsAre("c1", "c2"));
  EXPECT_EQ(wanted_->TakeChanged(), std::nullopt);
}

TEST_F(WantedClustersTest, TellsThatThereAreNone) {
  Synced();
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(WantedClustersTest, FollowsChangesAndDeletions) {
  Put("c1", spec_);
  Put("c2", spec_);
  Synced();
  (void)wanted_->TakeChanged();
  OnLoop([&] { wanted_->OnDelete("", "c1"); });
  EXPECT_THAT(Names(), ElementsAre("c2"));
  Put("c2", R"({"apiserver":"https://y","tokenData":"eA==","syncResources":[]})");
  const auto specs = wanted_->TakeChanged();
  ASSERT_TRUE(specs.has_value());
  ASSERT_THAT(specs->front().config, IsOk());
  EXPECT_EQ(specs->front().config->server, "https://y");
}

TEST_F(WantedClustersTest, CallsNoChangeWhatIsOneOfTheStatus) {
  Put("c1", spec_);
  Synced();
  (void)wanted_->TakeChanged();
  Put("c1", spec_ + R"(,"status":{"version":"v1.32.1"})");
  EXPECT_EQ(wanted_->TakeChanged(), std::nullopt);
  // Gone and back.
  OnLoop([&] { wanted_->OnDelete("", "c1"); });
  Put("c1", spec_);
  EXPECT_THAT(Names(), ElementsAre("c1"));
}

TEST_F(WantedClustersTest, TakesOneThatIsBeingDeletedForGone) {
  Put("c1", spec_);
  Synced();
  EXPECT_THAT(Names(), ElementsAre("c1"));
  Put("c1", spec_, R"(,"deletionTimestamp":"2026-11-23T20:00:00Z")");
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(WantedClustersTest, KeepsAClusterThatCannotBeUnderstood) {
  Put("c1", spec_);
  Synced();
  (void)wanted_->TakeChanged();
  Put("c1", R"({"syncResources":{}})");
  const auto specs = wanted_->TakeChanged();
  ASSERT_TRUE(specs.has_value());
  ASSERT_EQ(specs->size(), 1u);
  EXPECT_EQ(specs->front().name, "c1");
  EXPECT_THAT(specs->front().config,
              FailsWith(StatusReason::kBadRequest, HasSubstr("spec.syncResources")));
}

TEST_F(WantedClustersTest, LeavesOutNamesThatNoClusterCanHave) {
  Put("a/b", spec_);
  Synced();
  EXPECT_THAT(Names(), IsEmpty());
}

}  // namespace
}  // namespace pedia::cmd
