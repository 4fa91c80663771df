// Kubernetes' own parameters of a list: resourceVersion, resourceVersionMatch, timeoutSeconds,
// sendInitialEvents.
// Source: metav1.ListOptions; k8s.io/apimachinery/pkg/apis/meta/internalversion/validation.
#pragma once
#include "meta/status.h"
#include "query/url_query.h"

namespace pedia::query {

// There is no history here, so they have no further effect than these errors (but for
// ListOptions::min_revision): BadRequest for what is no integer; Invalid (422) with a cause for each rule that Kubernetes has. Pure.
Status CheckKubernetesOptions(const UrlQuery& query);

}  // namespace pedia::query
