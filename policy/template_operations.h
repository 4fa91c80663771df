// What several functions of templates do with values. Private to policy.
#pragma once
#include <string_view>

#include "policy/template_run.h"

namespace pedia::policy {

// Go's reflect.DeepEqual: 1 of a template and 1 of an object are of different types, so not equal.
bool IsDeepEqual(TemplateRun& run, const Value& a, const Value& b);
// Lists and objects in it are copied, texts shared.
Value CopyDeep(TemplateRun& run, const Value& value);
// Whole numbers as the package cast makes them: of texts, floats, bools; 0 of anything else.
int64_t ToInteger(const Value& value);
double ToFloat(const Value& value);

}  // namespace pedia::policy
