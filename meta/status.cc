#include "meta/status.h"

#include "meta/json_reader.h"

namespace pedia {
namespace {

struct ReasonInfo {
  std::string_view name;
  int code;
};

ReasonInfo Info(StatusReason reason) {
  switch (reason) {
    case StatusReason::kSuccess:
      return {"", 200};
    case StatusReason::kBadRequest:
      return {"BadRequest", 400};
    case StatusReason::kUnauthorized:
      return {"Unauthorized", 401};
    case StatusReason::kForbidden:
      return {"Forbidden", 403};
    case StatusReason::kNotFound:
      return {"NotFound", 404};
    case StatusReason::kMethodNotAllowed:
      return {"MethodNotAllowed", 405};
    case StatusReason::kNotAcceptable:
      return {"NotAcceptable", 406};
    case StatusReason::kAlreadyExists:
      return {"AlreadyExists", 409};
    case StatusReason::kConflict:
      return {"Conflict", 409};
    case StatusReason::kExpired:
      return {"Expired", 410};
    case StatusReason::kInvalid:
      return {"Invalid", 422};
    case StatusReason::kRequestEntityTooLarge:
      return {"RequestEntityTooLarge", 413};
    case StatusReason::kUnsupportedMediaType:
      return {"UnsupportedMediaType", 415};
    case StatusReason::kTooManyRequests:
      return {"TooManyRequests", 429};
    case StatusReason::kInternalError:
      return {"InternalError", 500};
    case StatusReason::kTimeout:
      return {"Timeout", 504};
    case StatusReason::kServerTimeout:
      return {"ServerTimeout", 500};
    case StatusReason::kServiceUnavailable:
      return {"ServiceUnavailable", 503};
    case StatusReason::kUnknown:
      break;
  }
  return {"", 500};
}

void AppendMember(std::string_view key, std::string_view value, std::string* out) {
  if (value.empty()) return;
  if (out->back() != '{') *out += ',';
  AppendJsonString(key, out);
  *out += ':';
  AppendJsonString(value, out);
}

void AppendDetails(const StatusDetails& details, std::string* out) {
  *out += ",\"details\":{";
  AppendMember("name", details.name, out);
  AppendMember("group", details.group, out);
  AppendMember("kind", details.kind, out);
  if (!details.causes.empty()) {
    if (out->back() != '{') *out += ',';
    *out += "\"causes\":[";
    for (const StatusCause& cause : details.causes) {
      if (out->back() != '[') *out += ',';
      *out += '{';
      AppendMember("reason", cause.reason, out);
      AppendMember("message", cause.message, out);
      AppendMember("field", cause.field, out);
      *out += '}';
    }
    *out += ']';
  }
  if (details.retry_after_seconds > 0) {
    if (out->back() != '{') *out += ',';
    *out += "\"retryAfterSeconds\":" + std::to_string(details.retry_after_seconds);
  }
  *out += '}';
}

}  // namespace

std::string_view StatusReasonName(StatusReason reason) { return Info(reason).name; }

int Status::http_code() const { return Info(reason_).code; }

std::string Status::ToJson() const {
  std::string out = R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":")";
  out += ok() ? "Success\"" : "Failure\"";
  AppendMember("message", message_, &out);
  AppendMember("reason", StatusReasonName(reason_), &out);
  if (details_) AppendDetails(*details_, &out);
  out += ",\"code\":" + std::to_string(http_code()) + "}";
  return out;
}

std::string Status::ToString() const {
  if (ok()) return "OK";
  const std::string_view name = StatusReasonName(reason_);
  return std::string(name.empty() ? "Unknown" : name) + ": " + message_;
}

Status BadRequest(std::string message) { return {StatusReason::kBadRequest, std::move(message)}; }

Status Unauthorized() { return {StatusReason::kUnauthorized, "Unauthorized"}; }

Status Forbidden(std::string message) { return {StatusReason::kForbidden, std::move(message)}; }

Status NotFound(std::string_view group, std::string_view resource, std::string_view name) {
  std::string subject(resource);
  if (!group.empty()) subject += "." + std::string(group);
  return {StatusReason::kNotFound, subject + " \"" + std::string(name) + "\" not found",
          StatusDetails{.name = std::string(name),
                        .group = std::string(group),
                        .kind = std::string(resource),
                        .causes = {}}};
}

Status UnknownResource() {
  return {StatusReason::kNotFound, "the server could not find the requested resource",
          StatusDetails{}};
}

Status MethodNotAllowed() {
  return {StatusReason::kMethodNotAllowed,
          "the server does not allow this method on the requested resource", StatusDetails{}};
}

Status MethodNotSupported(std::string_view verb, std::string_view group_resource) {
  const size_t dot = group_resource.find('.');
  StatusDetails details;
  details.kind = group_resource.substr(0, dot);
  if (dot != std::string_view::npos) details.group = group_resource.substr(dot + 1);
  return {StatusReason::kMethodNotAllowed,
          std::string(verb) + " is not supported on resources of kind \"" +
              std::string(group_resource) + "\"",
          details};
}

Status NotAcceptable(const std::vector<std::string>& accepted) {
  std::string message = "only the following media types are accepted: ";
  for (size_t i = 0; i < accepted.size(); ++i) message += (i > 0 ? ", " : "") + accepted[i];
  return {StatusReason::kNotAcceptable, std::move(message)};
}

Status Expired(std::string message) { return {StatusReason::kExpired, std::move(message)}; }

Status Invalid(std::string_view kind, std::string_view name, std::string_view field,
               std::string_view value, std::string_view why) {
  const std::string problem = "Invalid value: " + JsonString(value) + ": " + std::string(why);
  StatusDetails details;
  details.name = name;
  // "ListOptions.meta.k8s.io" names kind and group.
  const size_t dot = kind.find('.');
  details.kind = kind.substr(0, dot);
  if (dot != std::string_view::npos) details.group = kind.substr(dot + 1);
  details.causes.push_back({"FieldValueInvalid", problem, std::string(field)});
  return {StatusReason::kInvalid,
          std::string(kind) + " \"" + std::string(name) + "\" is invalid: " + std::string(field) +
              ": " + problem,
          details};
}

Status RequestEntityTooLarge(std::string message) {
  return {StatusReason::kRequestEntityTooLarge, std::move(message)};
}

Status TooManyRequests(std::string message, int retry_after_seconds) {
  StatusDetails details;
  details.retry_after_seconds = retry_after_seconds;
  return {StatusReason::kTooManyRequests, std::move(message), details};
}

Status InternalError(std::string_view cause) {
  StatusDetails details;
  details.causes.push_back({"", std::string(cause), ""});
  return {StatusReason::kInternalError, "Internal error occurred: " + std::string(cause), details};
}

Status Timeout(std::string message) { return {StatusReason::kTimeout, std::move(message)}; }

Status ServiceUnavailable(std::string message) {
  return {StatusReason::kServiceUnavailable, std::move(message)};
}

}  // namespace pedia
