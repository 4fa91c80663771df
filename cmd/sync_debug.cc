#include "cmd/sync_debug.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "meta/time.h"

namespace pedia::cmd {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kPatience{2'000};

Json Time(int64_t unix_seconds) {
  return unix_seconds == 0 ? Json() : Json(FormatRfc3339(unix_seconds));
}

Json ToJson(const synchro::WriterReport& writer) {
  return {{"queueBytes", writer.queue_bytes},
          {"queueLimitBytes", writer.queue_limit_bytes},
          {"queued", writer.queued},
          {"writing", writer.job ? Json("job") : Json(writer.batch_changes)},
          {"writingSince", Time(writer.batch_since)},
          {"lastError", writer.last_error},
          {"lastErrorTime", Time(writer.last_error_time)}};
}

Json ToJson(const synchro::ResourceReport& resource) {
  return {{"resource", resource.gvr.ToString()},
          {"source", resource.source.ToString()},
          {"state", resource.state},
          {"since", Time(resource.since)},
          {"retryAt", Time(resource.retry_at)},
          {"why", resource.why},
          {"objects", resource.objects},
          {"listed", resource.listed},
          {"expected", resource.expected},
          {"events", resource.events},
          {"lastEvent", Time(resource.last_event)},
          {"resourceVersion", resource.resource_version},
          {"relists", resource.relists}};
}

Json ToJson(const synchro::ClusterReport& cluster) {
  Json json = {
      {"cluster", cluster.cluster}, {"loop", cluster.loop}, {"answered", cluster.answered}};
  if (!cluster.answered) return json;
  json["since"] = Time(cluster.since);
  json["server"] = cluster.server;
  json["reading"] = cluster.reading;
  json["discovered"] = cluster.discovered;
  json["discovering"] = cluster.discovering;
  for (const discovery::Condition& condition : cluster.conditions) {
    json["conditions"].push_back({{"type", condition.type},
                                  {"status", condition.status},
                                  {"reason", condition.reason},
                                  {"message", condition.message},
                                  {"lastTransitionTime", Time(condition.last_transition)}});
  }
  json["resources"] = Json::array();
  for (const synchro::ResourceReport& resource : cluster.resources)
    json["resources"].push_back(ToJson(resource));
  return json;
}

std::string Ago(int64_t then, int64_t now) {
  return then == 0 ? "-" : HumanDuration(std::chrono::seconds(std::max<int64_t>(now - then, 0)));
}

// One line each, whatever a member has put into a message.
std::string OneLine(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text;
}

using Row = std::array<std::string, 9>;

void AppendTable(const std::vector<Row>& rows, std::string* out) {
  std::array<size_t, std::tuple_size_v<Row>> widths{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line = " ";
    for (size_t i = 0; i < row.size(); ++i) {
      line += ' ' + row[i];
      line.append(widths[i] - row[i].size() + 1, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out->append(line).append("\n");
  }
}

Row RowOf(const synchro::ResourceReport& resource, int64_t now) {
  std::string why = resource.why;
  if (resource.retry_at != 0)
    why = "in " +
          HumanDuration(std::chrono::seconds(std::max<int64_t>(resource.retry_at - now, 0))) +
          ": " + why;
  return {resource.gvr.ToString(),
          resource.state,
          Ago(resource.since, now),
          std::to_string(resource.objects),
          std::to_string(resource.events),
          Ago(resource.last_event, now),
          std::to_string(resource.relists),
          resource.resource_version,
          OneLine(why)};
}

void AppendCluster(const synchro::ClusterReport& cluster, int64_t now, std::string* out) {
  out->append("\ncluster " + cluster.cluster + " on network thread " +
              std::to_string(cluster.loop));
  if (!cluster.answered) {
    out->append(", which is busy or stopping\n");
    return;
  }
  out->append(" for " + Ago(cluster.since, now) + ", " + cluster.server +
              (cluster.reading ? "" : ", not read from") +
              (cluster.discovered ? "" : ", not discovered") +
              (cluster.discovering ? ", discovering" : "") + "\n");
  for (const discovery::Condition& condition : cluster.conditions) {
    out->append("  " + condition.type + "=" + condition.status + " " + condition.reason + " for " +
                Ago(condition.last_transition, now) + " " + OneLine(condition.message) + "\n");
  }
  if (cluster.resources.empty()) return;
  std::vector<Row> rows = {
      {"RESOURCE", "STATE", "FOR", "OBJECTS", "EVENTS", "LAST", "RELISTS", "VERSION", "WHY"}};
  for (const synchro::ResourceReport& resource : cluster.resources)
    rows.push_back(RowOf(resource, now));
  AppendTable(rows, out);
}

}  // namespace

std::string SynchrosAsJson(const synchro::SynchroReport& report) {
  Json clusters = Json::array();
  for (const synchro::ClusterReport& cluster : report.clusters) clusters.push_back(ToJson(cluster));
  const Json json = {{"writer", ToJson(report.writer)}, {"clusters", std::move(clusters)}};
  // Messages may hold bytes of members that are no UTF-8.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string SynchrosAsText(const synchro::SynchroReport& report, int64_t now) {
  const synchro::WriterReport& writer = report.writer;
  std::string out = "writer: " + std::to_string(writer.queued) + " queued, " +
                    std::to_string(writer.queue_bytes) + " of " +
                    std::to_string(writer.queue_limit_bytes) + " bytes; ";
  out += writer.batch_since == 0
             ? "idle"
             : (writer.job ? "a job" : std::to_string(writer.batch_changes) + " changes") +
                   std::string(" for ") + Ago(writer.batch_since, now);
  if (writer.last_error_time != 0)
    out +=
        "; last error " + Ago(writer.last_error_time, now) + " ago: " + OneLine(writer.last_error);
  out += "\n";
  for (const synchro::ClusterReport& cluster : report.clusters) AppendCluster(cluster, now, &out);
  return out;
}

apiserver::DebugPage SynchrosPage(const synchro::SynchroManager& manager) {
  return [&manager](const query::UrlQuery& query,
                    std::string_view accept) -> Result<apiserver::DebugDocument> {
    const std::string cluster(query.Get("cluster"));
    const std::string_view format = query.Get("format");
    if (!format.empty() && format != "text" && format != "json")
      return BadRequest("format '" + std::string(format) + "': want json or text");
    const synchro::SynchroReport report = manager.Report(cluster, kPatience);
    if (!cluster.empty() && report.clusters.empty())
      return NotFound("cluster.clusterpedia.io", "pediaclusters", cluster);
    const bool text = format.empty() ? accept.starts_with("text/plain") : format == "text";
    if (text)
      return apiserver::DebugDocument{"text/plain; charset=utf-8",
                                      SynchrosAsText(report, UnixNow())};
    return apiserver::DebugDocument{"application/json", SynchrosAsJson(report)};
  };
}

}  // namespace pedia::cmd
