#include <algorithm>
#include <utility>

#include "kube/client.h"
#include "meta/json_reader.h"

namespace pedia::kube {
namespace {

constexpr size_t kMaxQuoted = 200;  // Bytes of a body that is no Status.

StatusReason ReasonOfCode(int code) {
  switch (code) {
    case 400:
      return StatusReason::kBadRequest;
    case 401:
      return StatusReason::kUnauthorized;
    case 403:
      return StatusReason::kForbidden;
    case 404:
      return StatusReason::kNotFound;
    case 405:
      return StatusReason::kMethodNotAllowed;
    case 406:
      return StatusReason::kNotAcceptable;
    case 409:
      return StatusReason::kConflict;
    case 410:
      return StatusReason::kExpired;
    case 413:
      return StatusReason::kRequestEntityTooLarge;
    case 415:
      return StatusReason::kUnsupportedMediaType;
    case 422:
      return StatusReason::kInvalid;
    case 429:
      return StatusReason::kTooManyRequests;
    case 500:
      return StatusReason::kInternalError;
    case 502:
    case 503:
      return StatusReason::kServiceUnavailable;
    case 504:
      return StatusReason::kTimeout;
    default:
      return StatusReason::kUnknown;
  }
}

StatusReason ParseReason(std::string_view name, int code) {
  if (name.empty()) return ReasonOfCode(code);
  if (name == "Gone" || name == "ResourceExpired") return StatusReason::kExpired;
  for (int i = static_cast<int>(StatusReason::kBadRequest);
       i <= static_cast<int>(StatusReason::kUnknown); ++i) {
    if (StatusReasonName(static_cast<StatusReason>(i)) == name) return static_cast<StatusReason>(i);
  }
  return ReasonOfCode(code);
}

StatusCause ReadCause(JsonReader& reader) {
  StatusCause cause;
  if (!reader.BeginObject()) return cause;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "reason") {
      cause.reason = reader.ReadString();
    } else if (key == "message") {
      cause.message = reader.ReadString();
    } else if (key == "field") {
      cause.field = reader.ReadString();
    } else {
      reader.Skip();
    }
  }
  return cause;
}

StatusDetails ReadDetails(JsonReader& reader) {
  StatusDetails details;
  if (!reader.BeginObject()) return details;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "name") {
      details.name = reader.ReadString();
    } else if (key == "group") {
      details.group = reader.ReadString();
    } else if (key == "kind") {
      details.kind = reader.ReadString();
    } else if (key == "retryAfterSeconds") {
      details.retry_after_seconds =
          static_cast<int>(std::clamp<int64_t>(reader.ReadInt().value_or(0), 0, 86'400));
    } else if (key == "causes" && reader.Peek() == JsonType::kArray && reader.BeginArray()) {
      while (reader.NextElement()) details.causes.push_back(ReadCause(reader));
    } else {
      reader.Skip();
    }
  }
  return details;
}

// The members of a metav1.Status; nothing if `body` is something else.
struct WireStatus {
  std::string reason, message;
  std::optional<StatusDetails> details;
};
std::optional<WireStatus> ParseWireStatus(std::string_view body) {
  if (!IsValidJson(body)) return std::nullopt;
  WireStatus status;
  std::string kind;
  JsonReader reader(body);
  if (!reader.BeginObject()) return std::nullopt;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "kind") {
      kind = reader.ReadString();
    } else if (key == "reason") {
      status.reason = reader.ReadString();
    } else if (key == "message") {
      status.message = reader.ReadString();
    } else if (key == "details" && reader.Peek() == JsonType::kObject) {
      status.details = ReadDetails(reader);
    } else {
      reader.Skip();
    }
  }
  if (kind != "Status" || !reader.ok()) return std::nullopt;
  return status;
}

// A short text such as "upstream connect error"; pages of HTML and binary are left out.
std::string Quotable(std::string_view body) {
  if (body.empty() || body.front() == '<' || body.front() == '{') return "";
  std::string text(body.substr(0, kMaxQuoted));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.pop_back();
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
  return printable && !text.empty() ? ": " + text : "";
}

}  // namespace

Status StatusFromResponse(int code, std::string_view body, std::optional<int> retry_after_seconds) {
  std::optional<WireStatus> wire = ParseWireStatus(body);
  StatusReason reason = ReasonOfCode(code);
  std::string message;
  std::optional<StatusDetails> details;
  if (wire) {
    reason = ParseReason(wire->reason, code);
    message = std::move(wire->message);
    details = std::move(wire->details);
  }
  if (message.empty())
    message =
        "the server answered with code " + std::to_string(code) + (wire ? "" : Quotable(body));
  if (retry_after_seconds) {
    if (!details) details.emplace();
    details->retry_after_seconds = std::max(0, *retry_after_seconds);
  }
  return Status(reason, std::move(message), std::move(details));
}

}  // namespace pedia::kube
