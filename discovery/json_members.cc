#include "discovery/json_members.h"

#include "meta/json_string.h"

namespace pedia::discovery {

void AppendMember(std::string_view key, std::string_view value, std::string* out) {
  out->append(",\"").append(key).append("\":");
  AppendJsonString(value, out);
}

void AppendMember(std::string_view key, const std::vector<std::string>& strings, std::string* out) {
  if (strings.empty()) return;
  out->append(",\"").append(key).append("\":");
  char separator = '[';
  for (const std::string& text : strings) {
    out->push_back(separator);
    separator = ',';
    AppendJsonString(text, out);
  }
  out->push_back(']');
}

}  // namespace pedia::discovery
