#include "apiserver/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apiserver/api_fixture.h"
#include "tests/testing/exposition.h"

namespace pedia::apiserver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsTest, CountsRequestsByVerbResourceAndCode) {
  Metrics metrics;
  for (int i = 0; i < 2; ++i) {
    metrics.RequestStarted();
    metrics.RequestFinished({"list", {"apps", "v1", "deployments"}, 200, 0.02, 100});
  }
  const std::string text = metrics.Render({});
  EXPECT_THAT(text, HasSubstr("# TYPE apiserver_request_total counter"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(apiserver_request_total{code="200",group="apps",resource="deployments",verb="LIST",version="v1"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(resource="deployments",verb="LIST",version="v1",le="0.025"} 2)"));
  EXPECT_THAT(text, HasSubstr(R"(resource="deployments",verb="LIST",version="v1",le="0.01"} 0)"));
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(apiserver_response_bytes_total{group="apps",resource="deployments",verb="LIST",version="v1"} 200)"));
}

TEST(MetricsTest, KnowsHowManyRequestsAreInFlight) {
  Metrics metrics;
  metrics.RequestStarted();
  metrics.RequestStarted();
  metrics.RequestFinished({"get", {}, 200, 0, 0});
  EXPECT_THAT(metrics.Render({}),
              HasSubstr(R"(apiserver_current_inflight_requests{request_kind="readOnly"} 1)"));
}

TEST(MetricsTest, ShowsSamplesOfOthersAsFamilies) {
  Metrics metrics;
  const std::string text =
      metrics.Render({{"pedia_objects", "Objects.", false, {{"cluster", "c\"1"}}, 5},
                      {"pedia_events_total", "Events.", true, {}, 7},
                      {"pedia_objects", "Objects.", false, {{"cluster", "c2"}}, 6}});
  EXPECT_THAT(text,
              HasSubstr("# HELP pedia_objects Objects.\n# TYPE pedia_objects gauge\n"
                        "pedia_objects{cluster=\"c\\\"1\"} 5\npedia_objects{cluster=\"c2\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE pedia_events_total counter\npedia_events_total 7\n"));
}

TEST(MetricsTest, HistogramsOfOthersAddUp) {
  Metrics metrics;
  metrics.RequestStarted();
  metrics.RequestFinished({"list", {"apps", "v1", "deployments"}, 200, 0.02, 100});
  MetricSample sample{"pedia_seconds", "Seconds.", false, {{"cluster", "c1"}}, 0};
  sample.histogram = MetricHistogram{{{0.5, 2}, {1, 3}}, 4, 2.5};
  const auto families = pedia::testing::ParseExposition(metrics.Render({sample}));
  ASSERT_TRUE(families.ok()) << families.status().message();
  EXPECT_EQ(families->at("pedia_seconds").type, "histogram");
  const auto& samples = families->at("pedia_seconds").samples;
  EXPECT_EQ(samples.at(R"(pedia_seconds_bucket{cluster="c1",le="0.5"})"), 2);
  EXPECT_EQ(samples.at(R"(pedia_seconds_bucket{cluster="c1",le="+Inf"})"), 4);
  EXPECT_EQ(samples.at(R"(pedia_seconds_sum{cluster="c1"})"), 2.5);
}

TEST_F(ApiTest, MetricsShowServedResourcesOnly) {
  GetBelow("/api/v1/pods");
  GetBelow("/api/v1/nonsense");
  GetBelow("/api/v1/namespaces/shop/pods/nope");
  Get("/apis/evil.io/v1/things");
  const Answer answer = Get("/metrics");
  EXPECT_EQ(answer.code, 200);
  EXPECT_THAT(answer.Header("Content-Type"), HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(
      answer.body,
      HasSubstr(
          R"(apiserver_request_total{code="200",group="",resource="pods",verb="LIST",version="v1"} 1)"));
  EXPECT_THAT(
      answer.body,
      HasSubstr(
          R"(apiserver_request_total{code="400",group="",resource="pods",verb="GET",version="v1"} 1)"));
  EXPECT_THAT(
      answer.body,
      HasSubstr(
          R"(apiserver_request_total{code="404",group="",resource="",verb="LIST",version=""} 2)"));
  EXPECT_THAT(answer.body, Not(HasSubstr("nonsense")));
  EXPECT_THAT(answer.body, Not(HasSubstr("evil")));
  EXPECT_THAT(answer.body, HasSubstr("pedia_store_size_bytes 4096"));
}

TEST_F(ApiTest, MetricsShowSamplesFromOutside) {
  options_.metrics = [] {
    return std::vector<MetricSample>{{"pedia_sync_events_total", "Events.", true, {}, 3}};
  };
  EXPECT_THAT(Get("/metrics").body, HasSubstr("pedia_sync_events_total 3"));
}

TEST_F(ApiTest, TheMetricsPortServesMetricsAndHealthWithoutCredentialsAndNothingElse) {
  RequireCredentials({"s3cret", ""});
  on_metrics_port_ = true;
  EXPECT_EQ(Get("/metrics").code, 200);
  EXPECT_EQ(Get("/readyz").code, 200);
  EXPECT_EQ(Get("/version").code, 404);
  EXPECT_EQ(GetBelow("/api/v1/pods").code, 404);
  EXPECT_EQ(Get("/").code, 404);
}

}  // namespace
}  // namespace pedia::apiserver
