#include "apiserver/document_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;

class DocumentCacheTest : public ::testing::Test {
 protected:
  // What is given for `key`, whose document is as long as `bytes` if it must be made.
  std::string Get(const std::string& key, size_t bytes) {
    const auto document = cache_.Get(key, [&]() -> Result<std::string> {
      ++made_;
      return key + std::string(bytes - key.size(), '.');
    });
    EXPECT_THAT(document, IsOk());
    return document.ok() ? **document : "";
  }
  bool IsKept(const std::string& key) {
    const int before = made_;
    Get(key, 2);
    return made_ == before;
  }

  DocumentCache cache_{100};
  std::atomic<int> made_ = 0;
};

TEST_F(DocumentCacheTest, MakesADocumentOnce) {
  EXPECT_EQ(Get("a", 3), "a..");
  EXPECT_EQ(Get("a", 3), "a..");
  EXPECT_EQ(Get("b", 2), "b.");
  EXPECT_EQ(made_, 2);
}

TEST_F(DocumentCacheTest, DropsWhatWasNotUsedForLongest) {
  Get("a", 40);
  Get("b", 40);
  Get("a", 40);
  Get("c", 40);
  EXPECT_EQ(made_, 3);
  EXPECT_TRUE(IsKept("a"));
  EXPECT_TRUE(IsKept("c"));
  EXPECT_FALSE(IsKept("b"));
}

TEST_F(DocumentCacheTest, GivesButDoesNotKeepWhatIsLargerThanItself) {
  Get("a", 50);
  EXPECT_EQ(Get("b", 101).size(), 101u);
  EXPECT_TRUE(IsKept("a"));
  EXPECT_FALSE(IsKept("b"));
}

TEST_F(DocumentCacheTest, AFailureIsNotKept) {
  EXPECT_THAT(cache_.Get("a", [] { return Result<std::string>(InternalError("no")); }),
              FailsWith(StatusReason::kInternalError, ::testing::HasSubstr("no")));
  EXPECT_EQ(Get("a", 2), "a.");
}

TEST_F(DocumentCacheTest, MakesOneDocumentForAllWhoAskAtOnce) {
  std::atomic<int> making = 0;
  std::atomic<bool> alone = true;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, key = std::string(i % 2 == 0 ? "a" : "b")] {
      const auto document = cache_.Get(key, [&]() -> Result<std::string> {
        alone = ++making == 1 && alone;
        std::this_thread::yield();
        ++made_;
        --making;
        return key;
      });
      EXPECT_TRUE(document.ok() && **document == key);
    });
  }
  threads.clear();
  EXPECT_EQ(made_, 2);
  EXPECT_TRUE(alone);
}

}  // namespace
}  // namespace pedia::apiserver
