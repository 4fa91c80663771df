// A list in SQL gives what an evaluation in memory gives, for random objects and random options.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/storage/store_fixture.h"

namespace pedia::storage {
namespace {

using query::LabelRequirement;
using query::ListOptions;
using query::NameSet;
using query::OrderBy;
using query::OrderColumn;
using query::SelectorOperator;

class SqliteOracleTest : public StoreTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  // From 0 to n - 1.
  int Below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  std::string Pick(std::initializer_list<const char*> values) {
    return *(values.begin() + random_() % values.size());
  }

  TestObject RandomObject() {
    TestObject object;
    object.cluster = Pick({"a", "a-b", "b", "c.d"});
    object.name_space = Pick({"", "n", "n-1", "m", "z"});
    object.name = "x" + std::to_string(Below(40));
    object.resource_version = Pick({"1", "20", "3", "", "v1", "99999999999999999999"});
    object.uid = Pick({"u1", "u2", "u3"});
    object.owner_uid = Pick({"", "", "o1", "o2"});
    object.created = Below(6) == 0 ? std::nullopt : std::optional<int64_t>(1 + Below(8));
    object.deleted = Below(4) == 0 ? std::optional<int64_t>(1 + Below(3)) : std::nullopt;
    object.labels.clear();
    if (Below(5) > 0) object.labels.emplace_back("env", Pick({"dev", "dev", "dev", "prod"}));
    if (Below(2) > 0) object.labels.emplace_back("app", "a" + std::to_string(Below(60)));
    if (Below(3) > 0)
      object.labels.emplace_back("weight", Pick({"1", "5", "-3", "x", "", "10", "007"}));
    if (Below(300) == 0) object.labels.emplace_back("rare", "1");
    return object;
  }

  NameSet RandomSet(std::initializer_list<const char*> values) {
    NameSet set;
    const int kind = Below(8);
    if (kind > 3) return set;
    set.restricted = kind < 2;
    for (const char* value : values) {
      if (set.restricted && Below(2) == 0) set.in.emplace_back(value);
      if (kind > 0 && Below(4) == 0) set.not_in.emplace_back(value);
    }
    std::sort(set.in.begin(), set.in.end());
    std::sort(set.not_in.begin(), set.not_in.end());
    return set;
  }

  LabelRequirement RandomRequirement() {
    constexpr SelectorOperator kOperators[] = {
        SelectorOperator::kEquals,      SelectorOperator::kNotEquals,
        SelectorOperator::kIn,          SelectorOperator::kNotIn,
        SelectorOperator::kExists,      SelectorOperator::kDoesNotExist,
        SelectorOperator::kGreaterThan, SelectorOperator::kLessThan};
    LabelRequirement requirement{
        Pick({"env", "app", "weight", "rare", "none"}), kOperators[Below(8)], {}};
    size_t values = 1;
    if (requirement.op == SelectorOperator::kExists ||
        requirement.op == SelectorOperator::kDoesNotExist)
      values = 0;
    if (requirement.op == SelectorOperator::kIn || requirement.op == SelectorOperator::kNotIn) {
      values = Below(4) == 0 ? 40 : static_cast<size_t>(1 + Below(3));
    }
    const bool number = requirement.op == SelectorOperator::kGreaterThan ||
                        requirement.op == SelectorOperator::kLessThan;
    for (size_t i = 0; i < values; ++i) {
      requirement.values.push_back(number          ? Pick({"0", "5", "-3"})
                                   : Below(2) == 0 ? Pick({"dev", "prod", "1", "5"})
                                                   : "a" + std::to_string(Below(60)));
    }
    std::sort(requirement.values.begin(), requirement.values.end());
    requirement.values.erase(std::unique(requirement.values.begin(), requirement.values.end()),
                             requirement.values.end());
    return requirement;
  }

  ListOptions RandomOptions() {
    ListOptions options;
    options.clusters = RandomSet({"a", "a-b", "b", "c.d", "none"});
    options.namespaces = RandomSet({"", "m", "n", "n-1", "none"});
    options.names = Below(3) > 0 ? NameSet{} : RandomSet({"x1", "x2", "x3", "x30", "none"});
    for (int n = Below(4); n > 0; --n) options.label_selector.push_back(RandomRequirement());
    if (Below(4) == 0) options.since = 1 + Below(8);
    if (Below(4) == 0) options.before = 1 + Below(9);
    if (Below(2) == 0) options.order_by = {{kColumns[Below(std::size(kColumns))], Below(2) == 0}};
    if (Below(4) == 0)
      options.order_by.push_back({kColumns[Below(std::size(kColumns))], Below(2) == 0});
    options.limit = Below(4) == 0 ? 0 : 1 + Below(60);
    options.with_remaining_count = Below(2) == 0;
    return options;
  }

  static bool Matches(const TestObject& object, const query::ListScope& scope,
                      const ListOptions& options) {
    const auto find = [&](std::string_view key) -> std::optional<std::string> {
      for (const auto& [name, value] : object.labels) {
        if (name == key) return value;
      }
      return std::nullopt;
    };
    if (!scope.cluster.empty() && object.cluster != scope.cluster) return false;
    if (!scope.name_space.empty() && object.name_space != scope.name_space) return false;
    if (options.since && (!object.created || *object.created < *options.since)) return false;
    if (options.before && (!object.created || *object.created >= *options.before)) return false;
    return options.clusters.Matches(object.cluster) &&
           options.namespaces.Matches(object.name_space) && options.names.Matches(object.name) &&
           query::Matches(options.label_selector, find);
  }

  // The value of a column as a number or a text; nothing if it is missing.
  static std::optional<std::pair<int64_t, std::string>> ColumnOf(const TestObject& object,
                                                                 OrderColumn column) {
    const auto number = [](std::optional<int64_t> value) {
      return value ? std::optional(std::pair<int64_t, std::string>(*value, "")) : std::nullopt;
    };
    const auto text = [](const std::string& value) {
      return std::optional(std::pair<int64_t, std::string>(0, value));
    };
    switch (column) {
      case OrderColumn::kCluster:
        return text(object.cluster);
      case OrderColumn::kNamespace:
        return text(object.name_space);
      case OrderColumn::kName:
        return text(object.name);
      case OrderColumn::kUid:
        return text(object.uid);
      case OrderColumn::kOwnerUid:
        return object.owner_uid.empty() ? std::nullopt : text(object.owner_uid);
      case OrderColumn::kCreatedAt:
        return number(object.created);
      case OrderColumn::kDeletedAt:
        return number(object.deleted);
      case OrderColumn::kResourceVersion: {
        const std::string& version = object.resource_version;
        const bool digits = !version.empty() && version.size() < 19 &&
                            version.find_first_not_of("0123456789") == std::string::npos;
        return digits ? number(std::stoll(version)) : std::nullopt;
      }
      default:
        return text("");
    }
  }

  static bool ComesBefore(const TestObject& a, const TestObject& b,
                          const std::vector<OrderBy>& order) {
    for (const OrderBy& term : order) {
      const auto left = ColumnOf(a, term.column);
      const auto right = ColumnOf(b, term.column);
      if (left == right) continue;
      if (!left || !right) return left.has_value();
      return term.descending ? *right < *left : *left < *right;
    }
    return std::tie(a.cluster, a.name_space, a.name) < std::tie(b.cluster, b.name_space, b.name);
  }

  static constexpr OrderColumn kColumns[] = {
      OrderColumn::kCluster,   OrderColumn::kNamespace,       OrderColumn::kName,
      OrderColumn::kCreatedAt, OrderColumn::kResourceVersion, OrderColumn::kUid,
      OrderColumn::kOwnerUid,  OrderColumn::kDeletedAt,       OrderColumn::kKind,
  };

  std::string Describe(const query::ListScope& scope, const ListOptions& options) {
    std::string text = "scope " + scope.cluster + "/" + scope.name_space + " limit " +
                       std::to_string(options.limit);
    for (const auto& term : options.order_by) {
      text += " order " + std::to_string(static_cast<int>(term.column)) +
              (term.descending ? " desc" : "");
    }
    for (const auto* set : {&options.clusters, &options.namespaces, &options.names}) {
      text += set->restricted ? " in(" : " not_in(";
      for (const std::string& value : set->restricted ? set->in : set->not_in) text += value + ",";
      text += ")";
    }
    for (const LabelRequirement& r : options.label_selector) {
      text += " " + r.key + " op" + std::to_string(static_cast<int>(r.op)) + "(";
      for (const std::string& value : r.values) text += value + ",";
      text += ")";
    }
    return text;
  }

  std::mt19937 random_{GetParam()};
};

TEST_P(SqliteOracleTest, SqlAgreesWithAnEvaluationInMemory) {
  std::map<std::string, TestObject> objects;
  std::vector<Change> changes;
  for (int i = 0; i < 2'500; ++i) {
    const TestObject object = RandomObject();
    objects[object.cluster + "!" + object.name_space + "!" + object.name] = object;
    changes.push_back(Upsert(object));
  }
  Apply(changes);
  size_t rows = 0;
  for (int i = 0; i < 400; ++i) {
    ListOptions options = RandomOptions();
    const query::ListScope scope{kPodsGvr, Below(6) == 0 ? "a" : "", Below(6) == 0 ? "n" : ""};
    std::vector<TestObject> expected;
    for (const auto& [key, object] : objects) {
      if (Matches(object, scope, options)) expected.push_back(object);
    }
    std::sort(expected.begin(), expected.end(), [&](const TestObject& a, const TestObject& b) {
      return ComesBefore(a, b, options.order_by);
    });
    std::vector<std::string> bodies;
    for (const TestObject& object : expected) bodies.push_back(object.Json());
    rows += bodies.size();
    // First by offset, then page by page.
    size_t position = 0;
    if (Below(4) == 0) {
      position = static_cast<size_t>(Below(50));
      options.start.offset = static_cast<int64_t>(position);
    }
    for (int page = 0; page < 4; ++page) {
      const Listed listed = List(options, scope);
      const size_t begin = std::min(position, bodies.size());
      const size_t size = options.limit == 0 ? bodies.size() : static_cast<size_t>(options.limit);
      const size_t end = std::min(begin + size, bodies.size());
      const std::vector<std::string> wanted(bodies.begin() + static_cast<std::ptrdiff_t>(begin),
                                            bodies.begin() + static_cast<std::ptrdiff_t>(end));
      ASSERT_EQ(listed.bodies, wanted) << Describe(scope, options) << " page " << page;
      ASSERT_EQ(listed.result.next_key.empty(), end == bodies.size()) << Describe(scope, options);
      if (options.with_remaining_count) {
        ASSERT_EQ(listed.result.remaining_count, static_cast<int64_t>(bodies.size() - end))
            << Describe(scope, options);
      }
      if (end == bodies.size()) break;
      position = end;
      options.start = {listed.result.next_key, 0};
    }
  }
  EXPECT_GT(rows, 10'000u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SqliteOracleTest, ::testing::Range(1u, 5u));

}  // namespace
}  // namespace pedia::storage
