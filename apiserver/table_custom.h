// The Tables of custom resources: Cluster, Name and the columns that the
// CustomResourceDefinition asks for, e.g.
//   {"name":"Size","type":"integer","jsonPath":".spec.size"}
// Source: apiextensions.k8s.io/v1 CustomResourceColumnDefinition; apiextensions-apiserver's
// tableconvertor.
#pragma once
#include <memory>
#include <string_view>

#include "apiserver/table.h"

namespace pedia::apiserver {

// The printer of what `definition`, the JSON of a CustomResourceDefinition, serves at `version`;
// null if it names no columns for that. Of very many columns only the first 128 are printed; the
// cells of one whose JSONPath is none are null. The work for one row is bounded, whatever the paths
// are: cells that would need more are null. Never fails.
std::shared_ptr<const TablePrinter> CustomTablePrinter(std::string_view definition,
                                                       std::string_view version);

}  // namespace pedia::apiserver
