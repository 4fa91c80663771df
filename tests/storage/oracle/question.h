// Question: what is asked of a store and of the evaluator alike; Answer: what both must say.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/list_options.h"
#include "storage/store.h"

namespace pedia::oracle {

constexpr int kMaxPages = 4;  // Of one question are read.

struct Question {
  query::ListScope scope;
  query::ListOptions options;  // `start` holds an offset at most.
  // Not 0: the store is asked with what query::ParseListOptions makes of these options' text; the
  // number chooses among their spellings.
  uint64_t spelling = 0;
};

// For people: the scope and every condition that is set.
std::string Describe(const Question& question);

struct Page {
  std::vector<std::string> rows;                 // "apps/v1/deployments Deployment {...}"
  std::vector<std::vector<std::string>> events;  // Of each row, sorted; empty if not asked for.
  bool more = false;                             // Rows remain.
  std::optional<int64_t> remaining;
};

struct Answer {
  std::string error;  // "" unless something failed; then nothing else counts.
  std::vector<Page> pages;
  std::vector<storage::FacetCounts> facets;  // As the first page has them.
  int64_t total = 0;
};

// Where they differ first; "" if they do not.
std::string Difference(const Answer& want, const Answer& have);

}  // namespace pedia::oracle
