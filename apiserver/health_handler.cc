#include "apiserver/health_handler.h"

#include <algorithm>
#include <string>

namespace pedia::apiserver {
namespace {

bool IsExcluded(const query::UrlQuery& query, std::string_view name) {
  const auto& pairs = query.pairs();
  return std::any_of(pairs.begin(), pairs.end(), [name](const auto& pair) {
    return pair.first == "exclude" && pair.second == name;
  });
}

void SendOneCheck(Exchange& exchange, const std::vector<HealthCheck>& checks) {
  for (const HealthCheck& check : checks) {
    if (check.name != exchange.info.health_check) continue;
    const Status status = check.check();
    return status.ok()
               ? SendText(exchange, 200, "ok")
               : SendText(exchange, 500, "internal server error: " + status.message() + "\n");
  }
  SendStatus(exchange, UnknownResource());
}

void SendAllChecks(Exchange& exchange, const std::vector<HealthCheck>& checks) {
  std::string lines;
  bool healthy = true;
  for (const HealthCheck& check : checks) {
    if (IsExcluded(exchange.query, check.name)) {
      lines += "[+]" + check.name + " excluded: ok\n";
    } else if (check.check().ok()) {
      lines += "[+]" + check.name + " ok\n";
    } else {
      healthy = false;
      lines += "[-]" + check.name + " failed: reason withheld\n";
    }
  }
  const std::string& group = exchange.info.health_group;
  if (!healthy) return SendText(exchange, 500, lines + group + " check failed\n");
  SendText(exchange, 200,
           exchange.query.Find("verbose") ? lines + group + " check passed\n" : "ok");
}

}  // namespace

void HandleHealth(Exchange& exchange, const std::vector<HealthCheck>& ready_checks) {
  std::vector<HealthCheck> checks = {{"ping", [] { return Status(); }}};
  if (exchange.info.health_group == "readyz")
    checks.insert(checks.end(), ready_checks.begin(), ready_checks.end());
  if (exchange.info.health_check.empty()) {
    SendAllChecks(exchange, checks);
  } else {
    SendOneCheck(exchange, checks);
  }
}

}  // namespace pedia::apiserver
