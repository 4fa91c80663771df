#include "synchro/version_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace pedia::synchro {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

ObjectKey KeyOf(int number) {
  return MakeObjectKey("namespace", "object-" + std::to_string(number));
}

TEST(MakeObjectKeyTest, TellsNamespaceFromName) {
  EXPECT_EQ(MakeObjectKey("a", "b"), MakeObjectKey("a", "b"));
  EXPECT_NE(MakeObjectKey("a", "b"), MakeObjectKey("b", "a"));
  EXPECT_NE(MakeObjectKey("ab", "c"), MakeObjectKey("a", "bc"));
}

TEST(PackResourceVersionTest, KeepsNumbersAndTellsTextsApart) {
  EXPECT_EQ(PackResourceVersion("123"), 123u);
  EXPECT_EQ(PackResourceVersion(""), 0u);
  EXPECT_NE(PackResourceVersion("12x"), PackResourceVersion("12y"));
  EXPECT_EQ(PackResourceVersion("12x"), PackResourceVersion("12x"));
  EXPECT_NE(PackResourceVersion("99999999999999999999999"),
            PackResourceVersion("99999999999999999999998"));
}

TEST(VersionTableTest, AnEmptyTableKnowsNothing) {
  VersionTable table;
  EXPECT_EQ(table.Find(KeyOf(1)), nullptr);
  EXPECT_FALSE(table.Erase(KeyOf(1)));
  table.Mark(KeyOf(1));
  table.BeginList();
  EXPECT_THAT(table.UnseenKeys(), IsEmpty());
}

TEST(VersionTableTest, AgreesWithAMapAfterAnySequenceOfChanges) {
  VersionTable table;
  std::map<int, uint64_t> model;
  std::mt19937 random(7);
  for (uint64_t step = 1; step <= 200'000; ++step) {
    const int number = static_cast<int>(random() % 3'000);
    if (random() % 3 != 0) {
      table.Put(KeyOf(number), step);
      model[number] = step;
    } else {
      EXPECT_EQ(table.Erase(KeyOf(number)), model.erase(number) > 0);
    }
  }
  ASSERT_EQ(table.size(), model.size());
  for (int number = 0; number < 3'000; ++number) {
    const uint64_t* version = table.Find(KeyOf(number));
    ASSERT_EQ(version != nullptr, model.contains(number)) << number;
    if (version != nullptr) {
      EXPECT_EQ(*version, model[number]);
    }
  }
}

TEST(VersionTableTest, NeedsAtMost48BytesAnObject) {
  VersionTable table;
  for (int number = 1; number <= 100'000; ++number) {
    table.Put(KeyOf(number), 1);
    if (number > 1'000) {
      ASSERT_LE(table.memory_bytes(), table.size() * 48) << number;
    }
  }
}

TEST(VersionTableTest, NamesWhatAListDidNotShow) {
  VersionTable table;
  for (int number = 0; number < 100; ++number) table.Put(KeyOf(number), 1);
  table.BeginList();
  EXPECT_EQ(table.unseen(), 100u);
  for (int number = 0; number < 98; ++number) table.Mark(KeyOf(number));
  table.Mark(KeyOf(5));      // Twice.
  table.Put(KeyOf(98), 2);   // Changed.
  table.Put(KeyOf(200), 1);  // New.
  EXPECT_EQ(table.unseen(), 1u);
  ASSERT_THAT(table.UnseenKeys(), SizeIs(1));
  EXPECT_EQ(table.UnseenKeys()[0], KeyOf(99));
  EXPECT_TRUE(table.Erase(KeyOf(99)));
  EXPECT_EQ(table.unseen(), 0u);
}

TEST(VersionTableTest, TellsListsApartHoweverManyThereWere) {
  VersionTable table;
  table.Put(KeyOf(1), 1);
  table.Put(KeyOf(2), 1);
  for (int list = 0; list < 600; ++list) {
    table.BeginList();
    ASSERT_EQ(table.unseen(), 2u) << list;
    table.Mark(KeyOf(1));
    ASSERT_THAT(table.UnseenKeys(), SizeIs(1)) << list;
  }
}

}  // namespace
}  // namespace pedia::synchro
