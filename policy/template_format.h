// Values as text, as Go's package fmt writes them. Source: pkg.go.dev/fmt. Private to policy.
#pragma once
#include <string>
#include <string_view>

#include "policy/template_functions.h"
#include "policy/template_run.h"

namespace pedia::policy {

// %v: a text as it is, "[a b]", "map[a:1]", 1e+06; nothing for kMissing, "<nil>" for kNil.
void AddValue(const Value& value, TextBuilder* out);
// fmt.Sprint: spaces between two arguments of which neither is a text.
void AddAll(Arguments values, TextBuilder* out);
// fmt.Sprintf, but for %#v, %p and hexadecimal floats.
void AddFormatted(std::string_view format, Arguments values, TextBuilder* out);
// What sprig makes of a value that it needs as a text.
std::string_view TextOf(TemplateRun& run, const Value& value);

}  // namespace pedia::policy
