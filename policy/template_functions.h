// The functions that templates may call: Go's builtin ones, and those of sprig that need neither
// time, chance, the environment nor regular expressions.
// Source: pkg.go.dev/text/template; masterminds.github.io/sprig. Private to policy.
#pragma once
#include <span>
#include <string_view>

#include "policy/template_run.h"

namespace pedia::policy {

using Arguments = std::span<const Value>;

// `parameters` has a letter for each: a any value, s a string, i an integer, b a bool, d an object;
// a star before the last: as many of it as are given, or none. `call` gets arguments of these kinds
// and number. An argument 'a' is never kMissing.
struct Function {
  std::string_view name;
  std::string_view parameters;
  Value (*call)(TemplateRun&, Arguments);

  bool is_variadic() const { return parameters.find('*') != std::string_view::npos; }
  size_t fixed() const { return is_variadic() ? parameters.size() - 2 : parameters.size(); }
  char parameter(size_t index) const {
    return index < fixed() ? parameters[index] : parameters.back();
  }
  // They stop at the argument that decides.
  bool stops_when_true() const { return name == "or"; }
  bool stops_early() const { return name == "or" || name == "and"; }
};

// Nothing if there is none of this name.
const Function* FindFunction(std::string_view name);

// The functions by what they are about, each sorted by nothing in particular.
std::span<const Function> BasicFunctions();
std::span<const Function> TextFunctions();
std::span<const Function> NumberFunctions();
std::span<const Function> ListFunctions();
std::span<const Function> MapFunctions();

}  // namespace pedia::policy
