// What the tests of the store share: a folder of their own, small objects, and verbs.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "meta/json_reader.h"
#include "meta/time.h"
#include "storage/object_row.h"
#include "storage/sql_store.h"
#include "storage/store.h"
#include "tests/testing/matchers.h"
#include "tests/testing/test_database.h"

namespace pedia::storage {

inline const GroupVersionResource kPodsGvr{"", "v1", "pods"};
inline const GroupVersionResource kNodesGvr{"", "v1", "nodes"};

// A folder that is removed with its owner.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(
      const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
    std::string pattern = (parent / "pedia-storage-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string File(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// An object to store. Empty texts are left out of the JSON.
struct TestObject {
  std::string cluster = "c1";
  GroupVersionResource gvr = kPodsGvr;
  std::string name_space = "default";
  std::string name = "a";
  std::string resource_version = "1";
  std::string uid = "u";
  std::vector<std::pair<std::string, std::string>> labels;
  std::optional<int64_t> created = 1'000'000;
  std::optional<int64_t> deleted;
  std::string owner_uid;
  std::string phase = "Running";
  std::string node;
  std::string padding;  // An annotation, to give the body a size.

  std::string Json() const {
    std::string json = R"({"metadata":{"name":)" + JsonString(name);
    if (!name_space.empty()) json += R"(,"namespace":)" + JsonString(name_space);
    if (!uid.empty()) json += R"(,"uid":)" + JsonString(uid);
    if (!resource_version.empty()) json += R"(,"resourceVersion":)" + JsonString(resource_version);
    if (created) json += R"(,"creationTimestamp":)" + JsonString(FormatRfc3339(*created));
    if (deleted) json += R"(,"deletionTimestamp":)" + JsonString(FormatRfc3339(*deleted));
    if (!owner_uid.empty()) {
      json += R"(,"ownerReferences":[{"uid":"other"},{"controller":true,"uid":)" +
              JsonString(owner_uid) + "}]";
    }
    json += R"(,"labels":{)";
    for (size_t i = 0; i < labels.size(); ++i) {
      json += (i > 0 ? "," : "") + JsonString(labels[i].first) + ":" + JsonString(labels[i].second);
    }
    json += R"(},"annotations":{"shadow.clusterpedia.io/cluster-name":)" + JsonString(cluster);
    json += R"(,"padding":)" + JsonString(padding) + R"(}},"spec":{"nodeName":)" + JsonString(node);
    return json + R"(},"status":{"phase":)" + JsonString(phase) + "}}";
  }
};

inline Change Upsert(const TestObject& object) {
  Result<ObjectRow> row = EncodeObject(object.gvr, object.Json());
  EXPECT_THAT(row, testing::IsOk());
  return {Change::Action::kUpsert, object.cluster, object.gvr, "Kind", std::move(*row)};
}

inline Change Deletion(const TestObject& object) {
  Change change{Change::Action::kDelete, object.cluster, object.gvr, "Kind", {}};
  change.row.name_space = object.name_space;
  change.row.name = object.name;
  return change;
}

// Keeps the bodies; stops after `stop_after` rows if that is not 0.
class CollectingSink : public RowSink {
 public:
  bool Row(const ListRow& row) override {
    bodies.emplace_back(row.body);
    return stop_after == 0 || bodies.size() < stop_after;
  }
  std::vector<std::string> bodies;
  size_t stop_after = 0;
};

// A list and all that it gave.
struct Listed {
  ListResult result;
  std::vector<std::string> bodies;
  std::vector<int64_t> heads;  // The revision, once.
};

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    store_.reset();
    Result<std::unique_ptr<Store>> store = OpenStore(database_.Open());
    ASSERT_THAT(store, testing::IsOk());
    store_ = std::move(*store);
  }
  std::string path() const { return database_.sqlite_path(); }

  ApplyResult Apply(const std::vector<Change>& changes) {
    const Result<ApplyResult> result = store_->Apply(changes);
    EXPECT_THAT(result, testing::IsOk());
    return result.ok() ? *result : ApplyResult{};
  }
  ApplyResult Put(const std::vector<TestObject>& objects) {
    std::vector<Change> changes;
    for (const TestObject& object : objects) changes.push_back(Upsert(object));
    return Apply(changes);
  }

  Listed List(const query::ListOptions& options, query::ListScope scope = {kPodsGvr, "", ""}) {
    Listed listed;
    CollectingSink sink;
    Result<ListResult> result = store_->List(
        scope, options, [&](const ListHead& head) { listed.heads.push_back(head.revision); }, sink);
    EXPECT_THAT(result, testing::IsOk());
    if (result.ok()) listed.result = std::move(*result);
    listed.bodies = std::move(sink.bodies);
    return listed;
  }
  // "cluster/namespace/name" of each row.
  std::vector<std::string> Names(const query::ListOptions& options,
                                 query::ListScope scope = {kPodsGvr, "", ""}) {
    std::vector<std::string> names;
    for (const std::string& body : List(options, std::move(scope)).bodies)
      names.push_back(NameOf(body));
    return names;
  }
  static std::string NameOf(const std::string& body) {
    const Result<ObjectRow> row = EncodeObject(kPodsGvr, body);
    const std::string mark = R"("shadow.clusterpedia.io/cluster-name":")";
    const size_t start = body.find(mark) + mark.size();
    return body.substr(start, body.find('"', start) - start) + "/" + row->name_space + "/" +
           row->name;
  }

  testing::TestDatabase database_;
  std::unique_ptr<Store> store_;
};

inline query::NameSet In(std::vector<std::string> values) { return {true, std::move(values), {}}; }
inline query::NameSet NotIn(std::vector<std::string> values) {
  return {false, {}, std::move(values)};
}

}  // namespace pedia::storage
