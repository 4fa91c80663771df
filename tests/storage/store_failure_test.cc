// What the store does when something is wrong with what it reads, or takes too long.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "meta/log.h"
#include "tests/storage/store_fixture.h"
#include "tests/storage/table_reader.h"

namespace pedia::storage {
namespace {

using ::testing::_;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using namespace std::chrono_literals;

class StoreFailureTest : public StoreTest {
 protected:
  void SetUp() override {
    SetLogSink([](LogLevel, std::string_view) {});
    StoreTest::SetUp();
  }
};

TEST_F(StoreFailureTest, RefusesTheSchemaOfANewerVersion) {
  store_.reset();
  RunSql(database_, "UPDATE meta SET schema_version=99");
  EXPECT_THAT(
      OpenStore(database_.Open()),
      FailsWith(StatusReason::kInternalError,
                ::testing::AllOf(HasSubstr(database_.Open()->name()), HasSubstr("newer pedia"))));
}

TEST_F(StoreFailureTest, ADamagedBodyIsAnErrorAndNotARow) {
  Put({{.name = "a", .padding = std::string(1'000, 'x')}});
  RunSql(database_, "UPDATE bodies SET body=?", {BlobView{"\x01\x01"}});
  CollectingSink sink;
  EXPECT_THAT(store_->List(
                  {kPodsGvr, "", ""}, {}, [](const ListHead&) {}, sink),
              FailsWith(StatusReason::kInternalError, _));
  EXPECT_THAT(sink.bodies, IsEmpty());
  EXPECT_THAT(store_->Get("c1", kPodsGvr, "default", "a", nullptr),
              FailsWith(StatusReason::kInternalError, _));
}

TEST_F(StoreFailureTest, AListThatTakesTooLongIsEnded) {
  std::vector<TestObject> objects;
  for (int i = 0; i < 100; ++i) objects.push_back({.name = "p" + std::to_string(i)});
  Put(objects);
  store_.reset();
  Result<std::unique_ptr<Store>> store = OpenStore(database_.Open(), {.query_deadline = 200ms});
  ASSERT_THAT(store, IsOk());
  class SlowSink : public RowSink {
   public:
    bool Row(const ListRow&) override {
      std::this_thread::sleep_for(20ms);
      return true;
    }
  } sink;
  EXPECT_THAT((*store)->List(
                  {kPodsGvr, "", ""}, {}, [](const ListHead&) {}, sink),
              FailsWith(StatusReason::kTimeout, _));
  EXPECT_THAT((*store)->Revision(), IsOk());
}

TEST_F(StoreFailureTest, ALongStatementIsInterruptedAtTheDeadline) {
  std::vector<TestObject> objects;
  for (int i = 0; i < 3'000; ++i)
    objects.push_back({.name = "p" + std::to_string(i), .uid = std::to_string(i)});
  Put(objects);
  store_.reset();
  Result<std::unique_ptr<Store>> store = OpenStore(database_.Open(), {.query_deadline = 0ms});
  ASSERT_THAT(store, IsOk());
  CollectingSink sink;
  query::ListOptions options{.order_by = {{query::OrderColumn::kUid}}};
  EXPECT_THAT((*store)->List(
                  {kPodsGvr, "", ""}, options, [](const ListHead&) {}, sink),
              FailsWith(StatusReason::kTimeout, _));
  EXPECT_THAT(sink.bodies, IsEmpty());
}

TEST_F(StoreFailureTest, AReaderThatIsNeverFreeIsServiceUnavailable) {
  Put({{.name = "a"}});
  store_.reset();
  Result<std::unique_ptr<Store>> store =
      OpenStore(database_.Open(/*max_readers=*/1), {.query_deadline = 100ms});
  ASSERT_THAT(store, IsOk());
  class NestingSink : public RowSink {
   public:
    explicit NestingSink(Store* store) : store_(store) {}
    bool Row(const ListRow&) override {
      inner = testing::ToStatus(store_->Revision());
      return true;
    }
    Status inner;

   private:
    Store* store_;
  } sink(store->get());
  (void)(*store)->List(
      {kPodsGvr, "", ""}, {}, [](const ListHead&) {}, sink);
  EXPECT_THAT(sink.inner, FailsWith(StatusReason::kServiceUnavailable, HasSubstr("busy")));
  EXPECT_THAT((*store)->Revision(), IsOk());
}

}  // namespace
}  // namespace pedia::storage
