// What the readers remember of the dictionary, over changes, other processes and late replicas.
#include "storage/dictionary.h"

#include <gtest/gtest.h>

#include "storage/packed_entries.h"
#include "tests/storage/store_fixture.h"
#include "tests/storage/table_reader.h"

namespace pedia::storage {
namespace {

using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class DictionaryTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    readers_ = database_.Open();
    Result<std::unique_ptr<SqlConnection>> connection = readers_->Connect(Database::Role::kReader);
    ASSERT_THAT(connection, IsOk());
    connection_ = *std::move(connection);
  }
  void TearDown() override { connection_.reset(); }

  StoreState State() {
    const Result<StoreState> state = connection_->BeginRead();
    EXPECT_THAT(state, IsOk());
    connection_->Rollback();
    return *state;
  }
  // As a reader in a snapshot of its own would get it.
  std::shared_ptr<const Dictionary> Get() {
    const Result<StoreState> state = connection_->BeginRead();
    EXPECT_THAT(state, IsOk());
    auto dictionary = cache_.Get(*connection_, *state);
    EXPECT_THAT(dictionary, IsOk());
    connection_->Rollback();
    return *dictionary;
  }
  std::vector<std::string> Paths(const DictionaryType& type) {
    std::vector<std::string> paths;
    for (const auto& [path, key_id] : type.keys) paths.push_back(path);
    return paths;
  }

  std::unique_ptr<Database> readers_;
  std::unique_ptr<SqlConnection> connection_;
  DictionaryCache cache_;
};

TEST_F(DictionaryTest, ShowsWhatIsStored) {
  EXPECT_THAT(Get()->types, IsEmpty());
  Put({{.name = "a", .labels = {{"x", "1"}}},
       {.name = "b"},
       {.gvr = kNodesGvr, .name_space = "", .name = "n"}});
  const std::shared_ptr<const Dictionary> dictionary = Get();
  ASSERT_THAT(dictionary->types, SizeIs(2));
  const DictionaryType* pods = dictionary->Find(kPodsGvr);
  ASSERT_NE(pods, nullptr);
  EXPECT_EQ(pods->kind, "Kind");
  EXPECT_THAT(Paths(*pods), UnorderedElementsAre("s", "l:x", "f:spec.nodeName", "f:status.phase"));
  EXPECT_THAT(pods->sets, SizeIs(2));
  for (const KeySet& set : pods->sets) {
    EXPECT_THAT(ReadTable(database_, "SELECT key_ids FROM key_sets WHERE set_id=" + set.id),
                ::testing::ElementsAre(PackKeySet(set.keys)));
  }
  EXPECT_EQ(dictionary->Find({"x", "v1", "y"}), nullptr);
}

TEST_F(DictionaryTest, SharesWhatDidNotChange) {
  Put({{.name = "a"}, {.gvr = kNodesGvr, .name_space = "", .name = "n"}});
  const std::shared_ptr<const Dictionary> before = Get();
  EXPECT_EQ(Get(), before);
  Put({{.name = "a", .phase = "Failed"}});
  EXPECT_EQ(Get(), before) << "no key is new";
  Put({{.name = "a", .labels = {{"new", "1"}}}});
  const std::shared_ptr<const Dictionary> after = Get();
  EXPECT_EQ(after->Find(kNodesGvr), before->Find(kNodesGvr));
  EXPECT_THAT(Paths(*after->Find(kPodsGvr)), ::testing::Contains("l:new"));
  EXPECT_THAT(Paths(*before->Find(kPodsGvr)), ::testing::Not(::testing::Contains("l:new")));
  EXPECT_THAT(after->Find(kPodsGvr)->sets, SizeIs(2));
}

TEST_F(DictionaryTest, ForgetsWhatWasRemoved) {
  Put({{.name = "a", .labels = {{"x", "1"}}}});
  ASSERT_THAT(Paths(*Get()->Find(kPodsGvr)), ::testing::Contains("l:x"));
  Apply({Deletion({.name = "a"})});
  Open();  // The first transaction of a process removes what nobody needs any more.
  Put({{.gvr = kNodesGvr, .name_space = "", .name = "n"}});
  EXPECT_THAT(Paths(*Get()->Find(kPodsGvr)), IsEmpty());
  EXPECT_THAT(Get()->Find(kPodsGvr)->sets, IsEmpty());
}

TEST_F(DictionaryTest, AReplicaThatLagsBehindGetsTheNewerOne) {
  Put({{.name = "a"}});
  const StoreState late = State();
  Put({{.name = "a", .labels = {{"x", "1"}}}});
  const std::shared_ptr<const Dictionary> newest = Get();
  const auto dictionary = cache_.Get(*connection_, late);
  ASSERT_THAT(dictionary, IsOk());
  EXPECT_EQ(*dictionary, newest);
  EXPECT_EQ(Get(), newest);
}

TEST_F(DictionaryTest, ReadsNothingThatIsYoungerThanTheState) {
  Put({{.name = "a"}});
  const StoreState before = State();
  Put({{.name = "a", .labels = {{"x", "1"}}}});
  const auto dictionary = cache_.Get(*connection_, before);
  ASSERT_THAT(dictionary, IsOk());
  EXPECT_THAT((*dictionary)->Find(kPodsGvr)->sets, SizeIs(1));
  EXPECT_THAT(Get()->Find(kPodsGvr)->sets, SizeIs(2)) << "and nothing twice";
}

}  // namespace
}  // namespace pedia::storage
