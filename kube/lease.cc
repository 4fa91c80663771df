#include "kube/lease.h"

#include <algorithm>
#include <cstdio>
#include <limits>

#include "kube/resource_streams.h"
#include "meta/json_reader.h"
#include "meta/time.h"

namespace pedia::kube {
namespace {

constexpr int64_t kMaxDurationSeconds = 86'400;

LeaseRecord ReadRecord(JsonReader& reader) {
  LeaseRecord record;
  if (!reader.BeginObject()) return record;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "holderIdentity") {
      record.holder = reader.ReadString();
    } else if (key == "leaseDurationSeconds") {
      record.duration_seconds =
          std::clamp<int64_t>(reader.ReadInt().value_or(0), 0, kMaxDurationSeconds);
    } else if (key == "acquireTime") {
      record.acquire_time = reader.ReadString();
    } else if (key == "renewTime") {
      record.renew_time = reader.ReadString();
    } else if (key == "leaseTransitions") {
      record.transitions =
          std::clamp<int64_t>(reader.ReadInt().value_or(0), 0, std::numeric_limits<int32_t>::max());
    } else {
      reader.Skip();
    }
  }
  return record;
}

void ReadMetadata(std::string_view metadata, Lease& lease) {
  JsonReader reader(metadata);
  if (!reader.BeginObject()) return;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "name") {
      lease.name = reader.ReadString();
    } else if (key == "resourceVersion") {
      lease.resource_version = reader.ReadString();
    } else {
      reader.Skip();
    }
  }
}

void AppendTime(std::string_view key, std::string_view time, std::string& out) {
  if (time.empty()) return;
  out.append(",\"").append(key).append("\":");
  AppendJsonString(time, &out);
}

}  // namespace

Result<Lease> ParseLease(std::string_view json) {
  if (!IsValidJson(json)) return BadRequest("the Lease is no well-formed JSON");
  Lease lease;
  JsonReader reader(json);
  if (!reader.BeginObject()) return BadRequest("the Lease is no JSON object");
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "metadata") {
      lease.metadata = reader.Skip();
    } else if (key == "spec") {
      lease.record = ReadRecord(reader);
    } else {
      reader.Skip();
    }
  }
  ReadMetadata(lease.metadata, lease);
  if (lease.name.empty()) return BadRequest("the Lease has no metadata.name");
  return lease;
}

Result<std::vector<Lease>> ParseLeaseList(std::string_view json) {
  if (!IsValidJson(json)) return BadRequest("the list of Leases is no well-formed JSON");
  std::vector<Lease> leases;
  bool listed = false;
  JsonReader reader(json);
  if (!reader.BeginObject()) return BadRequest("the list of Leases is no JSON object");
  for (std::string_view key; reader.NextMember(&key);) {
    if (key != "items") {
      reader.Skip();
      continue;
    }
    const JsonType type = reader.Peek();
    listed = type == JsonType::kArray || type == JsonType::kNull;
    if (!reader.BeginArray()) continue;
    while (reader.NextElement()) {
      Result<Lease> lease = ParseLease(reader.Skip());
      if (lease.ok()) leases.push_back(*std::move(lease));
    }
  }
  if (!listed) return BadRequest("the list of Leases has no items");
  return leases;
}

std::string FormatLease(std::string_view metadata, const LeaseRecord& record) {
  std::string json = R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":)" +
                     std::string(metadata) + R"(,"spec":{"holderIdentity":)" +
                     JsonString(record.holder);
  json += ",\"leaseDurationSeconds\":" + std::to_string(record.duration_seconds);
  AppendTime("acquireTime", record.acquire_time, json);
  AppendTime("renewTime", record.renew_time, json);
  return json + ",\"leaseTransitions\":" + std::to_string(record.transitions) + "}}";
}

std::string FormatMicroTime(std::chrono::system_clock::time_point time) {
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(since_epoch - seconds);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%06dZ", static_cast<int>(micros.count()));
  std::string text = FormatRfc3339(seconds.count());
  text.pop_back();  // "Z"
  return text + fraction;
}

std::string LeasePath(std::string_view name_space, std::string_view name) {
  std::string path = "/apis/coordination.k8s.io/v1/namespaces/" + EscapeQueryValue(name_space);
  path += "/leases";
  if (!name.empty()) path += "/" + EscapeQueryValue(name);
  return path;
}

}  // namespace pedia::kube
