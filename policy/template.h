// Template: the language of ClusterImportPolicies and PediaClusterLifecycles: Go's text/template with
// functions of sprig. Source: pkg.go.dev/text/template; masterminds.github.io/sprig.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "meta/result.h"

namespace pedia::policy {

// Immutable, so thread-safe.
class Template {
 public:
  // Errors: BadRequest naming the line and column and, where it is about one, the function that is
  // not known.
  static Result<Template> Parse(std::string_view text);
  ~Template();
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;

  // `data`: a JSON object, {"source":{...},"references":{"secret":{...}}}. What is missing prints as
  // nothing, as Clusterpedia removes Go's "<no value>". Bounded in steps, depth and size of the
  // output. Errors: BadRequest naming the position and what failed.
  Result<std::string> Execute(std::string_view data) const;
  // Whether the output, without white space around it and in any case, is "true".
  Result<bool> IsTrue(std::string_view data) const;

 private:
  class Core;
  explicit Template(std::shared_ptr<const Core> core);
  std::shared_ptr<const Core> core_;
};

}  // namespace pedia::policy
