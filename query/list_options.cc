#include "query/list_options.h"

#include <algorithm>
#include <array>
#include <utility>

#include "query/comma_list.h"
#include "query/continue_token.h"
#include "query/facet.h"
#include "query/kubernetes_options.h"
#include "query/option_value.h"
#include "query/order_by.h"
#include "query/owner_condition.h"
#include "query/search_labels.h"
#include "query/strconv.h"
#include "query/time_condition.h"

namespace pedia::query {
namespace {

constexpr std::array<std::string_view, 4> kRawSql = {"whereSQL", "whereSQLStatement",
                                                     "whereSQLParam", "whereSQLJSONParams"};

// Each is a condition of its own in the store; no person writes as many.
constexpr size_t kMaxLabelRequirements = 256;

Status RefuseRawSql(const UrlQuery& query) {
  for (const auto& [name, value] : query.pairs()) {
    if (std::find(kRawSql.begin(), kRawSql.end(), name) == kRawSql.end()) continue;
    if (TrimBlanks(value).empty()) continue;
    return BadRequest(name + ": raw SQL is not supported; use fieldSelector for conditions " +
                      "(status.phase!=Running,spec.replicas>3) and orderby for the order");
  }
  return Status();
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
  options->with_remaining_count = remaining.value_or(false);
  options->only_metadata = only_metadata.value_or(false);
  options->inject_events = inject_events.value_or(false);
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

// ANDs `requirement` to the condition; false if that has no such operator.
bool Restrict(const FieldRequirement& requirement, NameSet* names) {
  switch (requirement.op) {
    case SelectorOperator::kEquals:
    case SelectorOperator::kIn: {
      std::vector<std::string> both;
      for (const std::string& value : requirement.values) {
        if (!names->restricted || std::binary_search(names->in.begin(), names->in.end(), value))
          both.push_back(value);
      }
      names->restricted = true;
      names->in = std::move(both);
      return true;
    }
    case SelectorOperator::kNotEquals:
    case SelectorOperator::kNotIn:
      names->not_in.insert(names->not_in.end(), requirement.values.begin(),
                           requirement.values.end());
      SortValues(&names->not_in);
      return true;
    default:
      return false;
  }
}

// The column that stands for a field.
NameSet* FindColumn(const FieldPath& path, ListOptions* options) {
  const std::string text = path.Text();
  if (text == "metadata.name") return &options->names;
  return text == "metadata.namespace" ? &options->namespaces : nullptr;
}

Status ReadFieldSelector(const UrlQuery& query, ListOptions* options) {
  Result<FieldSelector> selector = ParseFieldSelector(query.Get("fieldSelector"));
  if (!selector.ok()) return selector.status();
  for (FieldRequirement& requirement : *selector) {
    NameSet* column = FindColumn(requirement.path, options);
    if (column == nullptr || !Restrict(requirement, column))
      options->field_selector.push_back(std::move(requirement));
  }
  return Status();
}

Status ReadLabels(const SearchLabels& labels, ListOptions* options) {
  Result<SearchLabels::Substrings> fuzzy = labels.FuzzyNames();
  if (!fuzzy.ok()) return fuzzy.status();
  options->fuzzy_names = std::move(fuzzy->contained);
  options->not_fuzzy_names = std::move(fuzzy->not_contained);
  options->label_selector = labels.object_selector();
  if (options->label_selector.size() > kMaxLabelRequirements) {
    return BadRequest("labelSelector: more than " + std::to_string(kMaxLabelRequirements) +
                      " requirements");
  }
  options->warnings = labels.warnings();
  return Status();
}

// Clusters, namespaces and names. What the path says is in `scope`; it replaces these conditions.
Status ReadPlaces(const ListScope& scope, const UrlQuery& query, const SearchLabels& labels,
                  ListOptions* options) {
  const std::array<std::pair<std::string_view, NameSet*>, 3> places = {
      {{"clusters", &options->clusters},
       {"namespaces", &options->namespaces},
       {"names", &options->names}}};
  for (const auto& [name, names] : places) {
    if (Status status = ReadNames(query, labels, name, names); !status.ok()) return status;
  }
  if (!scope.cluster.empty()) options->clusters = NameSet{};
  if (!scope.name_space.empty()) options->namespaces = NameSet{};
  return Status();
}

// Reads the owner, and lifts the restriction of "clusters=*", which names every cluster.
Status ReadOwnerAndClusters(const ListScope& scope, const UrlQuery& query,
                            const SearchLabels& labels, ListOptions* options) {
  const bool named = !scope.cluster.empty() || options->clusters.restricted;
  const NameSet& clusters = options->clusters;
  if (std::binary_search(clusters.in.begin(), clusters.in.end(), "*")) options->clusters = {};
  Result<std::optional<OwnerCondition>> owner = ReadOwner(query, labels);
  if (!owner.ok()) return owner.status();
  if (*owner && !named && scope.collection.empty()) {
    return BadRequest("If searching by owner uid or name, then the cluster must be specified");
  }
  options->owner = *std::move(owner);
  if (options->owner) options->owner->namespaces = options->namespaces;
  return Status();
}

Status ReadFacets(const UrlQuery& query, ListOptions* options) {
  Result<std::vector<Facet>> facets = ParseFacets("facets", query.Get("facets"));
  if (!facets.ok()) return facets.status();
  options->facets = *std::move(facets);
  const std::string_view limit = query.Get("limit");
  options->counts_only = !options->facets.empty() && !limit.empty() && ParseInt64(limit) == 0;
  return Status();
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
  if (Status status = RefuseRawSql(query); !status.ok()) return status;
  const Result<SearchLabels> labels = SearchLabels::Parse(query.Get("labelSelector"));
  if (!labels.ok()) return labels.status();
  ListOptions options;
  if (Status status = ReadLabels(*labels, &options); !status.ok()) return status;
  if (Status status = ReadPlaces(scope, query, *labels, &options); !status.ok()) return status;
  if (Status status = ReadOwnerAndClusters(scope, query, *labels, &options); !status.ok())
    return status;
  if (Status status = ReadFieldSelector(query, &options); !status.ok()) return status;
  if (Status status = ReadOrder(query, *labels, &options.order_by); !status.ok()) return status;
  if (Status status = ReadLimit(query, *labels, &options.limit); !status.ok()) return status;
  if (Status status = ReadFacets(query, &options); !status.ok()) return status;
  if (Status status = ReadSwitches(query, *labels, &options); !status.ok()) return status;
  if (Status status = ReadTimes(query, *labels, &options); !status.ok()) return status;
  if (Status status = CheckKubernetesOptions(query); !status.ok()) return status;
  options.min_revision = std::max<int64_t>(ParseInt64(query.Get("resourceVersion")).value_or(0), 0);
  if (Status status = ReadStart(scope, query, *labels, &options); !status.ok()) return status;
  return options;
}

Result<bool> ParseInjectEvents(const UrlQuery& query) {
  const Result<SearchLabels> labels = SearchLabels::Parse(query.Get("labelSelector"));
  if (!labels.ok()) return labels.status();
  std::optional<bool> inject_events;
  Status status = ReadSwitch(query, *labels, "injectEvents", "inject-events", &inject_events);
  if (!status.ok()) return status;
  return inject_events.value_or(false);
}

const AccessFilter& AccessTo(const ListOptions& options, const GroupVersionResource& gvr) {
  static const AccessFilter everything;
  return options.access ? options.access->Of({gvr.group, gvr.resource}) : everything;
}

}  // namespace pedia::query
