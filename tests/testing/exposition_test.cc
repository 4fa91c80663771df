#include "tests/testing/exposition.h"

#include <gtest/gtest.h>

namespace pedia::testing {
namespace {

bool IsAccepted(std::string_view text) { return ParseExposition(text).ok(); }

TEST(ExpositionTest, FamiliesAreReadWithTheirSamples) {
  const auto families = ParseExposition(
      "# HELP a_total How many.\n# TYPE a_total counter\na_total{x=\"1\",y=\"a\\\"b\"} 3\n"
      "# HELP h Time.\n# TYPE h histogram\nh_count 2\nh_sum 0.5\nh_bucket{le=\"0.1\"} 1\n"
      "h_bucket{le=\"+Inf\"} 2\n");
  ASSERT_TRUE(families.ok()) << families.status().message();
  EXPECT_EQ(families->at("a_total").help, "How many.");
  EXPECT_EQ(families->at("a_total").samples.at(R"(a_total{x="1",y="a\"b"})"), 3);
  EXPECT_EQ(families->at("h").samples.at("h_sum"), 0.5);
}

TEST(ExpositionTest, WhatAScraperWouldRefuseIsRefused) {
  const std::string head = "# TYPE a gauge\n";
  ASSERT_TRUE(IsAccepted(head + "a 1\n"));
  for (const char* bad : {"a 1", "a\n", "a x\n", "b 1\n", "a{x=1} 1\n", "a{x=\"1\" 1\n",
                          "a{x=\"\\q\"} 1\n", "a{x=\"1\",x=\"2\"} 1\n", "a 1\na 1\n", "1a 1\n"})
    EXPECT_FALSE(IsAccepted(head + bad)) << bad;
  EXPECT_FALSE(IsAccepted("a 1\n"));
  EXPECT_FALSE(IsAccepted("# TYPE a thing\na 1\n"));
  EXPECT_FALSE(IsAccepted("# TYPE a counter\na -1\n"));
  EXPECT_FALSE(IsAccepted(head + "a 1\n# TYPE b gauge\nb 1\n" + head + "a{x=\"1\"} 1\n"));
}

TEST(ExpositionTest, HistogramsThatDoNotAddUpAreRefused) {
  const std::string head = "# TYPE h histogram\n";
  ASSERT_TRUE(IsAccepted(head + "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_count 2\n"));
  for (const char* bad :
       {"h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_count 1\n",
        "h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 2\nh_count 2\n",
        "h_bucket{le=\"1\"} 1\nh_count 1\n", "h_bucket{le=\"+Inf\"} 2\nh_count 1\n",
        "h_bucket 1\n"})
    EXPECT_FALSE(IsAccepted(head + bad)) << bad;
}

}  // namespace
}  // namespace pedia::testing
