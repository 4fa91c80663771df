// The execution of a parsed template. Source: pkg.go.dev/text/template. Private to policy.
#pragma once
#include <string>
#include <string_view>

#include "meta/result.h"
#include "policy/template_tree.h"

namespace pedia::policy {

// The output of `tree` for `data`, a JSON object. `text`: what the tree was parsed from, for
// messages. Errors: BadRequest naming the position.
Result<std::string> ExecuteTemplate(const TemplateTree& tree, std::string_view text,
                                    std::string_view data);

}  // namespace pedia::policy
