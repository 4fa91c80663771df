// Which values a list is over and what its reader may see, by looking at every entry. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "query/list_options.h"

namespace pedia::oracle {

bool Has(const std::vector<std::string>& values, std::string_view value);
bool Allows(const query::NameSet& set, std::string_view value);
bool Shows(const query::AccessFilter& access, const std::string& cluster,
           const std::string& name_space);
// Of what is not named nothing.
query::AccessFilter AccessOf(const query::ListOptions& options, const std::string& group,
                             const std::string& resource);

}  // namespace pedia::oracle
