// The grammar of templates. Source: pkg.go.dev/text/template. Private to policy.
#pragma once
#include <string_view>

#include "meta/result.h"
#include "policy/template_tree.h"

namespace pedia::policy {

// `text` must outlive the tree. Errors: BadRequest naming the position.
Result<TemplateTree> ParseTemplate(std::string_view text);

}  // namespace pedia::policy
