// Any text as the query string of a list, of one resource and of a collection: list options keep
// their promises, and a page's token leads to the next page of the same list.
// Sources: query/*.cc meta/*.cc
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "query/continue_token.h"
#include "query/list_options.h"
#include "query/url_query.h"

namespace pedia::query {
namespace {

constexpr size_t kMaxMessageBytes = 64 * 1024;

void Check(bool holds) {
  if (!holds) std::abort();
}

bool IsSorted(const std::vector<std::string>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end();
}

void CheckNames(const NameSet& names) {
  Check(IsSorted(names.in) && IsSorted(names.not_in) && (names.restricted || names.in.empty()));
}

void CheckSubstrings(const std::vector<std::string>& values) {
  Check(IsSorted(values) && (values.empty() || !values[0].empty()) && values.size() <= 64);
}

void CheckPath(const FieldPath& path) {
  Check(!path.steps.empty() && path.steps[0].kind == FieldStep::Kind::kMember);
  const Result<FieldPath> again = ParseFieldPath("path", path.Text());
  Check(again.ok() && *again == path);
}

void CheckFields(const ListOptions& options) {
  Check(options.field_selector.size() <= 64 && options.order_by.size() <= 16 &&
        options.facets.size() <= 16);
  for (const FieldRequirement& requirement : options.field_selector) {
    CheckPath(requirement.path);
    Check(IsSorted(requirement.values));
  }
  for (const OrderBy& by : options.order_by) {
    Check((by.column == OrderColumn::kField) == !by.field.steps.empty());
    if (by.column == OrderColumn::kField) CheckPath(by.field);
    Check(by.field.HasOneValue() && std::count_if(options.order_by.begin(), options.order_by.end(),
                                                  [&](const OrderBy& other) {
                                                    return other.column == by.column &&
                                                           other.field == by.field;
                                                  }) == 1);
  }
  for (const Facet& facet : options.facets) {
    Check(!facet.text.empty() &&
          (facet.column == OrderColumn::kField) != facet.field.steps.empty());
    if (facet.column == OrderColumn::kField) CheckPath(facet.field);
  }
  Check(!options.counts_only || !options.facets.empty());
}

void CheckOwner(const ListScope& scope, const ListOptions& options, const UrlQuery& query) {
  if (!options.owner) return;
  const OwnerCondition& owner = *options.owner;
  Check(owner.uid.empty() != owner.name.empty() && owner.seniority >= 0);
  Check(!owner.resource.empty() || owner.group.empty());
  // Clusters were named.
  Check(!scope.cluster.empty() || !scope.collection.empty() || options.clusters.restricted ||
        query.Get("clusters").find('*') != std::string_view::npos);
}

// A token that was made for this query is accepted with it, and leads to the same options
// otherwise.
void CheckNextPage(const ListScope& scope, const UrlQuery& query, const ListOptions& options) {
  const std::string fingerprint = Fingerprint(scope, options);
  Check(fingerprint.size() == 16);
  std::vector<std::pair<std::string, std::string>> pairs = query.pairs();
  std::erase_if(pairs, [](const auto& pair) {
    return pair.first == "continue" || pair.first == "resourceVersionMatch";
  });
  pairs.emplace_back("continue", FormatContinueToken(fingerprint, "key"));
  const Result<ListOptions> next = ParseListOptions(scope, UrlQuery(std::move(pairs)));
  Check(next.ok() && next->start.token_key == "key" && next->start.offset == 0 &&
        Fingerprint(scope, *next) == fingerprint);
  Check(next->field_selector == options.field_selector && next->order_by == options.order_by);
}

void CheckFailure(const Status& status) {
  Check(status.http_code() == 400 || status.http_code() == 422);
  Check(!status.message().empty() && status.message().size() <= kMaxMessageBytes);
  Check(!status.ToJson().empty());
}

void CheckList(const ListScope& scope, const UrlQuery& query) {
  const Result<ListOptions> options = ParseListOptions(scope, query);
  if (!options.ok()) return CheckFailure(options.status());
  for (const NameSet* names : {&options->clusters, &options->namespaces, &options->names})
    CheckNames(*names);
  Check(scope.cluster.empty() ||
        (!options->clusters.restricted && options->clusters.not_in.empty()));
  CheckSubstrings(options->fuzzy_names);
  CheckSubstrings(options->not_fuzzy_names);
  CheckFields(*options);
  CheckOwner(scope, *options, query);
  Check(options->limit >= 0 && options->start.offset >= 0);
  Check(options->start.token_key.empty() || options->start.offset == 0);
  Check(options->label_selector.size() <= 256 && options->warnings.size() <= 16);
  Check(!options->since || !options->before || *options->since <= *options->before);
  CheckNextPage(scope, query, *options);
}

ListScope CollectionScope(const UrlQuery& query) {
  ListScope scope{{}, "", "", "workloads", {{"apps", "", "deployments", false}}};
  Result<std::vector<ResourcePattern>> patterns = ParseResourcePatterns(query);
  if (!patterns.ok()) {
    CheckFailure(patterns.status());
    return scope;
  }
  Check(!patterns->empty() && patterns->size() <= 256);
  scope.collection = "any";
  scope.patterns = *std::move(patterns);
  return scope;
}

}  // namespace
}  // namespace pedia::query

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pedia::query;
  const auto query = ParseUrlQuery({reinterpret_cast<const char*>(data), size});
  if (!query.ok()) return 0;
  CheckList({{"apps", "v1", "deployments"}, "", "shop", "", {}}, *query);
  CheckList({{"", "v1", "nodes"}, "c1", "", "", {}}, *query);
  CheckList(CollectionScope(*query), *query);
  const auto events = ParseInjectEvents(*query);
  if (!events.ok()) CheckFailure(events.status());
  return 0;
}
