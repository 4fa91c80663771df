// The parts of HorizontalPodAutoscalers that look different in autoscaling/v2 and v2beta1: metrics,
// and how Kubernetes writes the scaling behavior into an annotation. Private to convert; pure.
#pragma once
#include <string>
#include <string_view>

#include "convert/json_object.h"

namespace pedia::convert {

enum class MetricPart { kTarget, kCurrent };  // Of spec.metrics; of status.currentMetrics.

// One metric. Members that neither version has go.
std::string MetricFromV2Beta1(const JsonObject& metric, MetricPart part);
std::string MetricToV2Beta1(const JsonObject& metric, MetricPart part);

// A condition with its members in the order in which Kubernetes writes them.
std::string ConditionInOrder(const JsonObject& condition);

// spec.behavior for an annotation, and back; "" if there is none that says anything.
std::string BehaviorToInternal(const JsonObject& spec);
std::string BehaviorFromInternal(std::string_view annotation);

// JSON whose strings have <, >, & and the line separators escaped, as Go does, so that annotations
// equal those of a kube-apiserver.
std::string EscapedForHtml(std::string_view json);

}  // namespace pedia::convert
