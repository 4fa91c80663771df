// The grammar of templates. Source: pkg.go.dev/text/template. Private to policy.
#pragma once
#include <string>
#include <string_view>

#include "meta/result.h"
#include "policy/template_tree.h"

namespace pedia::policy {

// `text` must outlive the tree. Errors: BadRequest naming the position.
Result<TemplateTree> ParseTemplate(std::string_view text);

// "template: line 3, column 14: why". Both count from 1, the column bytes.
std::string AtPosition(std::string_view text, size_t offset, std::string_view why);

}  // namespace pedia::policy
