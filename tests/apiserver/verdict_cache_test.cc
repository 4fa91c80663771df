#include "apiserver/verdict_cache.h"

#include <gmock/gmock.h>

#include <thread>

#include "tests/testing/matchers.h"

namespace pedia::apiserver {
namespace {

using ::pedia::testing::FailsWith;
using std::chrono::milliseconds;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::Optional;

using Cache = VerdictCache<int>;
const Cache::Time kStart{std::chrono::hours(1)};

class VerdictCacheTest : public ::testing::Test {
 protected:
  // The value for `key`, for which each answer is the number of the question.
  int Ask(const std::string& key, milliseconds after = milliseconds(0)) {
    const auto ask = [this](std::span<const size_t>) {
      return std::vector<Result<Cache::Verdict>>{Cache::Verdict{++asked_, good_for_}};
    };
    return *cache_.Get(std::span(&key, 1), kStart + after, ask).front();
  }

  Cache cache_{3};
  milliseconds good_for_{100};
  int asked_ = 0;
};

TEST_F(VerdictCacheTest, RemembersAsLongAsAnAnswerIsGood) {
  EXPECT_EQ(Ask("a"), 1);
  EXPECT_EQ(Ask("a", milliseconds(99)), 1);
  EXPECT_THAT(cache_.Find("a", kStart + milliseconds(99)), Optional(1));
  EXPECT_EQ(cache_.Find("a", kStart + milliseconds(100)), std::nullopt);
  EXPECT_EQ(Ask("a", milliseconds(100)), 2);
  EXPECT_EQ(Ask("a", milliseconds(199)), 2);
}

TEST_F(VerdictCacheTest, WhatIsGoodForOnceIsNotRemembered) {
  good_for_ = milliseconds(0);
  EXPECT_EQ(Ask("a"), 1);
  EXPECT_EQ(Ask("a"), 2);
}

TEST_F(VerdictCacheTest, ForgetsWhatWasUsedLeastRecently) {
  for (const char* key : {"a", "b", "c", "a", "d"}) Ask(key);
  EXPECT_EQ(asked_, 4);
  EXPECT_THAT(cache_.Find("a", kStart), Optional(1));
  EXPECT_EQ(cache_.Find("b", kStart), std::nullopt);
  EXPECT_THAT(cache_.Find("d", kStart), Optional(4));
}

TEST_F(VerdictCacheTest, DoesNotRememberFailures) {
  const std::string key = "a";
  const auto fail = [](std::span<const size_t>) {
    return std::vector<Result<Cache::Verdict>>{Status(ServiceUnavailable("away"))};
  };
  EXPECT_THAT(cache_.Get(std::span(&key, 1), kStart, fail).front(),
              FailsWith(StatusReason::kServiceUnavailable, "away"));
  EXPECT_EQ(Ask("a"), 1);
}

TEST_F(VerdictCacheTest, AsksForWhatIsUnknownInOneCall) {
  Ask("b");
  const std::vector<std::string> keys = {"a", "b", "c", "a"};
  std::vector<size_t> numbers;
  const auto ask = [&](std::span<const size_t> asked) {
    numbers.assign(asked.begin(), asked.end());
    std::vector<Result<Cache::Verdict>> answers;
    for (const size_t number : asked)
      answers.emplace_back(Cache::Verdict{static_cast<int>(number) + 10, milliseconds(9)});
    return answers;
  };
  std::vector<int> values;
  for (const Result<int>& value : cache_.Get(keys, kStart, ask)) values.push_back(*value);
  EXPECT_THAT(values, ElementsAre(10, 1, 12, 10));
  EXPECT_THAT(numbers, ElementsAre(0, 2));
}

TEST_F(VerdictCacheTest, WhoeverHasTheSameQuestionWaitsForTheSameAnswer) {
  constexpr uint64_t kAsking = 4;
  std::atomic<int> calls = 0;
  // Answers only when all have asked; nothing is remembered, so each must have waited for this one.
  const auto ask = [&](std::span<const size_t>) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (cache_.HitsAndMisses().second < kAsking && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    return std::vector<Result<Cache::Verdict>>{Cache::Verdict{++calls, milliseconds(0)}};
  };
  {
    std::vector<std::jthread> threads;
    for (uint64_t i = 0; i < kAsking; ++i) {
      threads.emplace_back([&] {
        const std::string key = "a";
        EXPECT_EQ(*cache_.Get(std::span(&key, 1), kStart, ask).front(), 1);
      });
    }
  }
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace pedia::apiserver
