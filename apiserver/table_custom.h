// The Tables of custom resources: Cluster, Name and the columns that the CustomResourceDefinitions
// of the clusters ask for, e.g.
//   {"name":"Size","type":"integer","jsonPath":".spec.size"}
// Source: apiextensions.k8s.io/v1 CustomResourceColumnDefinition; apiextensions-apiserver's
// tableconvertor.
#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apiserver/table.h"

namespace pedia::apiserver {

// Makes one printer from what the clusters' definitions of a resource say. One thread.
class CustomTableBuilder {
 public:
  // `version`: the one whose columns count, "v1".
  explicit CustomTableBuilder(std::string version) : version_(std::move(version)) {}

  // `versions`: the JSON of a cluster's definition at spec.versions. What names no columns for the
  // version does not count; equal columns are kept once. The definition that is added first is the
  // model. Of very many different ones only the first 64 count, and of their columns the first
  // 128.
  void Add(std::string_view cluster, std::string_view versions);

  // The columns that all definitions have, by name; their order, types, descriptions and priorities
  // are the model's. The cells of a row are what the JSONPaths of its cluster's definition find, in
  // the type of the column; the model's for clusters whose definition is not known or names no
  // columns. Cells are null where the JSONPath is none, and where the work for a row, which is
  // bounded, would be too much. Null if there are no such columns.
  std::shared_ptr<const TablePrinter> Build() const;

 private:
  std::string version_;
  std::vector<std::string> definitions_;  // JSON arrays of columns; different ones.
  std::map<std::string, size_t, std::less<>> of_cluster_;  // Whose is not the model.
};

}  // namespace pedia::apiserver
