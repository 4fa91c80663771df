// A request as a line of the audit log: an event of level Metadata, of which nothing secret is part.
// Source: audit.k8s.io/v1 Event.
#pragma once
#include <string>
#include <string_view>

#include "apiserver/request_report.h"

namespace pedia::apiserver {

// One line with its end. The object is the one in the member cluster, if it is about one; the cluster
// is the annotation "clusterpedia.io/cluster". Pure.
std::string FormatAuditEvent(const RequestReport& report);

// The request target with the values of what may be a credential (access_token=...) replaced, and
// the rest of a very long one left out. Pure.
std::string AuditUri(std::string_view target);

}  // namespace pedia::apiserver
