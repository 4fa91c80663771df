// FacetCounter: counts rows by the values of facets.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "meta/result.h"
#include "query/list_options.h"
#include "storage/store.h"

namespace pedia::storage {

// One thread. Memory grows with the number of different values, which is bounded.
class FacetCounter {
 public:
  // Of one facet.
  static constexpr size_t kMaxValues = 10'000;

  explicit FacetCounter(const std::vector<query::Facet>& facets);

  // One row, or `rows` equal ones, with these values of facet `index`; each value counts once.
  // Errors: BadRequest if there are too many different values.
  Status Add(size_t index, const std::vector<std::string_view>& values, int64_t rows);

  std::vector<FacetCounts> Take();

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Counts {
    std::string facet;
    std::unordered_map<std::string, int64_t, Hash, std::equal_to<>> values;
    int64_t missing = 0;
  };
  Status AddOne(Counts& counts, std::string_view value, int64_t rows);

  std::vector<Counts> facets_;
};

}  // namespace pedia::storage
