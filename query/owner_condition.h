// Reads whose objects a list wants: "ownerName=web&ownerGR=deployments.apps&ownerSeniority=1", or the
// search labels owner-uid, owner-name, owner-gr, owner-seniority.
// Source: Clusterpedia's owner search.
#pragma once
#include <optional>

#include "meta/result.h"
#include "query/list_options.h"
#include "query/search_labels.h"
#include "query/url_query.h"

namespace pedia::query {

// The URL's values, or the labels' where those are missing (a seniority of 0 counts as missing).
// The uid beats the name; a group-resource or seniority alone asks for nothing. Errors: BadRequest
// naming the parameter or label and quoting its value. Pure.
Result<std::optional<OwnerCondition>> ReadOwner(const UrlQuery& query, const SearchLabels& labels);

}  // namespace pedia::query
