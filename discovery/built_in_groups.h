// The API groups of Kubernetes itself; everything else comes from a CustomResourceDefinition or an
// aggregated server.
#pragma once
#include <string_view>

namespace pedia::discovery {

bool IsBuiltInGroup(std::string_view group);  // "" is the core group. Pure.

}  // namespace pedia::discovery
