// After any sequence of changes the side tables say what the bodies say.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/storage/store_audit.h"
#include "tests/storage/store_fixture.h"
#include "tests/storage/table_reader.h"

namespace pedia::storage {
namespace {

using ::testing::IsEmpty;
using Key = std::tuple<std::string, std::string, std::string,
                       std::string>;  // cluster, resource, namespace, name

class StorePropertyTest : public StoreTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  void SetUp() override { StoreTest::SetUp(); }

  std::string Pick(std::initializer_list<const char*> values) {
    return *(values.begin() + random_() % values.size());
  }

  TestObject RandomObject() {
    TestObject object;
    object.cluster = Pick({"a", "a-b", "b"});
    const bool node = random_() % 4 == 0;
    object.gvr = node ? kNodesGvr : kPodsGvr;
    object.name_space = node ? "" : Pick({"n", "n-1", "m"});
    object.name = "x" + std::to_string(random_() % 12);
    object.resource_version = Pick({"1", "2", "30", "", "v"});
    object.labels.clear();
    for (const char* key : {"app", "env", "tier"}) {
      if (random_() % 2 == 0) object.labels.emplace_back(key, Pick({"", "1", "2", "web"}));
    }
    if (random_() % 10 == 0)
      object.labels.emplace_back("long", std::string(150 + random_() % 100, 'l'));
    object.created = random_() % 5 == 0 ? std::nullopt : std::optional<int64_t>(1 + random_() % 3);
    object.deleted = random_() % 5 == 0 ? std::optional<int64_t>(7) : std::nullopt;
    object.owner_uid = Pick({"", "o1", "o2"});
    object.phase = Pick({"Running", "Failed"});
    object.padding = std::string(random_() % 3 * 2'000, 'x');
    return object;
  }

  // What the tables must hold, computed from the bodies alone.
  std::vector<std::string> ExpectedEntries() const {
    std::vector<std::string> rows;
    for (const auto& [key, body] : model_) {
      const auto& [cluster, resource, name_space, name] = key;
      const Result<ObjectRow> row = EncodeObject({"", "v1", resource}, body);
      for (const Entry& entry : row->entries) {
        rows.push_back(cluster + "!" + name_space + "!" + name + "|" + resource + "|" + entry.key +
                       "|" + entry.value);
      }
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  std::vector<std::string> ExpectedObjects() const {
    std::vector<std::string> rows;
    for (const auto& [key, body] : model_) {
      const auto& [cluster, resource, name_space, name] = key;
      const Result<ObjectRow> row = EncodeObject({"", "v1", resource}, body);
      const auto number = [](int64_t value) { return std::to_string(value); };
      rows.push_back(cluster + "|" + resource + "|" + name_space + "|" + name + "|" + row->uid +
                     "|" + (row->owner_uid.empty() ? "NULL" : row->owner_uid) + "|" +
                     row->resource_version + "|" +
                     (row->created == 0 ? "NULL" : number(row->created)) + "|" +
                     (row->deleted ? number(*row->deleted) : "NULL"));
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  void ExpectTablesMatchTheBodies() {
    std::vector<std::string> entries = ReadTable(database_, kAllEntries);
    std::sort(entries.begin(), entries.end());
    ASSERT_EQ(entries, ExpectedEntries());
    std::vector<std::string> objects =
        ReadTable(database_,
                  "SELECT o.cluster,t.resource,o.namespace,o.name,o.uid,o.owner_uid,o.rv,"
                  "o.created,o.deleted FROM objects o JOIN types t ON t.type_id=o.type_id");
    std::sort(objects.begin(), objects.end());
    ASSERT_EQ(objects, ExpectedObjects());
    ASSERT_THAT(Inconsistencies(database_), IsEmpty());
    ASSERT_THAT(DifferencesFromBodies(database_), IsEmpty());
    for (const auto& [key, body] : model_) {
      const auto& [cluster, resource, name_space, name] = key;
      ASSERT_EQ(store_->Get(cluster, {"", "v1", resource}, name_space, name, nullptr)->body, body);
    }
  }

  std::mt19937 random_{GetParam()};
  std::map<Key, std::string> model_;  // The bodies that must be stored.
};

TEST_P(StorePropertyTest, SideTablesEqualWhatTheBodiesSay) {
  for (int batch = 0; batch < 40; ++batch) {
    std::vector<Change> changes;
    const size_t size = 1 + random_() % 20;
    for (size_t i = 0; i < size; ++i) {
      const TestObject object = RandomObject();
      const Key key{object.cluster, object.gvr.resource, object.name_space, object.name};
      if (random_() % 3 == 0) {
        changes.push_back(Deletion(object));
        model_.erase(key);
      } else {
        changes.push_back(Upsert(object));
        model_[key] = object.Json();
      }
    }
    Apply(changes);
    if (random_() % 10 == 0) {
      ASSERT_THAT(store_->DeleteResource("a", kPodsGvr), testing::IsOk());
      std::erase_if(model_, [](const auto& item) {
        return std::get<0>(item.first) == "a" && std::get<1>(item.first) == "pods";
      });
    }
    if (random_() % 10 == 0) Open();
    if (batch % 5 == 4) ExpectTablesMatchTheBodies();
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, StorePropertyTest, ::testing::Range(1u, 6u));

}  // namespace
}  // namespace pedia::storage
