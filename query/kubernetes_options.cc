#include "query/kubernetes_options.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/strconv.h"

namespace pedia::query {
namespace {

// A bool as Kubernetes reads it: anything but "false" and "0" is true.
bool IsKubernetesTrue(std::optional<std::string_view> text) {
  return text && *text != "0" && ToLower(*text) != "false";
}

StatusCause Cause(std::string_view reason, std::string_view field, std::string_view message) {
  return {std::string(reason), std::string(message), std::string(field)};
}

std::vector<StatusCause> CheckResourceVersionMatch(const UrlQuery& query) {
  constexpr std::string_view kField = "resourceVersionMatch";
  constexpr std::string_view kForbidden = "FieldValueForbidden";
  std::vector<StatusCause> causes;
  const std::string_view match = query.Get(kField);
  if (match.empty()) return causes;
  const std::string_view version = query.Get("resourceVersion");
  if (version.empty()) {
    causes.push_back(
        Cause(kForbidden, kField,
              "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"));
  }
  if (!query.Get("continue").empty()) {
    causes.push_back(
        Cause(kForbidden, kField,
              "Forbidden: resourceVersionMatch is forbidden when continue is provided"));
  }
  if (match != "Exact" && match != "NotOlderThan") {
    causes.push_back(Cause("FieldValueNotSupported", kField,
                           "Unsupported value: " + QuoteShort(match) +
                               ": supported values: \"Exact\", \"NotOlderThan\", \"\""));
  }
  if (match == "Exact" && version == "0") {
    causes.push_back(
        Cause(kForbidden, kField,
              "Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
  }
  return causes;
}

}  // namespace

Status CheckKubernetesOptions(const UrlQuery& query) {
  if (const std::string_view seconds = query.Get("timeoutSeconds");
      !seconds.empty() && !ParseInt64(seconds)) {
    return BadRequest("timeoutSeconds: " + QuoteShort(seconds) + " is not a 64-bit integer");
  }
  if (IsKubernetesTrue(query.Find("watch")))
    return Status();  // Other rules; the verb is refused elsewhere.
  std::vector<StatusCause> causes = CheckResourceVersionMatch(query);
  if (query.Find("sendInitialEvents")) {
    causes.push_back(Cause("FieldValueForbidden", "sendInitialEvents",
                           "Forbidden: sendInitialEvents is forbidden for list"));
  }
  if (causes.empty()) return Status();
  std::string why;
  for (const StatusCause& cause : causes)
    why.append(why.empty() ? "" : ", ").append(cause.field).append(": ").append(cause.message);
  if (causes.size() > 1) why = "[" + why + "]";
  return Status(StatusReason::kInvalid, "ListOptions.meta.k8s.io \"\" is invalid: " + why,
                StatusDetails{"", "meta.k8s.io", "ListOptions", std::move(causes), 0});
}

}  // namespace pedia::query
