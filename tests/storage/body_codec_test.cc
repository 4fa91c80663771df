#include "storage/body_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/testing/matchers.h"

namespace pedia::storage {
namespace {

using ::testing::_;
using testing::FailsWith;
using ::testing::HasSubstr;
using testing::IsOk;

std::string RoundTrip(const std::string& json) {
  const Result<std::string> encoded = EncodeBody(json);
  EXPECT_THAT(encoded, IsOk());
  std::string buffer;
  const Result<std::string_view> decoded = DecodeBody(*encoded, &buffer);
  EXPECT_THAT(decoded, IsOk());
  return std::string(*decoded);
}

TEST(BodyCodecTest, GivesBackWhatItWasGiven) {
  EXPECT_EQ(RoundTrip(R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(RoundTrip(" {\"a\":1}"), " {\"a\":1}");
  EXPECT_EQ(RoundTrip(""), "");
  const std::string repeated = "{" + std::string(1 << 20, 'x') + "}";
  EXPECT_EQ(RoundTrip(repeated), repeated);
}

TEST(BodyCodecTest, CompressesWhatRepeatsAndKeepsTheRestPlain) {
  const Result<std::string> repeated = EncodeBody("{" + std::string(10'000, 'x') + "}");
  EXPECT_LT(repeated->size(), 200u);
  EXPECT_EQ((*repeated)[0], '\1');
  EXPECT_EQ(*EncodeBody(R"({"a":1})"), R"({"a":1})");
}

TEST(BodyCodecTest, ReusesABufferThatIsLargerThanTheNextBody) {
  std::string buffer(1'000'000, '#');
  const std::string json = "{" + std::string(100, 'y') + "}";
  const Result<std::string> encoded = EncodeBody(json);
  const Result<std::string_view> decoded = DecodeBody(*encoded, &buffer);
  EXPECT_EQ(*decoded, json);
  EXPECT_EQ(buffer.size(), 1'000'000u);
}

TEST(BodyCodecTest, RefusesBytesThatItDidNotWrite) {
  std::string buffer;
  EXPECT_THAT(DecodeBody("", &buffer),
              FailsWith(StatusReason::kInternalError, HasSubstr("unknown encoding")));
  EXPECT_THAT(DecodeBody("\2abcdefg", &buffer),
              FailsWith(StatusReason::kInternalError, HasSubstr("unknown encoding")));
  EXPECT_THAT(DecodeBody("\1abcd", &buffer),
              FailsWith(StatusReason::kInternalError, HasSubstr("unknown encoding")));
  EXPECT_THAT(DecodeBody("\1\xff\xff\xff\x7fz", &buffer),
              FailsWith(StatusReason::kInternalError, HasSubstr("impossible length")));
  EXPECT_TRUE(buffer.empty());
}

TEST(BodyCodecTest, NeverReadsOutsideDamagedBodies) {
  const Result<std::string> good = EncodeBody("{" + std::string(3'000, 'x') + "0123456789}");
  std::mt19937 random(1);
  std::string buffer;
  size_t refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = *good;
    damaged[1 + random() % (damaged.size() - 1)] = static_cast<char>(random());
    damaged.resize(1 + random() % damaged.size());
    refused += DecodeBody(damaged, &buffer).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, 10'000u);
}

}  // namespace
}  // namespace pedia::storage
