#include "meta/time.h"

#include <gtest/gtest.h>

namespace pedia {
namespace {

TEST(ParseRfc3339Test, ReadsWhatKubernetesWrites) {
  EXPECT_EQ(ParseRfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(ParseRfc3339("2026-11-22T07:56:20Z"), 1795334180);
  EXPECT_EQ(ParseRfc3339("2026-11-22T07:56:20.123456Z"), 1795334180);
  EXPECT_EQ(ParseRfc3339("2026-11-22T09:56:20+02:00"), 1795334180);
  EXPECT_EQ(ParseRfc3339("1969-12-31T23:59:59Z"), -1);
}

TEST(ParseRfc3339Test, RejectsEverythingElse) {
  for (const char* text :
       {"", "2026-11-22", "2026-11-22T07:56Z", "2026-13-22T07:56:20Z", "2026-02-30T07:56:20Z",
        "2026-11-22T24:56:20Z", "2026-11-22T07:56:20", "2026-11-22T07:56:20+2:00",
        "2026-11-22T07:56:20.Z", "2026-11-22T07:56:20Zx"}) {
    EXPECT_EQ(ParseRfc3339(text), std::nullopt) << text;
  }
}

TEST(FormatRfc3339Test, IsTheInverse) {
  EXPECT_EQ(FormatRfc3339(1795334180), "2026-11-22T07:56:20Z");
}

TEST(HumanDurationTest, PrintsAsKubectlDoes) {
  const auto text = [](int64_t seconds) { return HumanDuration(std::chrono::seconds(seconds)); };
  const int64_t minute = 60, hour = 3600, day = 86400;
  EXPECT_EQ(text(-2), "<invalid>");
  EXPECT_EQ(text(-1), "0s");
  EXPECT_EQ(text(0), "0s");
  EXPECT_EQ(text(119), "119s");
  EXPECT_EQ(text(120), "2m");
  EXPECT_EQ(text(9 * minute + 5), "9m5s");
  EXPECT_EQ(text(10 * minute + 5), "10m");
  EXPECT_EQ(text(179 * minute + 59), "179m");
  EXPECT_EQ(text(3 * hour), "3h");
  EXPECT_EQ(text(7 * hour + 59 * minute), "7h59m");
  EXPECT_EQ(text(8 * hour + 59 * minute), "8h");
  EXPECT_EQ(text(47 * hour), "47h");
  EXPECT_EQ(text(2 * day), "2d");
  EXPECT_EQ(text(7 * day + 23 * hour), "7d23h");
  EXPECT_EQ(text(8 * day + 23 * hour), "8d");
  EXPECT_EQ(text(729 * day), "729d");
  EXPECT_EQ(text(730 * day), "2y");
  EXPECT_EQ(text(731 * day), "2y1d");
  EXPECT_EQ(text(8 * 365 * day + day), "8y");
}

TEST(ParseGoDurationTest, AddsUnits) {
  EXPECT_EQ(ParseGoDuration("1h2m3s"), std::chrono::milliseconds(3'723'000));
  EXPECT_EQ(ParseGoDuration("1.5s"), std::chrono::milliseconds(1'500));
  EXPECT_EQ(ParseGoDuration("250ms"), std::chrono::milliseconds(250));
  EXPECT_EQ(ParseGoDuration("0"), std::chrono::milliseconds(0));
  for (const char* none : {"", "5", "s", "-1s", "1x", "1s2", "nan", "1e999h"})
    EXPECT_EQ(ParseGoDuration(none), std::nullopt) << none;
}

}  // namespace
}  // namespace pedia
