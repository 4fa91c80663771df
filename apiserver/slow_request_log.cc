#include "apiserver/slow_request_log.h"

#include <cmath>
#include <string_view>

#include "meta/json_string.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kMaxValueBytes = 256;
// Of a traceparent: "00-<32 hex>-..."
constexpr size_t kTraceIdAt = 3;
constexpr size_t kTraceIdBytes = 32;

// In quotes and escaped, so that no value looks like another key or another line.
void AppendQuoted(std::string_view key, std::string_view value, std::string* line) {
  if (value.empty()) return;
  line->append(" ").append(key).append("=");
  AppendJsonString(value.substr(0, kMaxValueBytes), line);
}

void AppendPlain(std::string_view key, std::string_view value, std::string* line) {
  if (!value.empty()) line->append(" ").append(key).append("=").append(value);
}

// "pods.v1", "deployments.v1.apps"
std::string ResourceText(const GroupVersionResource& gvr) {
  if (gvr.resource.empty()) return {};
  return gvr.resource + '.' + gvr.version + (gvr.group.empty() ? "" : '.' + gvr.group);
}

}  // namespace

std::string FormatSlowRequest(const RequestReport& report) {
  const RequestInfo& info = report.info;
  std::string line = "slow request";
  AppendPlain("id", report.id, &line);
  AppendPlain("verb", info.verb, &line);
  AppendQuoted("resource", ResourceText(info.gvr), &line);
  AppendQuoted("cluster", info.cluster, &line);
  AppendQuoted("namespace", info.name_space, &line);
  AppendQuoted("name", info.name, &line);
  AppendQuoted("user", report.caller.user.name, &line);
  AppendPlain("code", std::to_string(report.code), &line);
  AppendPlain("ms", std::to_string(std::llround(report.seconds * 1000)), &line);
  AppendPlain("bytes", std::to_string(report.body_bytes), &line);
  AppendPlain("plan", report.plan, &line);
  AppendPlain("scanned", report.scanned, &line);
  if (!report.traceparent.empty())
    AppendPlain("trace", report.traceparent.substr(kTraceIdAt, kTraceIdBytes), &line);
  return line;
}

}  // namespace pedia::apiserver
