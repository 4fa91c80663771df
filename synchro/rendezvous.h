// Rendezvous hashing: which of several processes syncs a cluster, so that all of them agree without
// asking, and a change of the set moves only what must move.
// Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace pedia::synchro {

// The one of `members` that `cluster` belongs to; "" if there are none. The same in every process,
// whatever its build. Pure.
std::string_view OwnerOf(std::string_view cluster, std::span<const std::string> members);

}  // namespace pedia::synchro
