// ListOptions: everything a list request asks for, from the path, the URL query and the search
// labels.
// Source: Clusterpedia's search conditions; metav1.ListOptions.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/result.h"
#include "query/access_filter.h"
#include "query/field_path.h"
#include "query/field_selector.h"
#include "query/label_selector.h"
#include "query/url_query.h"

namespace pedia::query {

// A condition on one of cluster, namespace, name.
struct NameSet {
  bool restricted = false;  // True: only `in`. False: every value.
  // Sorted, unique. May be empty although restricted: then nothing matches.
  std::vector<std::string> in;
  std::vector<std::string> not_in;  // Sorted, unique. Applies in both cases.

  bool Matches(std::string_view value) const;
  auto operator<=>(const NameSet&) const = default;
};

// What `orderby` and `facets` may name beside field paths.
enum class OrderColumn {
  kCluster,
  kNamespace,
  kName,
  kCreatedAt,
  kResourceVersion,
  kUid,
  kOwnerUid,
  kSyncedAt,
  kDeletedAt,
  kGroup,  // This and the next three are constant in a list of one resource.
  kVersion,
  kResource,
  kKind,
  kId,
  kField,  // The value at a field path, in the order of OrderKey (query/typed_value.h).
};

struct OrderBy {
  OrderColumn column;
  bool descending = false;  // Missing values are last in both directions.
  FieldPath field{};        // kField.
  bool operator==(const OrderBy&) const = default;
};

// Objects to be counted by value. Columns: cluster, namespace, name, group, version, resource, kind.
struct Facet {
  std::string text;  // As the answer names it: "cluster", "metadata.labels['app']".
  OrderColumn column;
  FieldPath field{};  // kField: an object counts once for each different value at the path.
};

// Objects whose controller, or the controller of that and so on, is a certain object.
// Source: Clusterpedia's owner search.
struct OwnerCondition {
  std::string uid;       // Of the owner; "" = by name.
  std::string name;      // "" = by uid.
  std::string group;     // With `resource`, of an owner by name.
  std::string resource;  // "" = of any.
  NameSet namespaces{};  // Of an owner by name, unless it is cluster-scoped: those of the list, but
                         // for what a field selector adds.
  int64_t seniority = 0;  // 0: the owner is the controller itself, 1: the controller's one, ...
};

// What a page continues from; see query/continue_token.h.
struct PageStart {
  std::string token_key;  // Opaque sort key written by storage, "" for the first page.
  int64_t offset = 0;     // Rows to skip: from a numeric continue. At most one of both is set.
};

// Resources of a collection: "" = any version, any resource of the group.
struct ResourcePattern {
  std::string group;
  std::string version;
  std::string resource;
  bool any_group = false;  // Everything there is.
  bool operator==(const ResourcePattern&) const = default;
};

// Who asks, and for which collection; from the path, not from the query.
struct ListScope {
  GroupVersionResource gvr;  // Of a list of one resource; empty for a collection resource.
  std::string cluster;       // "" = all clusters.
  std::string name_space;    // "" = all namespaces.
  // A collection resource: its name and what it holds. The list is that of all resources together,
  // in one order; ties end with group, resource, version.
  std::string collection{};
  std::vector<ResourcePattern> patterns{};
};

struct ListOptions {
  NameSet clusters;    // Unrestricted if the scope names a cluster.
  NameSet namespaces;  // Unrestricted if the scope names a namespace.
  NameSet names;
  std::vector<std::string> fuzzy_names;      // The name contains each of them, byte for byte.
  std::vector<std::string> not_fuzzy_names;  // The name contains none of them.
  LabelSelector label_selector;              // Without the search.clusterpedia.io/ labels.
  FieldSelector field_selector;  // Without metadata.name and metadata.namespace where they are in
                                 // `names` and `namespaces`.
  std::optional<OwnerCondition> owner;
  // Empty: cluster, namespace, name. They are always the tie breakers. Nothing twice.
  std::vector<OrderBy> order_by;
  int64_t limit = 0;  // 0 = no limit.
  PageStart start;
  std::optional<bool> with_continue;  // Unset: continue is given while rows remain.
  bool with_remaining_count = false;
  bool only_metadata = false;
  bool inject_events = false;
  std::vector<Facet> facets;
  bool counts_only = false;       // With facets and limit=0: no rows.
  std::optional<int64_t> since;   // Created at or after; Unix seconds.
  std::optional<int64_t> before;  // Created before; Unix seconds.
  // resourceVersion: the revision of the store that the client has seen; what is read is not older,
  // if the store has got so far at all. 0: anything.
  int64_t min_revision = 0;
  std::vector<std::string> warnings;  // For the answer's Warning headers.
  // What the reader may see, not of the query: of the resource of the list or of those of the
  // collection, as they are stored; of events, if they are injected; of every resource, if there is
  // an owner, as the way down from it leads only through what may be seen. Unset: everything.
  std::optional<ResourceAccess> access{};
};

// Reads `query` and the search labels in it; precedence path (`scope`) > URL > label. kubectl's and
// client-go's own parameters (resourceVersionMatch, timeoutSeconds, ...) are checked as Kubernetes
// does and then ignored, as are unknown ones.
// An owner needs clusters to be named (Clusterpedia's rule): exactly one, several, or all of them as
// "clusters=*"; collections do without.
// Errors: BadRequest naming the parameter or label and quoting the value; Invalid (422) where
// Kubernetes has it; BadRequest for whereSQL and its relatives, naming what replaces them. Pure.
Result<ListOptions> ParseListOptions(const ListScope& scope, const UrlQuery& query);

// The resources of the collection "any": from `groups` and `resources`.
// Errors: BadRequest in Clusterpedia's words. Pure.
Result<std::vector<ResourcePattern>> ParseResourcePatterns(const UrlQuery& query);

// Whether a request for one object asks for its events: `injectEvents`, in the URL or as a search
// label. Errors: BadRequest.
Result<bool> ParseInjectEvents(const UrlQuery& query);

// Of `access`; everything if that is unset. The result lives as long as `options`.
const AccessFilter& AccessTo(const ListOptions& options, const GroupVersionResource& gvr);

// Identifies the query that a continue token belongs to: equal for requests that differ only in
// limit, start and access. What may be seen counts anew for each page, behind the row that the token
// names: rights that have changed since then neither show too much nor void the token. 16 hex digits.
std::string Fingerprint(const ListScope& scope, const ListOptions& options);

}  // namespace pedia::query
