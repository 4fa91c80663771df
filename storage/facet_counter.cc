#include "storage/facet_counter.h"

#include <algorithm>

namespace pedia::storage {

FacetCounter::FacetCounter(const std::vector<query::Facet>& facets) {
  for (const query::Facet& facet : facets) facets_.push_back({facet.text, {}, 0});
}

Status FacetCounter::Add(size_t index, const std::vector<std::string_view>& values, int64_t rows) {
  Counts& counts = facets_[index];
  if (values.empty()) counts.missing += rows;
  if (values.size() == 1) return AddOne(counts, values[0], rows);
  std::vector<std::string_view> distinct = values;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (const std::string_view value : distinct) {
    if (Status status = AddOne(counts, value, rows); !status.ok()) return status;
  }
  return Status();
}

Status FacetCounter::AddOne(Counts& counts, std::string_view value, int64_t rows) {
  const auto known = counts.values.find(value);
  if (known != counts.values.end()) {
    known->second += rows;
    return Status();
  }
  if (counts.values.size() == kMaxValues) {
    return BadRequest("facets: " + counts.facet + " has more than " + std::to_string(kMaxValues) +
                      " different values here; narrow the list");
  }
  counts.values.emplace(value, rows);
  return Status();
}

std::vector<FacetCounts> FacetCounter::Take() {
  std::vector<FacetCounts> result;
  for (Counts& counts : facets_) {
    FacetCounts& facet = result.emplace_back();
    facet.facet = std::move(counts.facet);
    facet.missing = counts.missing;
    facet.values.assign(counts.values.begin(), counts.values.end());
    std::sort(facet.values.begin(), facet.values.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
  }
  return result;
}

}  // namespace pedia::storage
