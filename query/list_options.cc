#include "query/list_options.h"

#include <algorithm>
#include <array>
#include <utility>

#include "query/comma_list.h"
#include "query/continue_token.h"
#include "query/field_selector.h"
#include "query/order_by.h"
#include "query/search_labels.h"
#include "query/strconv.h"
#include "query/time_condition.h"

namespace pedia::query {
namespace {

constexpr std::array<std::string_view, 10> kNotYet = {
    "ownerUID",  "ownerName", "ownerGR",           "facets",        "groups",
    "resources", "whereSQL",  "whereSQLStatement", "whereSQLParam", "whereSQLJSONParams",
};

Status NotSupportedYet(std::string_view where) {
  return BadRequest(std::string(where) + ": not supported yet");
}

// The condition on one of cluster, namespace, name: the URL's if there is one, else the label's.
Status ReadNames(const UrlQuery& query, const SearchLabels& labels, std::string_view name,
                 NameSet* names) {
  Result<NameSet> label = labels.Names(name);
  if (!label.ok()) return label.status();
  std::vector<std::string> values = SplitCommaList(query.Get(name));
  if (values.empty()) {
    *names = *std::move(label);
    return Status();
  }
  SortValues(&values);
  *names = NameSet{true, std::move(values), {}};
  return Status();
}

Status ReadOrder(const UrlQuery& query, const SearchLabels& labels,
                 std::vector<OrderBy>* order_by) {
  const Result<std::vector<std::string>> values = labels.Sequence("orderby");
  if (!values.ok()) return values.status();
  Result<std::vector<OrderBy>> label = ParseOrderByLabel(SearchLabelKey("orderby"), *values);
  if (!label.ok()) return label.status();
  Result<std::vector<OrderBy>> url = ParseOrderBy("orderby", query.Get("orderby"));
  if (!url.ok()) return url.status();
  *order_by = url->empty() ? *std::move(label) : *std::move(url);
  return Status();
}

// "" gives 0.
Result<int64_t> ParseCount(std::string_view where, std::string_view text) {
  if (text.empty()) return int64_t{0};
  const std::optional<int64_t> value = ParseInt64(text);
  if (!value)
    return BadRequest(std::string(where) + ": " + QuoteShort(text) + " is not a 64-bit integer");
  if (*value < 0) return BadRequest(std::string(where) + ": " + QuoteShort(text) + " is negative");
  return *value;
}

Result<int64_t> ReadCountLabel(const SearchLabels& labels, std::string_view name) {
  const Result<std::string> text = labels.Single(name);
  if (!text.ok()) return text.status();
  return ParseCount(SearchLabelKey(name), *text);
}

// The URL's limit, or the label's if that is missing or 0.
Status ReadLimit(const UrlQuery& query, const SearchLabels& labels, int64_t* limit) {
  const Result<int64_t> label = ReadCountLabel(labels, "limit");
  if (!label.ok()) return label.status();
  const Result<int64_t> url = ParseCount("limit", query.Get("limit"));
  if (!url.ok()) return url.status();
  *limit = *url != 0 ? *url : *label;
  return Status();
}

// Written without a value ("?withContinue"), a switch is on.
Result<bool> ParseSwitch(std::string_view where, std::string_view text) {
  const std::string lower = ToLower(text);
  if (lower.empty() || lower == "true" || lower == "1") return true;
  if (lower == "false" || lower == "0") return false;
  return BadRequest(std::string(where) + ": " + QuoteShort(text) + " is neither true nor false");
}

// `label` is "" if there is none for this switch.
Status ReadSwitch(const UrlQuery& query, const SearchLabels& labels, std::string_view name,
                  std::string_view label, std::optional<bool>* value) {
  if (!label.empty()) {
    const Result<std::string> text = labels.Single(label);
    if (!text.ok()) return text.status();
    const Result<bool> on = ParseSwitch(SearchLabelKey(label), *text);
    if (!on.ok()) return on.status();
    if (!text->empty()) *value = *on;
  }
  if (const std::optional<std::string_view> text = query.Find(name)) {
    const Result<bool> on = ParseSwitch(name, *text);
    if (!on.ok()) return on.status();
    *value = *on;
  }
  return Status();
}

Status ReadSwitches(const UrlQuery& query, const SearchLabels& labels, ListOptions* options) {
  std::optional<bool> remaining, only_metadata, inject_events;
  if (Status status =
          ReadSwitch(query, labels, "withContinue", "with-continue", &options->with_continue);
      !status.ok())
    return status;
  if (Status status =
          ReadSwitch(query, labels, "withRemainingCount", "with-remaining-count", &remaining);
      !status.ok())
    return status;
  if (Status status = ReadSwitch(query, labels, "onlyMetadata", "", &only_metadata); !status.ok())
    return status;
  if (Status status = ReadSwitch(query, labels, "injectEvents", "inject-events", &inject_events);
      !status.ok())
    return status;
  if (inject_events.value_or(false)) {
    return NotSupportedYet(query.Find("injectEvents") ? "injectEvents"
                                                      : SearchLabelKey("inject-events"));
  }
  options->with_remaining_count = remaining.value_or(false);
  options->only_metadata = only_metadata.value_or(false);
  return Status();
}

Status ReadTime(const UrlQuery& query, const SearchLabels& labels, std::string_view name,
                std::optional<int64_t>* time) {
  const Result<std::string> label = labels.Single(name);
  if (!label.ok()) return label.status();
  const std::array<std::pair<std::string, std::string_view>, 2> sources = {
      {{SearchLabelKey(name), *label}, {std::string(name), query.Get(name)}}};
  for (const auto& [where, text] : sources) {
    if (TrimBlanks(text).empty()) continue;
    const Result<int64_t> seconds = ParseTimeCondition(where, text);
    if (!seconds.ok()) return seconds.status();
    *time = *seconds;
  }
  return Status();
}

Status ReadTimes(const UrlQuery& query, const SearchLabels& labels, ListOptions* options) {
  if (Status status = ReadTime(query, labels, "since", &options->since); !status.ok())
    return status;
  if (Status status = ReadTime(query, labels, "before", &options->before); !status.ok())
    return status;
  if (options->since && options->before && *options->since > *options->before) {
    return BadRequest("Invalid Query, Since is after Before");
  }
  return Status();
}

// ANDs `requirement` to the condition.
void Restrict(const FieldRequirement& requirement, NameSet* names) {
  std::vector<std::string>& values = requirement.negated ? names->not_in : names->in;
  if (!requirement.negated) {
    const bool kept =
        !names->restricted || std::binary_search(values.begin(), values.end(), requirement.value);
    values.clear();
    names->restricted = true;
    if (!kept) return;
  }
  values.push_back(requirement.value);
  SortValues(&values);
}

// metadata.name and metadata.namespace are columns.
Status ReadFieldSelector(const UrlQuery& query, ListOptions* options) {
  const Result<FieldSelector> selector = ParseFieldSelector(query.Get("fieldSelector"));
  if (!selector.ok()) return selector.status();
  for (const FieldRequirement& requirement : *selector) {
    if (requirement.path == "metadata.name") {
      Restrict(requirement, &options->names);
    } else if (requirement.path == "metadata.namespace") {
      Restrict(requirement, &options->namespaces);
    } else {
      return NotSupportedYet("fieldSelector " + QuoteShort(requirement.path));
    }
  }
  return Status();
}

Status CheckUnsupported(const UrlQuery& query) {
  for (const std::string_view name : kNotYet) {
    if (!TrimBlanks(query.Get(name)).empty()) return NotSupportedYet(name);
  }
  const Result<int64_t> seniority = ParseCount("ownerSeniority", query.Get("ownerSeniority"));
  if (!seniority.ok()) return seniority.status();
  return *seniority == 0 ? Status() : NotSupportedYet("ownerSeniority");
}

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
                           "Unsupported value: " + Quote(match) +
                               ": supported values: \"Exact\", \"NotOlderThan\", \"\""));
  }
  if (match == "Exact" && version == "0") {
    causes.push_back(
        Cause(kForbidden, kField,
              "Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
  }
  return causes;
}

// What Kubernetes checks of its own parameters of a list. There is no history here, so they have no
// further effect.
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

// The URL's continue, or the offset of the label if that is missing. Last: a token is checked
// against all the rest.
Status ReadStart(const ListScope& scope, const UrlQuery& query, const SearchLabels& labels,
                 ListOptions* options) {
  const Result<int64_t> offset = ReadCountLabel(labels, "offset");
  if (!offset.ok()) return offset.status();
  options->start.offset = *offset;
  const std::string_view text = query.Get("continue");
  if (text.empty()) return Status();
  Result<PageStart> start = ParseContinueToken(text, Fingerprint(scope, *options));
  if (!start.ok()) return start.status();
  options->start = *std::move(start);
  return Status();
}

}  // namespace

bool NameSet::Matches(std::string_view value) const {
  if (std::binary_search(not_in.begin(), not_in.end(), value)) return false;
  return !restricted || std::binary_search(in.begin(), in.end(), value);
}

Result<ListOptions> ParseListOptions(const ListScope& scope, const UrlQuery& query) {
  const Result<SearchLabels> labels = SearchLabels::Parse(query.Get("labelSelector"));
  if (!labels.ok()) return labels.status();
  ListOptions options;
  options.label_selector = labels->object_selector();
  if (Status status = CheckUnsupported(query); !status.ok()) return status;
  if (Status status = ReadNames(query, *labels, "clusters", &options.clusters); !status.ok())
    return status;
  if (Status status = ReadNames(query, *labels, "namespaces", &options.namespaces); !status.ok())
    return status;
  if (Status status = ReadNames(query, *labels, "names", &options.names); !status.ok())
    return status;
  // What the path says is in `scope`; it replaces these conditions.
  if (!scope.cluster.empty()) options.clusters = NameSet{};
  if (!scope.name_space.empty()) options.namespaces = NameSet{};
  if (Status status = ReadFieldSelector(query, &options); !status.ok()) return status;
  if (Status status = ReadOrder(query, *labels, &options.order_by); !status.ok()) return status;
  if (Status status = ReadLimit(query, *labels, &options.limit); !status.ok()) return status;
  if (Status status = ReadSwitches(query, *labels, &options); !status.ok()) return status;
  if (Status status = ReadTimes(query, *labels, &options); !status.ok()) return status;
  if (Status status = CheckKubernetesOptions(query); !status.ok()) return status;
  if (Status status = ReadStart(scope, query, *labels, &options); !status.ok()) return status;
  return options;
}

}  // namespace pedia::query
