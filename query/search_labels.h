// The search conditions inside a label selector, e.g. "search.clusterpedia.io/names in
// (web,api),app=web": kubectl can set no parameters of its own in the URL, but it has -l.
// Source: Clusterpedia's search labels.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "query/label_selector.h"
#include "query/list_options.h"

namespace pedia::query {

// The label selector of a request, taken apart.
class SearchLabels {
 public:
  // Errors: those of ParseLabelSelector.
  static Result<SearchLabels> Parse(std::string_view label_selector);

  // What selects by the objects' own labels.
  const LabelSelector& object_selector() const { return object_selector_; }

  // The condition of a label that holds a set (`name`: "names"): `=` and `in` restrict, `!=` and
  // `notin` exclude; several requirements are ANDed. Errors: BadRequest naming the label for
  // another operator.
  Result<NameSet> Names(std::string_view name) const;
  // The value of a label that holds one value; "" if it is not there. Errors: BadRequest naming the
  // label for another operator than `=` or `in`, or more than one value.
  Result<std::string> Single(std::string_view name) const;
  // All values of a label in the order as written. Errors: as Single's, but for any number of
  // values.
  Result<std::vector<std::string>> Sequence(std::string_view name) const;

  // Of internalstorage.clusterpedia.io/fuzzy-name; sorted, unique, none of them empty.
  struct Substrings {
    std::vector<std::string> contained;      // `=`, `in`
    std::vector<std::string> not_contained;  // `!=`, `notin`
  };
  // Errors: BadRequest for another operator and for more than 64 values.
  Result<Substrings> FuzzyNames() const;

  // One text for each search label that is unknown, and ignored, as Clusterpedia does.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void WarnOf(const std::string& key);

  LabelSelector object_selector_;
  LabelSelector search_;  // Values as written.
  std::vector<std::string> warnings_;
};

// "search.clusterpedia.io/names"
std::string SearchLabelKey(std::string_view name);

}  // namespace pedia::query
