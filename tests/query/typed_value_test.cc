#include "query/typed_value.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace pedia::query {
namespace {

TEST(KindOfValueTest, NumbersAndQuantitiesAreNumbers) {
  for (const char* text :
       {"0",    "3",    "-1.5", "+7", "007",  "1e3",    "1E3",     "1e+3",
        "1E-3", "1.e3", ".5",   "5.", "500m", "1n",     "1u",      "1k",
        "1M",   "1G",   "1T",   "1P", "1E",   "1Ki",    "2Mi",     "2Gi",
        "2Ti",  "2Pi",  "2Ei",  "-0", "0e5",  "1e9999", "1e-9999", "1e0000000000000000000003",
        "-.5Ki"}) {
    EXPECT_EQ(KindOfValue(text), ValueKind::kNumber) << text;
  }
  EXPECT_EQ(KindOfValue(std::string(64, '9')), ValueKind::kNumber);
  EXPECT_EQ(KindOfValue("0." + std::string(63, '1') + "Ei"), ValueKind::kNumber);
}

TEST(KindOfValueTest, TimesAreTimes) {
  for (const char* text :
       {"2026-01-02T03:04:05Z", "2026-01-02t03:04:05z", "2026-01-02T03:04:05.123456789Z",
        "2026-01-02T03:04:05.5+02:00", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"}) {
    EXPECT_EQ(KindOfValue(text), ValueKind::kTime) << text;
  }
}

TEST(KindOfValueTest, EverythingElseIsText) {
  for (const char* text : {"",
                           "-",
                           "+",
                           ".",
                           "-.",
                           "e3",
                           "m",
                           "Gi",
                           "1K",
                           "1ki",
                           "1KI",
                           "1mi",
                           "1 Gi",
                           " 1",
                           "1 ",
                           "1e",
                           "1e+",
                           "1e3k",
                           "1e3.5",
                           "1e10000",
                           "1e-10000",
                           "--1",
                           "+-1",
                           "1.2.3",
                           "0x10",
                           "NaN",
                           "Infinity",
                           "true",
                           "1,5",
                           "10.0.0.1",
                           "2026-01-02",
                           "2026-01-02T03:04:05",
                           "2026-13-02T03:04:05Z",
                           "2026-01-02 03:04:05Z",
                           "2026-01-02T03:04:05.Z",
                           "1Gib",
                           "1EE",
                           "1Ee3",
                           "\xD9\xA1"}) {
    EXPECT_EQ(KindOfValue(text), ValueKind::kText) << text;
  }
  EXPECT_EQ(KindOfValue(std::string(65, '9')), ValueKind::kText);
  EXPECT_EQ(KindOfValue(std::string("1\0", 2)), ValueKind::kText);
}

// Spellings of one value in each line; the lines ascend.
const std::vector<std::vector<std::string>> kAscending = {
    {"-1e9999", "-10e9998"},
    {"-1Ei", "-1024Pi", "-1152921504606846976"},
    {"-1E", "-1e18", "-1000P"},
    {"-125", "-125.0", "-0.125k"},
    {"-12", "-12.00"},
    {"-1.25"},
    {"-1.2", "-1200m"},
    {"-1m", "-0.001"},
    {"-1e-9999"},
    {"0", "-0", "+0", "0.000", "0Gi", "0e9999", "-0m", ".0", "0."},
    {"1e-9999", "0.1e-9998"},
    {"1n", "1e-9", "0.001u"},
    {"1u"},
    {"1m", "0.001", "1000u"},
    {"0.1", "100m", ".1", "1e-1"},
    {"0.100000000000000000000000000000000000000000000000000000000001"},
    {"1", "1.0", "+1", "01", "1e0", "1000m", "1E0"},
    {"1.00000000000000000001"},
    {"2"},
    {"10", "1e1", "1E1"},
    {"1000", "1k", "1e3", "1E3", "1E+3"},
    {"1024", "1Ki", "1.024k"},
    {"1M"},
    {"1Mi", "1024Ki", "1048576"},
    {"1G"},
    {"1Gi", "1024Mi"},
    {"1.1Gi", "1181116006.4", "1126.4Mi"},
    {"1Ti", "1024Gi"},
    {"1P"},
    {"9007199254740992"},
    {"9007199254740993"},  // No double holds it.
    {"1E", "1e18"},
    {"1Ei", "1152921504606846976"},
    {"1152921504606846977"},
    {std::string(64, '9')},
    {"1e64", "1" + std::string(63, '0') + "0e0"},
    {"9e9999"},
    {"9999999999999999999999999999999999999999999999999999999999999999e9999"},
    {"0000-01-01T00:00:00Z"},
    {"1969-12-31T23:59:59.9Z"},
    {"1970-01-01T00:00:00Z", "1970-01-01T02:00:00+02:00"},
    {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z", "2026-01-02t05:04:05+02:00"},
    {"2026-01-02T03:04:05.000000000000000000001Z"},
    {"2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.100Z", "2026-01-02T03:04:05,10Z"},
    {"2026-01-02T03:04:05.12Z", "2026-01-02T04:04:05.120+01:00"},
    {"2026-01-02T03:04:06Z"},
    {"9999-12-31T23:59:59-23:59"},
    {""},
    {" 1"},
    {"-"},
    {"1.2.3"},
    {"Running"},
    {"Runninga"},
    {"a"},
    {"\xC3\xA4"},
};

TEST(OrderKeyTest, OrdersValuesByWhatTheyAreAndNotByTheirSpelling) {
  std::vector<std::pair<size_t, std::string>> all;
  for (size_t i = 0; i < kAscending.size(); ++i) {
    for (const std::string& text : kAscending[i]) {
      // 65 digits are a text.
      if (text.size() < 66) all.emplace_back(i, text);
    }
  }
  for (const auto& [rank_a, a] : all) {
    for (const auto& [rank_b, b] : all) {
      EXPECT_EQ(OrderKey(a) < OrderKey(b), rank_a < rank_b) << a << " " << b;
      EXPECT_EQ(OrderKey(a) == OrderKey(b), rank_a == rank_b) << a << " " << b;
    }
  }
}

TEST(OrderKeyTest, TheFirstByteTellsTheKind) {
  for (const auto& spellings : kAscending) {
    for (const std::string& text : spellings) {
      const char kinds[] = {'1', '2', '3'};
      EXPECT_EQ(OrderKey(text).front(), kinds[static_cast<int>(KindOfValue(text))]) << text;
    }
  }
}

TEST(OrderKeyTest, KeysOfNumbersAndTimesAreAscii) {
  for (const auto& spellings : kAscending) {
    for (const std::string& text : spellings) {
      if (KindOfValue(text) == ValueKind::kText) continue;
      EXPECT_EQ(OrderKey(text).find_first_not_of("0123456789~"), std::string::npos) << text;
    }
  }
}

__extension__ typedef __int128 Int128;

// A number and its size in units of 10^-12.
struct Spelled {
  std::string text;
  Int128 size = 0;
};

Spelled RandomNumber(std::mt19937_64* random) {
  struct Suffix {
    const char* text;
    int tens;
    int twos;
  };
  static constexpr Suffix kSuffixes[] = {
      {"", 0, 0},    {"n", -9, 0},  {"u", -6, 0},  {"m", -3, 0},  {"k", 3, 0},   {"M", 6, 0},
      {"G", 9, 0},   {"T", 12, 0},  {"P", 15, 0},  {"E", 18, 0},  {"Ki", 0, 10}, {"Mi", 0, 20},
      {"Gi", 0, 30}, {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60}, {"e3", 3, 0},  {"E-6", -6, 0},
      {"e+1", 1, 0}, {"E2", 2, 0},  {"e18", 18, 0}};
  const auto pick = [random](uint64_t n) { return (*random)() % n; };
  const Suffix& suffix = kSuffixes[pick(std::size(kSuffixes))];
  // Few different mantissas, many of them powers of ten or two: so equal sizes are frequent.
  constexpr uint64_t kMantissas[] = {0,   1,    5,    10,   25,      100,
                                     125, 1000, 1024, 2048, 999'999, 1'000'000};
  const uint64_t mantissa =
      pick(2) == 0 ? kMantissas[pick(std::size(kMantissas))] : pick(1'000'000);
  const int fraction_digits = static_cast<int>(pick(4));
  const bool negative = pick(3) == 0;
  Spelled number;
  std::string digits = std::to_string(mantissa);
  digits.insert(0, pick(5), '0');
  if (digits.size() < static_cast<size_t>(fraction_digits)) digits.insert(0, 3, '0');
  if (fraction_digits > 0 || pick(4) == 0)
    digits.insert(digits.size() - static_cast<size_t>(fraction_digits), ".");
  number.text = (negative ? "-" : pick(5) == 0 ? "+" : "") + digits + suffix.text;
  number.size = negative ? -static_cast<Int128>(mantissa) : static_cast<Int128>(mantissa);
  for (int i = 0; i < 12 - fraction_digits + suffix.tens; ++i) number.size *= 10;
  for (int i = 0; i < suffix.twos; ++i) number.size *= 2;
  return number;
}

TEST(OrderKeyTest, AgreesWithIntegerArithmeticOnRandomNumbers) {
  std::mt19937_64 random(1);
  std::vector<Spelled> numbers;
  for (int i = 0; i < 30'000; ++i) numbers.push_back(RandomNumber(&random));
  std::sort(numbers.begin(), numbers.end(),
            [](const Spelled& a, const Spelled& b) { return a.size < b.size; });
  int equal = 0;
  for (size_t i = 1; i < numbers.size(); ++i) {
    const Spelled& a = numbers[i - 1];
    const Spelled& b = numbers[i];
    ASSERT_EQ(KindOfValue(b.text), ValueKind::kNumber) << b.text;
    ASSERT_EQ(OrderKey(a.text) < OrderKey(b.text), a.size < b.size) << a.text << " " << b.text;
    ASSERT_EQ(OrderKey(a.text) == OrderKey(b.text), a.size == b.size) << a.text << " " << b.text;
    equal += a.size == b.size && a.text != b.text;
  }
  EXPECT_GT(equal, 500);
}

// Digits are compared as texts here: column by column around the point.
TEST(OrderKeyTest, AgreesWithComparisonByColumnsOnLongNumbers) {
  std::mt19937_64 random(2);
  const auto digits = [&random](size_t n) {
    std::string text;
    for (size_t i = 0; i < n; ++i) text += static_cast<char>('0' + random() % 2);
    return text;
  };
  for (int i = 0; i < 10'000; ++i) {
    std::string column[2];
    std::string spelled[2];
    const size_t shared = random() % 50;
    const std::string common = digits(shared);
    for (int side = 0; side < 2; ++side) {
      const std::string all = common + digits(random() % (65 - shared));
      const size_t integer =
          random() % 2 == 0 ? std::min<size_t>(all.size(), 5) : random() % (all.size() + 1);
      const std::string fraction = all.substr(integer);
      if (all.empty()) {
        spelled[side] = "0";
      } else {
        spelled[side] = all.substr(0, integer) + "." + fraction;
      }
      column[side] = std::string(64 - integer, '0') + all.substr(0, integer) + fraction +
                     std::string(64 - fraction.size(), '0');
    }
    const std::string key_a = OrderKey(spelled[0]);
    const std::string key_b = OrderKey(spelled[1]);
    ASSERT_EQ(key_a < key_b, column[0] < column[1]) << spelled[0] << " " << spelled[1];
    ASSERT_EQ(key_a == key_b, column[0] == column[1]) << spelled[0] << " " << spelled[1];
    const std::string negative_a = OrderKey("-" + spelled[0]);
    const std::string negative_b = OrderKey("-" + spelled[1]);
    ASSERT_EQ(negative_b < negative_a, column[0] < column[1]) << spelled[0] << " " << spelled[1];
  }
}

}  // namespace
}  // namespace pedia::query
