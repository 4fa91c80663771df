#include "cmd/sync_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "apiserver/metrics.h"
#include "cmd/sync_debug.h"
#include "tests/synchro/sync_fixture.h"
#include "tests/testing/exposition.h"

namespace pedia::synchro {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

const apiserver::VersionInfo kVersion{"v1.2.3", "abc", "today"};

class SyncMetricsTest : public SyncTest {
 protected:
  std::map<std::string, testing::ExposedFamily> Exposed() {
    const std::string text =
        apiserver::Metrics().Render(cmd::SyncMetrics({.manager = *pedia_,
                                                      .version = kVersion,
                                                      .labels = options_.metric_labels,
                                                      .acting = true}));
    auto families = testing::ParseExposition(text);
    EXPECT_TRUE(families.ok()) << families.status().message();
    return families.ok() ? *families : std::map<std::string, testing::ExposedFamily>();
  }
  double Value(const std::string& family, const std::string& labels = "") {
    const auto families = Exposed();
    const auto found = families.find(family);
    if (found == families.end()) return -1;
    const auto sample = found->second.samples.find(family + labels);
    return sample == found->second.samples.end() ? -1 : sample->second;
  }
  nlohmann::json Synchros(const std::string& query = "") {
    const auto page = cmd::SynchrosPage(*pedia_)(*query::ParseUrlQuery(query), "");
    return page.ok() ? nlohmann::json::parse(page->text) : nlohmann::json();
  }
  // Of what a cluster says about its pods.
  nlohmann::json Pods(const std::string& cluster) {
    const auto page = Synchros("cluster=" + cluster);
    for (const auto& resource : page["clusters"][0].value("resources", nlohmann::json::array())) {
      if (resource["resource"] == kPods.ToString()) return resource;
    }
    return nlohmann::json::object();
  }
};

TEST_F(SyncMetricsTest, ClusterpediasFamiliesAreExposedUnderTheirNames) {
  GivenAMember("one", 30);
  StartPedia();
  UntilEverythingIsListed();
  Eventually("the gauge of what is stored",
             [&] { return Value("clustersynchro_resourcesynchro_storaged_resource_total") > 30; });
  const double stored = Value("clustersynchro_resourcesynchro_storaged_resource_total");
  EXPECT_EQ(Value("clustersynchro_resourcesynchro_resource_added_total"), stored);
  const auto families = Exposed();
  const auto& duration = families.at("clustersynchro_resourcesynchro_storage_duration_seconds");
  EXPECT_EQ(duration.type, "histogram");
  EXPECT_EQ(duration.samples.at("clustersynchro_resourcesynchro_storage_duration_seconds_count"),
            stored);
  for (const char* bound :
       {"0.025", "0.05", "0.1", "0.2", "0.4", "0.6", "1", "1.5", "3", "5", "8", "15", "+Inf"}) {
    EXPECT_TRUE(duration.samples.contains(
        std::string("clustersynchro_resourcesynchro_storage_duration_seconds_bucket{le=\"") +
        bound + "\"}"))
        << bound;
  }
  for (const char* name :
       {"resource_updated_total", "resource_deleted_total", "resource_failed_total",
        "failed_resource_total", "resource_max_retry_total"})
    EXPECT_EQ(Value(std::string("clustersynchro_resourcesynchro_") + name), 0) << name;
  EXPECT_EQ(families.at("clusterpedia_build_info").samples.size(), 1u);
  EXPECT_THAT(families.at("clusterpedia_build_info").samples.begin()->first,
              HasSubstr("git_version=\"v1.2.3\""));
  EXPECT_EQ(Value("pedia_sync_acting"), 1);
  EXPECT_EQ(Value("pedia_sync_clusters"), 1);
  EXPECT_EQ(Value("pedia_cluster_reachable", "{cluster=\"one\"}"), 1);
}

TEST_F(SyncMetricsTest, LabelsAreThoseThatWereAskedFor) {
  options_.metric_labels = *ParseMetricLabels("cluster,gvr");
  Member& one = GivenAMember("one", 30);
  GivenAMember("two", 20);
  StartPedia();
  UntilEverythingIsListed();
  const std::string added = "clustersynchro_resourcesynchro_resource_added_total";
  const auto pods = [](const std::string& cluster) {
    return "{cluster=\"" + cluster + "\",group=\"\",resource=\"pods\",version=\"v1\"}";
  };
  const auto all = Exposed();
  EXPECT_EQ(all.at(added).samples.size(),
            all.at("clustersynchro_resourcesynchro_resource_failed_total").samples.size());
  double found = 0;
  for (const auto& [name, value] : all.at(added).samples) {
    EXPECT_THAT(name, HasSubstr("group=\""));
    if (name.find("cluster=\"one\"") != std::string::npos &&
        name.find("resource=\"pods\"") != std::string::npos)
      found += value;
  }
  EXPECT_EQ(found, 30) << pods("one");
  const auto name = one.cluster->PodName(3);
  ASSERT_TRUE(one.world.Delete(kPods, name).ok());
  Eventually("the deletion to be counted", [&] {
    double deleted = 0;
    const auto exposed = Exposed();
    for (const auto& [series, value] :
         exposed.at("clustersynchro_resourcesynchro_resource_deleted_total").samples)
      deleted += series.find("cluster=\"one\"") != std::string::npos ? value : 0;
    return deleted == 1;
  });
}

TEST_F(SyncMetricsTest, FailedAttemptsAreCountedUntilTheStoreIsBack) {
  GivenAMember("one", 20);
  StartPedia();
  UntilEverythingIsListed();
  SetStoreOutage(true);
  members_.at("one")->churn->Step(5);
  Eventually("two failed attempts",
             [&] { return Value("clustersynchro_resourcesynchro_resource_max_retry_total") >= 2; });
  EXPECT_GT(Value("clustersynchro_resourcesynchro_resource_failed_total"), 1);
  const auto writer = Synchros()["writer"];
  EXPECT_NE(writer["lastError"], "");
  EXPECT_GT(writer["queueLimitBytes"], 0);
  SetStoreOutage(false);
  Eventually("the end of the outage",
             [&] { return Value("clustersynchro_resourcesynchro_resource_max_retry_total") == 0; });
}

TEST_F(SyncMetricsTest, WhatWatchesIsShownWithItsObjectsAndEvents) {
  Member& one = GivenAMember("one", 20);
  StartPedia();
  UntilEverythingIsListed();
  Eventually("the pods to be watched",
             [&] { return Pods("one").value("state", "") == "watching"; });
  EXPECT_EQ(Pods("one")["objects"], 20);
  EXPECT_EQ(Pods("one")["relists"], 0);
  one.churn->UpdateAll();
  Eventually("twenty events", [&] { return Pods("one").value("events", 0) >= 20; });
  EXPECT_FALSE(Pods("one")["lastEvent"].is_null());
  const auto cluster = Synchros()["clusters"][0];
  EXPECT_EQ(cluster["cluster"], "one");
  EXPECT_TRUE(cluster["answered"]);
  EXPECT_TRUE(cluster["discovered"]);
  const auto text = cmd::SynchrosPage(*pedia_)(query::UrlQuery(), "text/plain, */*");
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(text->text, HasSubstr("cluster one on network thread"));
  EXPECT_THAT(text->text, HasSubstr("watching"));
  EXPECT_THAT(text->text, Not(HasSubstr(one.server->token())));
  EXPECT_THAT(Synchros().dump(), Not(HasSubstr(one.server->token())));
}

TEST_F(SyncMetricsTest, WhatFailsSaysWhyAndWhenItTriesAgain) {
  Member& one = GivenAMember("one", 20);
  one.server->faults().Add({.kind = member::FaultKind::kStatus,
                            .request = member::RequestKind::kList,
                            .path_prefix = "/api/v1/pods",
                            .code = 403});
  StartPedia();
  Eventually("the pods to wait for another try",
             [&] { return Pods("one").value("state", "") == "backing off"; });
  Eventually("the reason", [&] {
    const auto pods = Pods("one");
    return pods.value("state", "") == "backing off" && pods["why"] != "" &&
           !pods["retryAt"].is_null();
  });
}

TEST_F(SyncMetricsTest, UnknownClustersAndFormatsAreRefused) {
  GivenAMember("one", 5);
  StartPedia();
  const auto page = cmd::SynchrosPage(*pedia_);
  EXPECT_EQ(page(*query::ParseUrlQuery("cluster=two"), "").status().http_code(), 404);
  EXPECT_EQ(page(*query::ParseUrlQuery("format=xml"), "").status().http_code(), 400);
}

TEST(WriteStatisticsTest, SeriesBeyondTheCapAreCountedTogether) {
  SeriesOf<int> series({.cluster = true});
  for (size_t i = 0; i < kMaxSeries + 500; ++i) ++series.Of("c" + std::to_string(i), kPods);
  EXPECT_EQ(series.all().size(), kMaxSeries + 1);
  EXPECT_EQ(series.all().at({{"cluster", std::string(kOtherSeries)}}), 500);
  ++series.Of("c7", kPods);
  EXPECT_EQ(series.all().at({{"cluster", "c7"}}), 2);
}

TEST(WriteStatisticsTest, ChangesOfFencedClustersAreNotCounted) {
  WriteStatistics statistics({.cluster = true});
  const std::vector<storage::Change> changes = {
      {storage::Change::Action::kUpsert, "mine", kPods, "Pod", {}},
      {storage::Change::Action::kUpsert, "lost", kPods, "Pod", {}},
      {storage::Change::Action::kDelete, "mine", kPods, "Pod", {}}};
  const std::vector<EventKind> kinds = {EventKind::kUpdated, EventKind::kAdded,
                                        EventKind::kDeleted};
  statistics.Written(changes, kinds, {"lost"}, milliseconds(300));
  const auto all = statistics.Read();
  ASSERT_EQ(all.size(), 1u);
  const WriteSeries& series = all.begin()->second;
  EXPECT_EQ(series.added, 0);
  EXPECT_EQ(series.updated, 1);
  EXPECT_EQ(series.deleted, 1);
  EXPECT_EQ(series.durations[4], 2);  // 0.2 < 0.3 <= 0.4
}

TEST(WriteStatisticsTest, LabelsAreParsedAsClusterpediaNamesThem) {
  const auto parsed = [](std::string_view text) {
    const auto labels = ParseMetricLabels(text);
    if (!labels.ok()) return std::string("refused");
    return std::string(labels->cluster ? "c" : "") + (labels->group_version ? "g" : "") +
           (labels->resource ? "r" : "");
  };
  EXPECT_EQ(parsed("empty"), "");
  EXPECT_EQ(parsed("cluster"), "c");
  EXPECT_EQ(parsed("gv"), "g");
  EXPECT_EQ(parsed("groupversion,resource"), "gr");
  EXPECT_EQ(parsed("cluster,gvr"), "cgr");
  EXPECT_EQ(parsed("cluster,namespace"), "refused");
}

}  // namespace
}  // namespace pedia::synchro
