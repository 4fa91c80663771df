// Health: /healthz and /livez (the process answers), /readyz (it can do its work), each with
// ?verbose, ?exclude=<check> and
// /<check>.
// Source: Kubernetes docs "Kubernetes API health endpoints".
#pragma once
#include <vector>

#include "apiserver/api_server.h"
#include "apiserver/exchange.h"

namespace pedia::apiserver {

// Answers kHealth: 200 "ok", else 500 with the names of the failed checks. Their reasons are told
// only for a single check.
void HandleHealth(Exchange& exchange, const std::vector<HealthCheck>& ready_checks);

}  // namespace pedia::apiserver
