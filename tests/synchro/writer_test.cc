#include "synchro/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "meta/guarded.h"

namespace pedia::synchro {
namespace {

using std::chrono::milliseconds;
using storage::ApplyResult;
using storage::Change;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// Keeps names and versions; fails on command.
class FakeStore : public storage::Store {
 public:
  struct State {
    std::map<std::string, std::string> rows;
    std::set<std::string> poison;  // Names that make an Apply fail with poison_status.
    Status poison_status = BadRequest("poison");
    std::vector<Status> failures;  // Of the next calls of Apply, last first.
    int applies = 0;
    bool lost_writes = false;  // Of the next Apply.
    std::string fenced;        // A cluster.
    bool hangs = false;        // Apply returns when it is cancelled.
  };
  Guarded<State> state;

  Result<ApplyResult> Apply(std::span<const Change> changes) override {
    if (state.With([](State& s) { return s.hangs; })) {
      cancelled_.get_future().wait();
      return Timeout("cancelled");
    }
    return state.With([&](State& s) -> Result<ApplyResult> {
      ++s.applies;
      if (!s.failures.empty()) {
        const Status status = s.failures.back();
        s.failures.pop_back();
        return status;
      }
      for (const Change& change : changes) {
        if (s.poison.contains(change.row.name)) return s.poison_status;
      }
      ApplyResult result;
      for (const Change& change : changes) {
        if (change.cluster == s.fenced) {
          result.fenced = {s.fenced};
          continue;
        }
        s.rows[change.row.name] = change.row.resource_version;
        ++result.inserted;
      }
      result.lost_writes = std::exchange(s.lost_writes, false);
      return result;
    });
  }
  Status ClaimCluster(std::string_view, std::string_view) override { return {}; }
  Status DeleteCluster(std::string_view) override { return {}; }
  Status DeleteResource(std::string_view, const GroupVersionResource&) override { return {}; }
  Status SaveClusterRecord(const storage::ClusterRecord&,
                           std::span<const storage::NamedDocument>) override {
    return {};
  }
  Result<std::string> LoadDocument(std::string_view) override { return std::string(); }
  Result<std::vector<storage::ClusterRecord>> LoadClusterRecords() override {
    return std::vector<storage::ClusterRecord>();
  }
  Result<storage::StoredCluster> LoadCluster(std::string_view) override {
    return storage::StoredCluster();
  }
  Status LoadVersions(std::string_view, const GroupVersionResource&,
                      const std::function<bool(const storage::StoredVersion&)>&) override {
    return {};
  }
  Result<std::vector<storage::ResourceCount>> CountObjects() override {
    return std::vector<storage::ResourceCount>();
  }
  Result<storage::StoredObject> Get(std::string_view, const GroupVersionResource&, std::string_view,
                                    std::string_view, const query::AccessFilter*) override {
    return UnknownResource();
  }
  Result<storage::ListResult> List(const query::ListScope&, const query::ListOptions&,
                                   const std::function<void(const storage::ListHead&)>&,
                                   storage::RowSink&) override {
    return UnknownResource();
  }
  Result<int64_t> Revision() override { return 1; }
  int64_t SizeBytes() override { return 0; }
  void CancelWrite() override {
    if (!std::exchange(is_cancelled_, true)) cancelled_.set_value();
  }

  std::map<std::string, std::string> Rows() {
    return state.With([](const State& s) { return s.rows; });
  }

 private:
  std::promise<void> cancelled_;
  bool is_cancelled_ = false;
};

class WriterTest : public ::testing::Test {
 protected:
  static SynchroOptions Options() {
    SynchroOptions options;
    options.backoff_initial = milliseconds(1);
    options.backoff_max = milliseconds(4);
    options.store_check_interval = milliseconds(20);
    return options;
  }
  void Push(const std::string& name, const std::string& version = "1",
            const std::string& cluster = "c") {
    Change change{Change::Action::kUpsert, cluster, {"", "v1", "pods"}, "Pod", {}};
    change.row.name = name;
    change.row.resource_version = version;
    writer_.queue().Push({1, MakeObjectKey("", name)}, {EventKind::kAdded, std::move(change)});
  }
  // Returns when everything pushed before has been dealt with.
  void WaitForWriter() {
    std::promise<void> reached;
    writer_.queue().PushJob([&](storage::Store&) {
      reached.set_value();
      return Status();
    });
    reached.get_future().wait();
  }
  void FailNext(std::vector<Status> failures) {
    store_.state.With([&](FakeStore::State& state) { state.failures = std::move(failures); });
  }
  void Poison(std::set<std::string> names, Status status) {
    store_.state.With([&](FakeStore::State& state) {
      state.poison = std::move(names);
      state.poison_status = std::move(status);
    });
  }

  FakeStore store_;
  void LoseWrites() {
    store_.state.With([&](FakeStore::State& state) { state.lost_writes = true; });
  }

  SyncCounters counters_;
  std::promise<void> lost_;
  Guarded<std::vector<std::string>> fenced_;  // Clusters, as they were told.
  Writer writer_{store_,
                 Options(),
                 counters_,
                 {[this] { lost_.set_value(); },
                  [this](const std::string& cluster) {
                    fenced_.With([&](auto& told) { told.push_back(cluster); });
                  }}};
};

TEST_F(WriterTest, WritesWhatWasPushedBeforeAJobBeforeTheJob) {
  Push("a");
  Push("b");
  WaitForWriter();
  EXPECT_THAT(store_.Rows(), ElementsAre(Pair("a", "1"), Pair("b", "1")));
  EXPECT_EQ(counters_.inserted, 2);
}

TEST_F(WriterTest, LosesNothingWhileTheStoreCannotBeUsed) {
  FailNext({ServiceUnavailable("locked"), Timeout("slow"), ServiceUnavailable("down")});
  Push("a");
  WaitForWriter();
  EXPECT_THAT(store_.Rows(), ElementsAre(Pair("a", "1")));
  EXPECT_EQ(counters_.store_errors, 3);
  EXPECT_EQ(counters_.dropped, 0);
}

TEST_F(WriterTest, DropsOnlyTheObjectThatTheStoreRefuses) {
  Poison({"bad"}, BadRequest("poison"));
  for (const char* name : {"a", "bad", "z"}) Push(name);
  WaitForWriter();
  EXPECT_THAT(store_.Rows(), ElementsAre(Pair("a", "1"), Pair("z", "1")));
  EXPECT_EQ(counters_.dropped, 1);
}

TEST_F(WriterTest, DropsAnObjectThatFailsInternallyWhileOthersDoNot) {
  Poison({"bad", "worse"}, InternalError("constraint"));
  for (const char* name : {"a", "bad", "worse", "z"}) Push(name);
  WaitForWriter();
  EXPECT_THAT(store_.Rows(), ElementsAre(Pair("a", "1"), Pair("z", "1")));
  EXPECT_EQ(counters_.dropped, 2);
}

TEST_F(WriterTest, DropsNothingWhenInternalErrorsPass) {
  FailNext({InternalError("disk"), InternalError("disk"), InternalError("disk"),
            InternalError("disk"), InternalError("disk")});
  Push("a");
  Push("b");
  WaitForWriter();
  EXPECT_THAT(store_.Rows(), ElementsAre(Pair("a", "1"), Pair("b", "1")));
  EXPECT_EQ(counters_.dropped, 0);
}

TEST_F(WriterTest, TellsOnceThatTheStoreHasLostWrites) {
  LoseWrites();
  Push("a");
  WaitForWriter();
  lost_.get_future().wait();
  Push("b");
  WaitForWriter();
  EXPECT_EQ(store_.Rows().size(), 2u);
}

TEST_F(WriterTest, AsksAnIdleStoreWhetherItHasLostWrites) {
  Push("a");
  WaitForWriter();
  LoseWrites();
  lost_.get_future().wait();
  EXPECT_EQ(counters_.transactions, 1) << "questions are no transactions";
}

TEST_F(WriterTest, TriesAJobAgainWhileItsFailureMayPass) {
  int runs = 0;
  writer_.queue().PushJob(
      [&](storage::Store&) { return ++runs < 8 ? ServiceUnavailable("down") : Status(); });
  WaitForWriter();
  EXPECT_EQ(runs, 8);
}

TEST_F(WriterTest, GivesAJobUpThatCannotSucceed) {
  int runs = 0;
  writer_.queue().PushJob([&](storage::Store&) {
    ++runs;
    return InternalError("never");
  });
  WaitForWriter();
  EXPECT_EQ(runs, Writer::kMaxJobFailures);
}

TEST_F(WriterTest, GivesAJobUpAtOnceThatIsRefused) {
  int runs = 0;
  writer_.queue().PushJob([&](storage::Store&) {
    ++runs;
    return BadRequest("no");
  });
  WaitForWriter();
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(counters_.store_errors, 1);
}

TEST_F(WriterTest, TellsOfAClusterThatIsNotToBeWrittenAndWritesTheOthers) {
  store_.state.With([](FakeStore::State& state) { state.fenced = "lost"; });
  Push("a");
  Push("b", "1", "lost");
  Push("z");
  WaitForWriter();
  EXPECT_THAT(store_.Rows(), ElementsAre(Pair("a", "1"), Pair("z", "1")));
  EXPECT_EQ(counters_.inserted, 2);
  EXPECT_EQ(counters_.unchanged + counters_.dropped + counters_.store_errors, 0);
  EXPECT_THAT(fenced_.With([](const auto& told) { return told; }), ElementsAre("lost"));
}

TEST_F(WriterTest, AnExpiredJobIsThatOfAFencedClusterAndNotTriedAgain) {
  int runs = 0;
  writer_.queue().PushJob(
      [&](storage::Store&) {
        ++runs;
        return Expired("claimed");
      },
      "lost");
  WaitForWriter();
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(counters_.store_errors, 0);
  EXPECT_THAT(fenced_.With([](const auto& told) { return told; }), ElementsAre("lost"));
}

TEST_F(WriterTest, StopWritesWhatIsQueued) {
  for (int i = 0; i < 2'000; ++i) Push("object-" + std::to_string(i));
  writer_.Stop(milliseconds(10'000));
  EXPECT_EQ(store_.Rows().size(), 2'000u);
}

TEST_F(WriterTest, StopCancelsATransactionThatHangs) {
  store_.state.With([](FakeStore::State& state) { state.hangs = true; });
  Push("a");
  writer_.Stop(milliseconds(20));
  EXPECT_THAT(store_.Rows(), IsEmpty());
}

TEST_F(WriterTest, StopDoesNotWaitForAStoreThatStaysAway) {
  Poison({"a"}, ServiceUnavailable("down"));
  Push("a");
  writer_.Stop(milliseconds(20));
  EXPECT_THAT(store_.Rows(), IsEmpty());
}

}  // namespace
}  // namespace pedia::synchro
