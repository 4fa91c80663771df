#include "meta/trace_context.h"

#include <gtest/gtest.h>

#include <thread>

namespace pedia {
namespace {

constexpr char kSampled[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr char kUnsampled[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

TEST(TraceContextTest, TakesWellFormedTraceparents) {
  EXPECT_EQ(ValidTraceparent(kSampled), kSampled);
  EXPECT_EQ(ValidTraceparent(kUnsampled), kUnsampled);
  const std::string later = "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03";
  EXPECT_EQ(ValidTraceparent(later), later);
  EXPECT_EQ(ValidTraceparent(later + "-what-comes-with-it"), later);
}

TEST(TraceContextTest, TakesNothingElse) {
  for (const std::string& text : std::vector<std::string>{
           "", "00", std::string(kSampled) + "-", std::string(kSampled) + "0",
           std::string(kSampled) + "-00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
           "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
           "00-0af7651916cd43dd8448eb211c80319--b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333--01",
           "00-0af7651916cd43dd8448eb211c8031'*/-b7ad6b7169203331-01",
           std::string("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0\0", 55)})
    EXPECT_EQ(ValidTraceparent(text), "") << text;
}

TEST(TraceContextTest, KnowsWhatIsSampledByTheLastBit) {
  EXPECT_TRUE(IsSampled(kSampled));
  EXPECT_FALSE(IsSampled(kUnsampled));
  EXPECT_TRUE(IsSampled("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0b"));
  EXPECT_FALSE(IsSampled("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0a"));
  EXPECT_FALSE(IsSampled(""));
}

TEST(TraceContextTest, BelongsToTheThreadWhileItsScopeLasts) {
  EXPECT_EQ(CurrentTraceparent(), "");
  {
    const TraceScope outer(kSampled);
    EXPECT_EQ(CurrentTraceparent(), kSampled);
    {
      const TraceScope inner(kUnsampled);
      EXPECT_EQ(CurrentTraceparent(), "");
    }
    EXPECT_EQ(CurrentTraceparent(), kSampled);
    std::jthread([] { EXPECT_EQ(CurrentTraceparent(), ""); }).join();
  }
  EXPECT_EQ(CurrentTraceparent(), "");
}

TEST(TraceContextTest, IsNeverAnythingButATraceparent) {
  const TraceScope scope("*/ DROP TABLE objects; --                             1");
  EXPECT_EQ(CurrentTraceparent(), "");
}

}  // namespace
}  // namespace pedia
