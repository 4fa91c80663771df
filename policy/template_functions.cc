#include "policy/template_functions.h"

#include <map>

namespace pedia::policy {

const Function* FindFunction(std::string_view name) {
  static const auto kFunctions = [] {
    std::map<std::string_view, const Function*> functions;
    for (const auto group :
         {BasicFunctions(), TextFunctions(), NumberFunctions(), ListFunctions(), MapFunctions()}) {
      for (const Function& function : group) functions.emplace(function.name, &function);
    }
    return functions;
  }();
  const auto found = kFunctions.find(name);
  return found == kFunctions.end() ? nullptr : found->second;
}

}  // namespace pedia::policy
