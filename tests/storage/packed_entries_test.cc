#include "storage/packed_entries.h"

#include <gmock/gmock.h>

namespace pedia::storage {
namespace {

using ::testing::Optional;

TEST(PackedEntriesTest, GivesBackWhatWasPacked) {
  const std::string large(300, 'x');
  const std::vector<KeyedValue> entries = {
      {1, "a"}, {127, ""}, {128, "b"}, {INT64_C(1) << 40, large}};
  EXPECT_EQ(UnpackEntries(PackEntries(entries)), entries);
  EXPECT_TRUE(UnpackEntries("").empty());
}

TEST(PackedEntriesTest, FindsAValueByItsKey) {
  const std::string packed = PackEntries({{3, "a"}, {5, ""}});
  EXPECT_THAT(FindPackedValue(packed, 3), Optional(std::string_view("a")));
  EXPECT_THAT(FindPackedValue(packed, 5), Optional(std::string_view("")));
  EXPECT_EQ(FindPackedValue(packed, 4), std::nullopt);
  EXPECT_EQ(FindPackedValue(packed, 6), std::nullopt);
}

TEST(PackedEntriesTest, GivesBackAKeySet) {
  const std::vector<int64_t> key_ids = {0, 1, 127, 128, INT64_C(1) << 40};
  EXPECT_EQ(UnpackKeySet(PackKeySet(key_ids)), key_ids);
  EXPECT_EQ(PackKeySet({}), "");
  EXPECT_TRUE(UnpackKeySet("").empty());
  EXPECT_EQ(PackKeySet({3, 300}), "\x03\xac\x02");
}

TEST(PackedEntriesTest, AKeySetEndsAtDamage) {
  EXPECT_EQ(UnpackKeySet("\x03\xac"), std::vector<int64_t>{3});
  EXPECT_TRUE(UnpackKeySet(std::string(20, '\xff')).empty());
}

TEST(PackedEntriesTest, EndsAtDamage) {
  const std::string packed = PackEntries({{3, "abc"}, {5, "d"}});
  EXPECT_EQ(UnpackEntries(std::string_view(packed).substr(0, packed.size() - 1)).size(), 1u);
  EXPECT_TRUE(UnpackEntries(std::string_view(packed).substr(0, 3)).empty());
  EXPECT_TRUE(UnpackEntries(std::string(20, '\xff')).empty());
}

}  // namespace
}  // namespace pedia::storage
