// ListOptions: everything a list request asks for, from the path, the URL query and the search
// labels.
// Source: Clusterpedia's search conditions; metav1.ListOptions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/group_version_resource.h"
#include "meta/result.h"
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
};

// Columns that `orderby` may name.
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
  kKind,
  kId
};

struct OrderBy {
  OrderColumn column;
  bool descending = false;
};

// What a page continues from; see query/continue_token.h.
struct PageStart {
  std::string token_key;  // Opaque sort key written by storage, "" for the first page.
  int64_t offset = 0;     // Rows to skip: from a numeric continue. At most one of both is set.
};

// Who asks, and for which collection; from the path, not from the query.
struct ListScope {
  GroupVersionResource gvr;
  std::string cluster;     // "" = all clusters.
  std::string name_space;  // "" = all namespaces.
};

struct ListOptions {
  NameSet clusters;    // Unrestricted if the scope names a cluster.
  NameSet namespaces;  // Unrestricted if the scope names a namespace.
  NameSet names;
  LabelSelector label_selector;  // Without the search.clusterpedia.io/ labels.
  // Empty: cluster, namespace, name. They are always the tie breakers. No column twice.
  std::vector<OrderBy> order_by;
  int64_t limit = 0;  // 0 = no limit.
  PageStart start;
  std::optional<bool> with_continue;  // Unset: continue is given while rows remain.
  bool with_remaining_count = false;
  bool only_metadata = false;
  std::optional<int64_t> since;   // Created at or after; Unix seconds.
  std::optional<int64_t> before;  // Created before; Unix seconds.
};

// Reads `query` and the search labels in it; precedence path (`scope`) > URL > label. kubectl's and
// client-go's own parameters (resourceVersion, timeoutSeconds, ...) are checked as Kubernetes does
// and then ignored, as are unknown ones.
// Errors: BadRequest naming the parameter or label and quoting the value; Invalid (422) where
// Kubernetes has it; BadRequest "<parameter>: not supported yet" for known search options that are
// not implemented. Pure.
Result<ListOptions> ParseListOptions(const ListScope& scope, const UrlQuery& query);

// Identifies the query that a continue token belongs to: equal for requests that differ only in
// limit and start. 16 hex digits.
std::string Fingerprint(const ListScope& scope, const ListOptions& options);

}  // namespace pedia::query
