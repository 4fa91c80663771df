// HorizontalPodAutoscalers, field by field, from Kubernetes' API reference and its own conversions.
#include <gmock/gmock.h>

#include <string>

#include "meta/json_string.h"
#include "tests/convert/convert_fixture.h"

namespace pedia::convert {
namespace {

const Pair kV1("horizontalpodautoscalers", "autoscaling/v2", "autoscaling/v1");
const Pair kV2Beta1("horizontalpodautoscalers", "autoscaling/v2", "autoscaling/v2beta1");
const Pair kV2Beta2("horizontalpodautoscalers", "autoscaling/v2", "autoscaling/v2beta2");

struct Metric {
  const char* v2beta1;
  const char* v2;
};

// The same in both directions.
constexpr Metric kTargets[] = {
    {R"({"type":"Resource","resource":{"name":"memory","targetAverageUtilization":60}})",
     R"({"type":"Resource","resource":{"name":"memory",)"
     R"("target":{"type":"Utilization","averageUtilization":60}}})"},
    {R"({"type":"Resource","resource":{"name":"cpu","targetAverageValue":"100m"}})",
     R"({"type":"Resource","resource":{"name":"cpu",)"
     R"("target":{"type":"AverageValue","averageValue":"100m"}}})"},
    {R"({"type":"ContainerResource","containerResource":{"name":"cpu",)"
     R"("targetAverageUtilization":60,"container":"app"}})",
     R"({"type":"ContainerResource","containerResource":{"name":"cpu","container":"app",)"
     R"("target":{"type":"Utilization","averageUtilization":60}}})"},
    {R"({"type":"Pods","pods":{"metricName":"rps","targetAverageValue":"1k",)"
     R"("selector":{"matchLabels":{"a":"b"}}}})",
     R"({"type":"Pods","pods":{"metric":{"name":"rps","selector":{"matchLabels":{"a":"b"}}},)"
     R"("target":{"type":"AverageValue","averageValue":"1k"}}})"},
    {R"({"type":"Object","object":{"target":{"kind":"Ingress","name":"i"},"metricName":"rps",)"
     R"("targetValue":"2k"}})",
     R"({"type":"Object","object":{"describedObject":{"kind":"Ingress","name":"i"},)"
     R"("metric":{"name":"rps"},"target":{"type":"Value","value":"2k"}}})"},
    {R"({"type":"Object","object":{"target":{"kind":"Ingress","name":"i"},"metricName":"rps",)"
     R"("targetValue":"0","averageValue":"10"}})",
     R"({"type":"Object","object":{"describedObject":{"kind":"Ingress","name":"i"},)"
     R"("metric":{"name":"rps"},)"
     R"("target":{"type":"AverageValue","value":"0","averageValue":"10"}}})"},
    {R"({"type":"External","external":{"metricName":"q","metricSelector":{"matchLabels":{}},)"
     R"("targetValue":"30"}})",
     R"({"type":"External","external":{"metric":{"name":"q","selector":{"matchLabels":{}}},)"
     R"("target":{"type":"Value","value":"30"}}})"},
    {R"({"type":"External","external":{"metricName":"q","targetAverageValue":"30"}})",
     R"({"type":"External","external":{"metric":{"name":"q"},)"
     R"("target":{"type":"AverageValue","averageValue":"30"}}})"}};

constexpr Metric kCurrents[] = {
    {R"({"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":35,)"
     R"("currentAverageValue":"35m"}})",
     R"({"type":"Resource","resource":{"name":"cpu",)"
     R"("current":{"averageUtilization":35,"averageValue":"35m"}}})"},
    {R"({"type":"ContainerResource","containerResource":{"name":"cpu","currentAverageValue":"1",)"
     R"("container":"app"}})",
     R"({"type":"ContainerResource","containerResource":{"name":"cpu","container":"app",)"
     R"("current":{"averageValue":"1"}}})"},
    {R"({"type":"Pods","pods":{"metricName":"rps","currentAverageValue":"1k"}})",
     R"({"type":"Pods","pods":{"metric":{"name":"rps"},"current":{"averageValue":"1k"}}})"},
    {R"({"type":"Object","object":{"target":{"name":"i"},"metricName":"rps",)"
     R"("currentValue":"2k","averageValue":"3"}})",
     R"({"type":"Object","object":{"describedObject":{"name":"i"},"metric":{"name":"rps"},)"
     R"("current":{"value":"2k","averageValue":"3"}}})"},
    {R"({"type":"External","external":{"metricName":"q","currentValue":"0",)"
     R"("currentAverageValue":"3"}})",
     R"({"type":"External","external":{"metric":{"name":"q"},)"
     R"("current":{"value":"0","averageValue":"3"}}})"}};

TEST(AutoscalerV2Beta1Test, ConvertsEveryKindOfMetric) {
  for (const Metric& metric : kTargets) {
    const auto spec = [](const char* text) {
      return R"("spec":{"metrics":[)" + std::string(text) + "]}";
    };
    EXPECT_EQ(kV2Beta1.ToStored(spec(metric.v2beta1)), spec(metric.v2));
    EXPECT_EQ(kV2Beta1.FromStored(spec(metric.v2)), spec(metric.v2beta1));
  }
}

TEST(AutoscalerV2Beta1Test, ConvertsEveryKindOfCurrentMetric) {
  for (const Metric& metric : kCurrents) {
    const auto status = [](const char* text) {
      return R"("status":{"currentMetrics":[)" + std::string(text) + R"(],"conditions":[]})";
    };
    EXPECT_EQ(kV2Beta1.ToStored(status(metric.v2beta1)), status(metric.v2));
    EXPECT_EQ(kV2Beta1.FromStored(status(metric.v2)), status(metric.v2beta1));
  }
}

TEST(AutoscalerV2Beta1Test, WritesZeroForAnAmountThatIsRequired) {
  EXPECT_EQ(kV2Beta1.FromStored(R"("spec":{"metrics":[{"type":"Object","object":{)"
                                R"("target":{"type":"AverageValue","averageValue":"10"}}}]})"),
            R"("spec":{"metrics":[{"type":"Object","object":{)"
            R"("targetValue":"0","averageValue":"10"}}]})");
  EXPECT_EQ(kV2Beta1.ToStored(R"("status":{"currentMetrics":[{"type":"Pods","pods":{}}]})"),
            R"("status":{"currentMetrics":[{"type":"Pods","pods":{)"
            R"("current":{"averageValue":"0"}}}]})");
}

constexpr std::string_view kBehavior =
    R"({"scaleUp":{"stabilizationWindowSeconds":0,"selectPolicy":"Max","policies":[)"
    R"({"type":"Pods","value":4,"periodSeconds":60}]}})";
constexpr std::string_view kInternalBehavior =
    R"({"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max","Policies":[)"
    R"({"Type":"Pods","Value":4,"PeriodSeconds":60}]},"ScaleDown":null})";

std::string Annotated(const std::string& annotations, const std::string& rest) {
  return R"("metadata":{"name":"a","annotations":{)" + annotations + "}}," + rest;
}

std::string Annotation(const std::string& name, std::string_view json) {
  return "\"autoscaling.alpha.kubernetes.io/" + name + "\":" + JsonString(json);
}

TEST(AutoscalerV2Beta1Test, KeepsTheBehaviorAsKubernetesWritesIt) {
  const std::string old = Annotated(R"("shadow":"c1",)" + Annotation("behavior", kInternalBehavior),
                                    R"("spec":{"maxReplicas":3})");
  const std::string now = Annotated(
      R"("shadow":"c1")", R"("spec":{"maxReplicas":3,"behavior":)" + std::string(kBehavior) + "}");
  EXPECT_EQ(kV2Beta1.ToStored(old), now);
  EXPECT_EQ(kV2Beta1.FromStored(now), old);
}

TEST(AutoscalerV2Beta1Test, ReadsABehaviorInSmallLettersToo) {
  EXPECT_EQ(kV2Beta1.ToStored(Annotated(Annotation("behavior", kBehavior), R"("spec":{})")),
            R"("metadata":{"name":"a"},"spec":{"behavior":)" + std::string(kBehavior) + "}");
}

TEST(AutoscalerV2Beta2Test, DiffersInTheVersionOnly) {
  const std::string fields = R"("spec":{"metrics":[ {"type":"Pods"} ]})";
  EXPECT_EQ(kV2Beta2.ToStored(fields), fields);
  EXPECT_EQ(kV2Beta2.FromStored(fields), fields);
}

TEST(AutoscalerV1Test, HasItsOwnFieldForTheTargetOfTheCpu) {
  const std::string old = R"("spec":{"maxReplicas":3,"targetCPUUtilizationPercentage":70})";
  const std::string now =
      R"("spec":{"maxReplicas":3,"metrics":[{"type":"Resource","resource":{"name":"cpu",)"
      R"("target":{"type":"Utilization","averageUtilization":70}}}]})";
  EXPECT_EQ(kV1.ToStored(old), now);
  EXPECT_EQ(kV1.FromStored(now), old);
}

TEST(AutoscalerV1Test, MeansEightyPercentWithoutAnyMetric) {
  EXPECT_EQ(kV1.ToStored(R"("spec":{"maxReplicas":3})"),
            R"("spec":{"maxReplicas":3,"metrics":[{"type":"Resource","resource":{"name":"cpu",)"
            R"("target":{"type":"Utilization","averageUtilization":80}}}]})");
}

TEST(AutoscalerV1Test, KnowsTheCpuByTheTypeOfItsMetric) {
  EXPECT_EQ(kV1.FromStored(R"("spec":{"maxReplicas":1,"metrics":[{"type":"ContainerResource",)"
                           R"("resource":{"name":"cpu","target":{"averageUtilization":5}}}]})"),
            R"("spec":{"maxReplicas":1})");
}

TEST(AutoscalerV1Test, KeepsOtherMetricsInAnAnnotation) {
  for (const Metric& metric : kTargets) {
    const std::string old =
        Annotated(Annotation("metrics", "[" + std::string(metric.v2beta1) + "]"),
                  R"("spec":{"targetCPUUtilizationPercentage":70})");
    const std::string now = R"("metadata":{"name":"a"},"spec":{"metrics":[)" +
                            std::string(metric.v2) +
                            R"(,{"type":"Resource","resource":{"name":"cpu",)"
                            R"("target":{"type":"Utilization","averageUtilization":70}}}]})";
    EXPECT_EQ(kV1.ToStored(old), now);
    EXPECT_EQ(kV1.FromStored(now),
              R"("metadata":{"name":"a","annotations":{)" +
                  Annotation("metrics", "[" + std::string(metric.v2beta1) + "]") +
                  R"(}},"spec":{"targetCPUUtilizationPercentage":70})");
  }
}

TEST(AutoscalerV1Test, TakesTheFirstUtilizationOfTheCpuAsTarget) {
  EXPECT_EQ(
      kV1.FromStored(R"("metadata":{},"spec":{"metrics":[)"
                     R"({"type":"Resource","resource":{"name":"cpu","target":{)"
                     R"("type":"AverageValue","averageValue":"300m"}}},)"
                     R"({"type":"Resource","resource":{"name":"cpu","target":{)"
                     R"("type":"Utilization","averageUtilization":70}}},)"
                     R"({"type":"Resource","resource":{"name":"cpu","target":{)"
                     R"("type":"Utilization","averageUtilization":90}}}]})"),
      R"("metadata":{"annotations":{)" +
          Annotation(
              "metrics",
              R"([{"type":"Resource","resource":{"name":"cpu","targetAverageValue":"300m"}}])") +
          R"(}},"spec":{"targetCPUUtilizationPercentage":70})");
}

TEST(AutoscalerV1Test, KeepsStatusInAnnotations) {
  const std::string conditions =
      R"([{"type":"AbleToScale","status":"True","lastTransitionTime":"t","reason":"r","message":"m"}])";
  for (const Metric& metric : kCurrents) {
    const std::string now = R"("metadata":{"name":"a"},"status":{"currentReplicas":1,)"
                            R"("currentMetrics":[)" +
                            std::string(metric.v2) + R"(],"conditions":)" + conditions + "}";
    const std::string old = kV1.FromStored(now);
    EXPECT_THAT(old,
                ::testing::StartsWith(
                    R"("metadata":{"name":"a","annotations":{)" +
                    Annotation("current-metrics", "[" + std::string(metric.v2beta1) + "]") + "," +
                    Annotation("conditions", conditions) + R"(}},"status":{"currentReplicas":1)"));
    EXPECT_EQ(kV1.ToStored(old), now);
  }
}

TEST(AutoscalerV1Test, MakesAStatusOfAnnotations) {
  EXPECT_EQ(kV1.ToStored(R"("metadata":{"annotations":{)" +
                         Annotation("conditions", R"([{"type":"ScalingActive"}])") + "}}"),
            R"("metadata":{},"status":{"conditions":[{"type":"ScalingActive"}]})");
}

TEST(AutoscalerV1Test, WritesTheMembersOfConditionsInKubernetesOrder) {
  EXPECT_EQ(kV1.FromStored(R"("metadata":{},"status":{"conditions":[)"
                           R"({"message":"m","status":"True","type":"ScalingActive"}]})"),
            R"("metadata":{"annotations":{)" +
                Annotation("conditions", R"([{"type":"ScalingActive","status":"True",)"
                                         R"("lastTransitionTime":null,"message":"m"}])") +
                R"(}},"status":{})");
}

TEST(AutoscalerV1Test, HasItsOwnFieldForWhatTheCpuDoes) {
  EXPECT_EQ(kV1.ToStored(R"("status":{"currentCPUUtilizationPercentage":35})"),
            R"("status":{"currentMetrics":[{"type":"Resource","resource":{"name":"cpu",)"
            R"("current":{"averageUtilization":35}}}]})");
  EXPECT_THAT(
      kV1.FromStored(R"("status":{"currentMetrics":[)" + std::string(kCurrents[0].v2) + "]}"),
      R"("status":{"currentCPUUtilizationPercentage":35})");
}

TEST(AutoscalerV1Test, KeepsTheBehavior) {
  const std::string now = R"("metadata":{"name":"a"},"spec":{"metrics":[)" +
                          std::string(kTargets[0].v2) + R"(],"behavior":)" +
                          std::string(kBehavior) + "}";
  const std::string old = kV1.FromStored(now);
  EXPECT_THAT(old, ::testing::HasSubstr(Annotation("behavior", kInternalBehavior)));
  EXPECT_EQ(kV1.ToStored(old), now);
}

TEST(AutoscalerV1Test, IgnoresMalformedAnnotationsAndDropsThem) {
  for (const char* bad : {"", "{", "[1]", "{}", "[{},2]", "null", "\"a\"", "[{}", "3",
                          R"([{"type":tru}])", R"({"ScaleUp":{"Policies":x}})"}) {
    EXPECT_EQ(kV1.ToStored(R"("metadata":{"annotations":{"a":"b",)" + Annotation("metrics", bad) +
                           "," + Annotation("current-metrics", bad) + "," +
                           Annotation("conditions", bad) + "," + Annotation("behavior", bad) +
                           R"(}},"spec":{"targetCPUUtilizationPercentage":70},"status":{})"),
              R"("metadata":{"annotations":{"a":"b"}},"spec":{"metrics":[{"type":"Resource",)"
              R"("resource":{"name":"cpu","target":{"type":"Utilization",)"
              R"("averageUtilization":70}}}]},"status":{})")
        << bad;
  }
}

TEST(AutoscalerV1Test, DropsAnnotationsOfAnotherConversion) {
  EXPECT_EQ(kV1.FromStored(R"("metadata":{"annotations":{)" + Annotation("metrics", "[]") +
                           R"(}},"spec":{"maxReplicas":1})"),
            R"("metadata":{},"spec":{"maxReplicas":1})");
}

TEST(AutoscalerV1Test, EscapesAnnotationsAsGoDoes) {
  const std::string now = R"("metadata":{},"spec":{"metrics":[{"type":"Pods","pods":{)"
                          R"("metric":{"name":"a<b>&€)"
                          "\xe2\x80\xa8"
                          R"("},"target":{"type":"AverageValue","averageValue":"1"}}}]})";
  EXPECT_EQ(kV1.FromStored(now),
            R"("metadata":{"annotations":{)" +
                Annotation("metrics", R"([{"type":"Pods","pods":{)"
                                      R"("metricName":"a\u003cb\u003e\u0026€\u2028",)"
                                      R"("targetAverageValue":"1"}}])") +
                R"(}},"spec":{})");
}

TEST(AutoscalerTest, SurvivesWrongTypesEverywhere) {
  for (const char* bad : {"1", "[]", "{}", "\"a\"", "true", "null", "[1,[],{}]"}) {
    const std::string value = bad;
    for (const std::string& fields :
         {R"("metadata":)" + value + R"(,"spec":)" + value + R"(,"status":)" + value,
          R"("metadata":{"annotations":)" + value + R"(},"spec":{"metrics":)" + value +
              R"(,"behavior":)" + value + R"(},"status":{"currentMetrics":)" + value +
              R"(,"conditions":)" + value + "}",
          R"("spec":{"metrics":[{"type":)" + value + R"(,"resource":)" + value + "}]}",
          R"("spec":{"metrics":[{"type":"Resource","resource":{"name":"cpu","target":)" + value +
              "}}]}",
          R"("spec":{"behavior":{"scaleUp":)" + value + R"(,"scaleDown":{"policies":)" + value +
              "}}}"}) {
      for (const Pair* pair : {&kV1, &kV2Beta1}) {
        EXPECT_THAT(pair->ToStored(fields), ::testing::Not(::testing::StartsWith("<"))) << fields;
        EXPECT_THAT(pair->FromStored(fields), ::testing::Not(::testing::StartsWith("<"))) << fields;
      }
    }
  }
}

}  // namespace
}  // namespace pedia::convert
