// ObjectSelector: the labelSelector and fieldSelector of a list or watch.
// Source: Kubernetes API reference (list, watch); Kubernetes docs "Field Selectors".
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "query/label_selector.h"

namespace pedia::member {

// Immutable.
class ObjectSelector {
 public:
  // Each "" selects everything. Errors: BadRequest, also for fields other than metadata.name,
  // metadata.namespace and, for events, involvedObject.kind.
  static Result<ObjectSelector> Parse(std::string_view labels, std::string_view fields,
                                      bool events);
  bool selects_all() const { return labels_.empty() && fields_.empty(); }
  // `object`: a whole JSON object.
  bool Matches(std::string_view object) const;

 private:
  struct Field {
    std::string parent;  // "metadata"
    std::string name;
    bool negated;
    std::string value;
  };
  query::LabelSelector labels_;
  std::vector<Field> fields_;
};

}  // namespace pedia::member
