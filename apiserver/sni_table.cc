#include "apiserver/sni_table.h"

#include <utility>

namespace pedia::apiserver {
namespace {

// Names are compared in lower case, without the dot that ends an absolute one.
std::string Normalized(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string text(name);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

void SniTable::Add(const std::vector<std::string>& names, std::shared_ptr<ssl_ctx_st> context) {
  for (const std::string& name : names) contexts_.emplace(Normalized(name), context);
}

ssl_ctx_st* SniTable::Find(std::string_view name) const {
  const std::string asked = Normalized(name);
  if (const auto exact = contexts_.find(asked); exact != contexts_.end())
    return exact->second.get();
  const size_t dot = asked.find('.');
  if (dot == std::string::npos) return nullptr;
  const auto wildcard = contexts_.find('*' + asked.substr(dot));
  return wildcard == contexts_.end() ? nullptr : wildcard->second.get();
}

}  // namespace pedia::apiserver
