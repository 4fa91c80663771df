#include "policy/object_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "tests/kube/collection_server.h"
#include "tests/testing/matchers.h"

namespace pedia::policy {
namespace {

using kube::CollectionServer;
using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::IsNull;
using ::testing::NotNull;
using ::testing::Pointee;

constexpr const char* kPath = "/apis/example.com/v1/things";
constexpr const char* kForbidden =
    R"({"kind":"Status","status":"Failure","reason":"Forbidden","message":"not for you","code":403})";

class ObjectCacheTest : public ::testing::Test {
 protected:
  void Start(ObjectCache::Reduce reduce = {}) {
    cache_.emplace(
        client_, kPath, [this] { ++changes_; }, std::move(reduce));
  }
  template <typename F>
  static bool Becomes(F condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  std::atomic<int> changes_{0};
  CollectionServer server_;
  kube::EventLoop loop_;
  kube::Client client_{loop_, server_.config()};
  std::optional<ObjectCache> cache_;
};

TEST_F(ObjectCacheTest, HoldsWhatIsThere) {
  server_.Put("n/a", "1");
  server_.Put("b", "2");
  Start();
  ASSERT_TRUE(Becomes([&] { return cache_->synced() && cache_->All().size() == 2; }));
  EXPECT_THAT(cache_->Find("n", "a"), Pointee(HasSubstr(R"("spec":1)")));
  EXPECT_THAT(cache_->Find("", "b"), NotNull());
  EXPECT_THAT(cache_->Find("", "a"), IsNull());
  ASSERT_TRUE(server_.WaitForWatches(1));
  server_.Delete("n/a");
  EXPECT_TRUE(Becomes([&] { return cache_->Find("n", "a") == nullptr; }));
}

TEST_F(ObjectCacheTest, SaysNothingOfChangesThatAreReducedAway) {
  server_.Put("a", "1");
  Start([](std::string_view json) {
    return std::string(json.find("\"spec\":9") == std::string_view::npos ? "small" : "big");
  });
  ASSERT_TRUE(Becomes([&] { return cache_->synced(); }));
  ASSERT_TRUE(server_.WaitForWatches(1));
  const auto before = cache_->Find("", "a");
  const int changes = changes_;
  server_.Put("a", "2");
  server_.Put("b", "9");
  ASSERT_TRUE(Becomes([&] { return cache_->Find("", "b") != nullptr; }));
  EXPECT_EQ(changes_, changes + 1);
  EXPECT_EQ(cache_->Find("", "a"), before);
  EXPECT_THAT(before, Pointee(std::string("small")));
}

TEST_F(ObjectCacheTest, SaysWhyItCannotFollowUntilItCan) {
  server_.AnswerLists(CollectionServer::Response(403, kForbidden));
  Start();
  ASSERT_TRUE(Becomes([&] { return !cache_->failure().ok(); }));
  EXPECT_THAT(cache_->failure(), FailsWith(StatusReason::kForbidden, HasSubstr("not for you")));
  EXPECT_FALSE(cache_->synced());
  server_.AnswerLists("");
  ASSERT_TRUE(Becomes([&] { return cache_->synced(); }));
  EXPECT_THAT(cache_->failure(), IsOk());
}

TEST_F(ObjectCacheTest, KeepsWhatItHasWhenTheServerRefuses) {
  server_.Put("a");
  Start();
  ASSERT_TRUE(server_.WaitForWatches(1));
  server_.AnswerLists(CollectionServer::Response(403, kForbidden));
  server_.Compact();
  ASSERT_TRUE(Becomes([&] { return cache_->failure().reason() == StatusReason::kForbidden; }));
  EXPECT_THAT(cache_->Find("", "a"), NotNull());
}

TEST_F(ObjectCacheTest, AServerThatIsAwayIsNoNews) {
  server_.Put("a");
  Start();
  ASSERT_TRUE(server_.WaitForWatches(1));
  const int changes = changes_;
  server_.SetDown(true);
  ASSERT_TRUE(Becomes([&] { return changes_ > changes; }));
  EXPECT_THAT(cache_->failure(), IsOk());
}

}  // namespace
}  // namespace pedia::policy
