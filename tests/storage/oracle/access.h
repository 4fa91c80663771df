// What the reader of a list may see, by looking at every entry. Pure.
#pragma once
#include <string>

#include "query/list_options.h"

namespace pedia::oracle {

bool Shows(const query::AccessFilter& access, const std::string& cluster,
           const std::string& name_space);
// Of what is not named nothing.
query::AccessFilter AccessOf(const query::ListOptions& options, const std::string& group,
                             const std::string& resource);

}  // namespace pedia::oracle
