#include "apiserver/proxy_options.h"

#include <algorithm>
#include <utility>

namespace pedia::apiserver {
namespace {

std::string FullName(const ConnectSubresource& known) {
  return std::string(known.resource).append("/").append(known.subresource);
}

std::string SupportedNames() {
  std::string names;
  for (const ConnectSubresource& known : ConnectSubresources())
    names += (names.empty() ? "" : ", ") + FullName(known);
  return names;
}

}  // namespace

const std::vector<ConnectSubresource>& ConnectSubresources() {
  static const std::vector<std::string_view> kAny = {"GET",   "HEAD",   "POST",   "PUT",
                                                     "PATCH", "DELETE", "OPTIONS"};
  static const std::vector<std::string_view> kStream = {"GET", "POST"};
  static const std::vector<ConnectSubresource> kAll = {{"pods", "proxy", kAny},
                                                       {"pods", "log", {"GET"}},
                                                       {"pods", "exec", kStream, true},
                                                       {"pods", "attach", kStream, true},
                                                       {"pods", "portforward", kStream, true},
                                                       {"nodes", "proxy", kAny},
                                                       {"services", "proxy", kAny}};
  return kAll;
}

const ConnectSubresource* FindConnectSubresource(std::string_view resource,
                                                 std::string_view subresource) {
  for (const ConnectSubresource& known : ConnectSubresources()) {
    if (known.resource == resource && known.subresource == subresource) return &known;
  }
  return nullptr;
}

Status ProxyOptions::AllowSubresources(const std::vector<std::string>& names) {
  for (std::string name : names) {
    // As Clusterpedia spells it in its own help.
    if (const size_t typo = name.find("portfowrd"); typo != std::string::npos)
      name.replace(typo, 9, "portforward");
    bool found = false;
    for (const ConnectSubresource& known : ConnectSubresources()) {
      if (name != FullName(known) && name != known.subresource) continue;
      subresources.insert(FullName(known));
      found = true;
    }
    if (!found)
      return BadRequest("--allowed-proxy-subresources: \"" + name + "\" is none of " +
                        SupportedNames());
  }
  return Status();
}

std::vector<discovery::Subresource> ProxyOptions::Listed() const {
  static constexpr std::pair<std::string_view, std::string_view> kVerbs[] = {{"POST", "create"},
                                                                             {"DELETE", "delete"},
                                                                             {"GET", "get"},
                                                                             {"PATCH", "patch"},
                                                                             {"PUT", "update"}};
  std::vector<discovery::Subresource> listed;
  if (!enabled) return listed;
  for (const ConnectSubresource& known : ConnectSubresources()) {
    if (!subresources.contains(FullName(known))) continue;
    discovery::Subresource& one = listed.emplace_back();
    one.resource = known.resource;
    one.name = known.subresource;
    for (const auto& [method, verb] : kVerbs) {
      if (std::find(known.methods.begin(), known.methods.end(), method) != known.methods.end())
        one.verbs.push_back(verb);
    }
  }
  return listed;
}

}  // namespace pedia::apiserver
