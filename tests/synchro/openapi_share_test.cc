#include "synchro/openapi_share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

namespace pedia::synchro {
namespace {

using ::testing::ElementsAre;

class OpenApiShareTest : public ::testing::Test {
 protected:
  uint64_t Ask(const std::string& who) {
    return share_.Acquire(loop_, [this, who](OpenApiShare::Slot slot) {
      order_.push_back(who);
      held_.push_back(std::move(slot));
    });
  }
  // What has been posted to the loop, also by what was, is done.
  void Settle() {
    for (int i = 0; i < 3; ++i) {
      std::promise<void> done;
      loop_.Post([&] { done.set_value(); });
      done.get_future().wait();
    }
  }
  void GiveBackOne() {
    loop_.Post([this] { held_.erase(held_.begin()); });
    Settle();
  }

  OpenApiShare share_{1};
  std::vector<OpenApiShare::Slot> held_;  // These two on the loop's thread, or after Settle.
  std::vector<std::string> order_;
  kube::EventLoop loop_;
};

TEST_F(OpenApiShareTest, GivesASlotToWhoeverWaitsLongest) {
  Ask("a");
  Ask("b");
  Ask("c");
  Settle();
  EXPECT_THAT(order_, ElementsAre("a"));
  GiveBackOne();
  EXPECT_THAT(order_, ElementsAre("a", "b"));
  GiveBackOne();
  EXPECT_THAT(order_, ElementsAre("a", "b", "c"));
}

TEST_F(OpenApiShareTest, ASlotIsFreeWithItsLastCopy) {
  Ask("a");
  Settle();
  loop_.Post([this] { held_.push_back(held_[0]); });
  Ask("b");
  GiveBackOne();
  EXPECT_THAT(order_, ElementsAre("a"));
  GiveBackOne();
  EXPECT_THAT(order_, ElementsAre("a", "b"));
}

TEST_F(OpenApiShareTest, PassesOverWhoeverDoesNotWaitAnyMore) {
  Ask("a");
  const uint64_t b = Ask("b");
  Ask("c");
  share_.Cancel(b);
  Settle();
  GiveBackOne();
  EXPECT_THAT(order_, ElementsAre("a", "c"));
}

TEST_F(OpenApiShareTest, RemembersWhatASourceIsStoredAs) {
  EXPECT_EQ(share_.HashOf("source"), std::nullopt);
  share_.Remember("source", "hash");
  EXPECT_EQ(share_.HashOf("source"), "hash");
}

}  // namespace
}  // namespace pedia::synchro
