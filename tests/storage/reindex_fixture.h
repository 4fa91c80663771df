// What the tests of computing rows anew share.
#pragma once
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "meta/log.h"
#include "tests/storage/store_audit.h"
#include "tests/storage/store_fixture.h"
#include "tests/storage/table_reader.h"

namespace pedia::storage {

// Everything of an object but when it was written and what ids it has.
inline constexpr char kObjects[] =
    "SELECT o.okey,t.grp,t.version,t.resource,t.kind,o.uid,o.owner_uid,o.rv,o.rv_number,o.created,"
    "o.deleted,o.revision FROM objects o JOIN types t ON t.type_id=o.type_id "
    "ORDER BY o.okey,t.resource";
inline constexpr char kMark[] = "SELECT schema_version,revision,encoded_to FROM meta";

// A store that is opened by the test itself; what it logs is kept.
class ReindexFixture : public StoreTest {
 protected:
  void SetUp() override {
    SetLogSink([this](LogLevel, std::string_view message) { log_ += std::string(message) + "\n"; });
  }
  void TearDown() override {
    store_.reset();
    SetLogSink([](LogLevel, std::string_view) {});
  }

  // Of two resources, with and without labels, owners and times.
  static std::vector<TestObject> Objects(int count) {
    std::vector<TestObject> objects;
    for (int i = 0; i < count; ++i) {
      TestObject object{.cluster = "c" + std::to_string(i % 3),
                        .name = "x" + std::to_string(i),
                        .resource_version = i % 7 == 0 ? "v" : std::to_string(i)};
      if (i % 5 == 0)
        object = {.gvr = kNodesGvr, .name_space = "", .name = "n" + std::to_string(i)};
      if (i % 2 == 0) object.labels.emplace_back("app", "a" + std::to_string(i % 3));
      if (i % 3 == 0) object.labels.emplace_back("env", "");
      if (i % 4 == 0) object.owner_uid = "o" + std::to_string(i % 2);
      if (i % 6 == 0) object.created.reset();
      if (i % 8 == 0) object.deleted = 7;
      objects.push_back(object);
    }
    return objects;
  }

  void ExpectSound() {
    EXPECT_THAT(Inconsistencies(database_), ::testing::IsEmpty());
    EXPECT_THAT(DifferencesFromBodies(database_), ::testing::IsEmpty());
  }

  std::string log_;
};

// Opens the store in a child process, which ends with 0 if that succeeds.
inline pid_t OpenInChild(const testing::TestDatabase& database) {
  const pid_t child = fork();
  if (child == 0) _exit(OpenStore(database.Open()).ok() ? 0 : 1);
  return child;
}

inline bool EndedWell(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace pedia::storage
