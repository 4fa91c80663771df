// How objects of one version are rewritten as another version's, all but apiVersion. Each pair
// turns the named version into its family's stored one and back, as Kubernetes' own conversions do;
// the .cc files name the fields. What has the wrong type stays as it is, or goes. Private to
// convert; pure.
#pragma once
#include "convert/json_object.h"

namespace pedia::convert {

using Rewrite = void (*)(JsonObject& object);

// autoscaling.cc: horizontalpodautoscalers, stored as autoscaling/v2.
void AutoscalerFromV1(JsonObject& autoscaler);
void AutoscalerToV1(JsonObject& autoscaler);
void AutoscalerFromV2Beta1(JsonObject& autoscaler);
void AutoscalerToV2Beta1(JsonObject& autoscaler);

// events.cc: events, stored as v1; of events.k8s.io in all its versions.
void EventFromEventsGroup(JsonObject& event);
void EventToEventsGroup(JsonObject& event);

// flow_control.cc: prioritylevelconfigurations, stored as v1; before v1beta3, and v1beta3.
void PriorityLevelFromV1Beta2(JsonObject& level);
void PriorityLevelToV1Beta2(JsonObject& level);
void PriorityLevelFromV1Beta3(JsonObject& level);
void PriorityLevelToV1Beta3(JsonObject& level);

// networking.cc: ingresses, stored as networking.k8s.io/v1, and endpointslices as
// discovery.k8s.io/v1.
void IngressFromV1Beta1(JsonObject& ingress);
void IngressToV1Beta1(JsonObject& ingress);
void EndpointSliceFromV1Beta1(JsonObject& slice);
void EndpointSliceToV1Beta1(JsonObject& slice);

// policy.cc: poddisruptionbudgets, stored as policy/v1.
void DisruptionBudgetFromV1Beta1(JsonObject& budget);
void DisruptionBudgetToV1Beta1(JsonObject& budget);

}  // namespace pedia::convert
