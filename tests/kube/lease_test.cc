#include "kube/lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/matchers.h"

namespace pedia::kube {
namespace {

using ::pedia::testing::FailsWith;
using ::pedia::testing::IsOk;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

constexpr const char* kLease =
    R"({"kind":"Lease","metadata":{"name":"a","uid":"u","resourceVersion":"7","labels":{"x":"y"}},)"
    R"("spec":{"holderIdentity":"host_1","leaseDurationSeconds":15,)"
    R"("acquireTime":"2026-11-24T00:00:00.000001Z","renewTime":"2026-11-24T00:00:02.000000Z",)"
    R"("leaseTransitions":3,"strategy":"OldestEmulationVersion"}})";

TEST(LeaseTest, ReadsWhatAHolderWrites) {
  const Result<Lease> lease = ParseLease(kLease);
  ASSERT_THAT(lease, IsOk());
  EXPECT_EQ(lease->name, "a");
  EXPECT_EQ(lease->resource_version, "7");
  EXPECT_EQ(lease->record, (LeaseRecord{"host_1", 15, "2026-11-24T00:00:00.000001Z",
                                        "2026-11-24T00:00:02.000000Z", 3}));
}

TEST(LeaseTest, WritesTheMetadataBackAsTheyCame) {
  const Result<Lease> lease = ParseLease(kLease);
  ASSERT_THAT(lease, IsOk());
  const Result<Lease> again = ParseLease(FormatLease(lease->metadata, lease->record));
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->metadata, R"({"name":"a","uid":"u","resourceVersion":"7","labels":{"x":"y"}})");
  EXPECT_EQ(again->record, lease->record);
}

TEST(LeaseTest, RefusesWhatIsNoLease) {
  for (const char* json :
       {"", "{", "[]", "3", "null", "{}", R"({"metadata":null})", R"({"metadata":[]})",
        R"({"metadata":{"name":7}})", R"({"metadata":{"name":"a"},"spec":{)"}) {
    EXPECT_THAT(ParseLease(json), FailsWith(StatusReason::kBadRequest, _)) << json;
  }
}

TEST(LeaseTest, TakesMembersOfOtherTypesAsAbsentAndNumbersWithinBounds) {
  struct Case {
    const char* spec;
    LeaseRecord record;
  };
  const Case cases[] = {
      {"null", {}},
      {"[1,2]", {}},
      {R"({"holderIdentity":{"a":[]},"leaseDurationSeconds":"15","renewTime":5})", {}},
      {R"({"leaseDurationSeconds":-1,"leaseTransitions":-9})", {}},
      {R"({"leaseDurationSeconds":1.5})", {}},
      {R"({"leaseDurationSeconds":9223372036854775807,"leaseTransitions":9223372036854775807})",
       {"", 86'400, "", "", 2147483647}},
      {R"({"leaseDurationSeconds":99999999999999999999})", {}},
  };
  for (const Case& test : cases) {
    const Result<Lease> lease =
        ParseLease(R"({"metadata":{"name":"a"},"spec":)" + std::string(test.spec) + "}");
    ASSERT_THAT(lease, IsOk()) << test.spec;
    EXPECT_EQ(lease->record, test.record) << test.spec;
  }
}

TEST(LeaseTest, EscapesWhatTheHolderIsCalled) {
  const Result<Lease> lease = ParseLease(
      FormatLease(R"({"name":"a"})", {"x\",\"leaseDurationSeconds\":9", 1, "\"", "\\", 0}));
  ASSERT_THAT(lease, IsOk());
  EXPECT_EQ(lease->record, (LeaseRecord{"x\",\"leaseDurationSeconds\":9", 1, "\"", "\\", 0}));
}

TEST(LeaseListTest, HasTheLeasesWithoutWhatIsNone) {
  const Result<std::vector<Lease>> leases = ParseLeaseList(
      R"({"items":[{"metadata":{"name":"a"}},5,{"metadata":{}},{"metadata":{"name":"b"}}]})");
  ASSERT_THAT(leases, IsOk());
  EXPECT_THAT(*leases, ElementsAre(Field(&Lease::name, "a"), Field(&Lease::name, "b")));
  const Result<std::vector<Lease>> none = ParseLeaseList(R"({"items":null})");
  ASSERT_THAT(none, IsOk());
  EXPECT_THAT(*none, IsEmpty());
}

TEST(LeaseListTest, NeverTakesABrokenAnswerForAnEmptyList) {
  for (const char* json : {"", "{}", "[]", R"({"items":[{"metadata":{"name":"a"}})",
                           R"({"items":7})", R"({"kind":"Status"})"}) {
    EXPECT_THAT(ParseLeaseList(json), FailsWith(StatusReason::kBadRequest, _)) << json;
  }
}

TEST(MicroTimeTest, HasSixDigitsOfASecond) {
  using std::chrono::microseconds;
  using Time = std::chrono::system_clock::time_point;
  EXPECT_EQ(FormatMicroTime(Time(microseconds(1'795'478'503'012'345))),
            "2026-11-24T00:01:43.012345Z");
  EXPECT_EQ(FormatMicroTime(Time{}), "1970-01-01T00:00:00.000000Z");
}

TEST(LeasePathTest, KeepsWhatIsNoNameInItsPlace) {
  EXPECT_EQ(LeasePath("ns"), "/apis/coordination.k8s.io/v1/namespaces/ns/leases");
  EXPECT_EQ(LeasePath("a/b", "c?d"), "/apis/coordination.k8s.io/v1/namespaces/a%2Fb/leases/c%3Fd");
}

}  // namespace
}  // namespace pedia::kube
