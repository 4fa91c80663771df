// What a Request may hold before it goes out: parts of it come from clients of pedia, and none of
// them may become a second header, a second request or another framing of the body.
// Source: RFC 9110 sections 5.1 (field names), 5.5 (field values), 7.6.1 (Connection).
#pragma once
#include "kube/client.h"
#include "meta/status.h"

namespace pedia::kube {

// Errors: BadRequest naming the part that cannot be sent; values are not quoted, they may be
// secret. Pure.
Status CheckRequest(const Request& request);

}  // namespace pedia::kube
