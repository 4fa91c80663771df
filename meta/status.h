// metav1.Status: what every failure in pedia is, from the store to the wire.
// Source: Kubernetes API reference "Status"; k8s.io/apimachinery/pkg/api/errors (names of the
// factories, HTTP codes).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pedia {

// metav1.StatusReason. The HTTP code follows from it (one table in status.cc).
enum class StatusReason {
  kSuccess,  // "" and code 200; the reason of a default Status.
  kBadRequest,
  kUnauthorized,
  kForbidden,
  kNotFound,
  kMethodNotAllowed,
  kNotAcceptable,
  kAlreadyExists,
  kConflict,
  kExpired,  // 410: a continue token or resourceVersion that is too old.
  kInvalid,  // 422
  kRequestEntityTooLarge,
  kUnsupportedMediaType,
  kTooManyRequests,
  kInternalError,
  kTimeout,             // 504
  kServerTimeout,       // 500, the client may retry.
  kServiceUnavailable,  // 503
  kUnknown,             // 500
};

struct StatusCause {
  std::string reason;   // "FieldValueInvalid"
  std::string message;  // "Invalid value: ..."
  std::string field;    // "limit"
};

// metav1.StatusDetails.
struct StatusDetails {
  std::string name;
  std::string group;
  std::string kind;  // Mostly the resource: "pods".
  std::vector<StatusCause> causes;
  int retry_after_seconds = 0;  // 0: none.
};

// Success, or a failure with reason, message for the client, and details. A value type; immutable
// in practice.
class [[nodiscard]] Status {
 public:
  Status() = default;  // Success.
  Status(StatusReason reason, std::string message, std::optional<StatusDetails> details = {})
      : reason_(reason), message_(std::move(message)), details_(std::move(details)) {}

  bool ok() const { return reason_ == StatusReason::kSuccess; }
  StatusReason reason() const { return reason_; }
  int http_code() const;
  const std::string& message() const { return message_; }
  const std::optional<StatusDetails>& details() const { return details_; }
  // The JSON document that goes on the wire, keys in Kubernetes' order, without a newline.
  std::string ToJson() const;
  // "NotFound: pods \"x\" not found", for logs and tests.
  std::string ToString() const;

 private:
  StatusReason reason_ = StatusReason::kSuccess;
  std::string message_;
  std::optional<StatusDetails> details_;
};

std::string_view StatusReasonName(StatusReason reason);  // "BadRequest"; "" for kSuccess.

Status BadRequest(std::string message);
Status Unauthorized();                  // 401 "Unauthorized"
Status Forbidden(std::string message);  // 403
// 404 `pods "x" not found`, `deployments.apps "x" not found`. `group` may be empty.
Status NotFound(std::string_view group, std::string_view resource, std::string_view name);
Status UnknownResource();   // 404 "the server could not find the requested resource"
Status MethodNotAllowed();  // 405 "the server does not allow this method on the requested resource"
// 405 `watch is not supported on resources of kind "pods"`. `group_resource`: "pods",
// "deployments.apps".
Status MethodNotSupported(std::string_view verb, std::string_view group_resource);
// 406 "only the following media types are accepted: a, b".
Status NotAcceptable(const std::vector<std::string>& accepted);
Status Expired(std::string message);  // 410
// 422 `ListOptions.meta.k8s.io "" is invalid: field: Invalid value: "v": why`, with one cause.
Status Invalid(std::string_view kind, std::string_view name, std::string_view field,
               std::string_view value, std::string_view why);
Status RequestEntityTooLarge(std::string message);  // 413
Status TooManyRequests(std::string message, int retry_after_seconds);
Status InternalError(std::string_view cause);  // 500 "Internal error occurred: <cause>"
Status Timeout(std::string message);           // 504
Status ServiceUnavailable(std::string message);

}  // namespace pedia
