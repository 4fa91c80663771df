// Writing of JSON objects by hand, member after member: ,"kind":"Pod" and ,"shortNames":["po"].
// Private to the folder.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace pedia::discovery {

// Appends a member that is not the first one. `key` needs no escapes.
void AppendMember(std::string_view key, std::string_view value, std::string* out);
// Nothing if there are no strings.
void AppendMember(std::string_view key, const std::vector<std::string>& strings, std::string* out);

}  // namespace pedia::discovery
