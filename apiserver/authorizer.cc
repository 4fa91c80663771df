#include "apiserver/authorizer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "query/strconv.h"
#include "query/url_query.h"

namespace pedia::apiserver {
namespace {

using Parts = std::span<const std::string_view>;

// "a/b" of "/a/b/" gives {"a", "b"}.
std::vector<std::string_view> SplitPath(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  std::vector<std::string_view> parts;
  if (path.empty()) return parts;
  for (size_t end = 0; (end = path.find('/')) != std::string_view::npos;) {
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end + 1);
  }
  parts.push_back(path);
  return parts;
}

std::string VerbOfMethod(std::string_view method) {
  static constexpr std::pair<std::string_view, std::string_view> kVerbs[] = {
      {"GET", "get"},    {"HEAD", "get"},    {"POST", "create"},
      {"PUT", "update"}, {"PATCH", "patch"}, {"DELETE", "delete"}};
  for (const auto& [name, verb] : kVerbs) {
    if (name == method) return std::string(verb);
  }
  return "";
}

bool IsNamespaceSubresource(std::string_view part) {
  return part == "status" || part == "finalize";
}

// What follows /api or /apis/<group>: version, then perhaps a verb, then perhaps a namespace.
void ReadResource(Parts parts, std::string_view method, bool watch, AccessAttributes* attributes) {
  attributes->version = parts[0];
  parts = parts.subspan(1);
  const bool verb_in_path = parts.size() > 1 && (parts[0] == "watch" || parts[0] == "proxy");
  attributes->verb = verb_in_path ? std::string(parts[0]) : VerbOfMethod(method);
  if (verb_in_path) parts = parts.subspan(1);
  if (parts[0] == "namespaces" && parts.size() > 1) {
    attributes->name_space = parts[1];
    if (parts.size() > 2 && !IsNamespaceSubresource(parts[2])) parts = parts.subspan(2);
  }
  attributes->resource = parts[0];
  if (parts.size() > 1) attributes->name = parts[1];
  if (parts.size() > 2 && attributes->verb != "proxy") attributes->subresource = parts[2];
  if (!attributes->name.empty()) return;
  if (attributes->verb == "get") attributes->verb = watch ? "watch" : "list";
  if (attributes->verb == "delete") attributes->verb = "deletecollection";
}

// `&`, `<` and `>` are written as in HTML, in case a browser shows the message.
std::string Sanitize(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string WhatIsForbidden(const UserInfo& user, const AccessAttributes& attributes) {
  const std::string subject = "User " + query::Quote(user.name) + " cannot " + attributes.verb;
  if (!attributes.path.empty()) return subject + " path " + query::QuoteShort(attributes.path);
  std::string resource = attributes.resource;
  if (!attributes.subresource.empty()) resource += "/" + attributes.subresource;
  const std::string what = subject + " resource " + query::QuoteShort(resource) + " in API group " +
                           query::Quote(attributes.group);
  return attributes.name_space.empty()
             ? what + " at the cluster scope"
             : what + " in the namespace " + query::Quote(attributes.name_space);
}

}  // namespace

Result<std::vector<AccessDecision>> Authorizer::AuthorizeAll(
    const UserInfo& user, std::span<const AccessAttributes> attributes) {
  std::vector<AccessDecision> decisions;
  for (const AccessAttributes& one : attributes) {
    Result<AccessDecision> decision = Authorize(user, one);
    if (!decision.ok()) return decision.status();
    decisions.push_back(*std::move(decision));
  }
  return decisions;
}

AccessAttributes OuterAttributes(std::string_view method, std::string_view path, bool watch) {
  AccessAttributes attributes;
  const std::string decoded = query::DecodePathSegment(path).value_or(std::string(path));
  const std::vector<std::string_view> split = SplitPath(decoded);
  Parts parts(split);
  const bool core = parts.size() >= 3 && parts[0] == "api";
  const bool grouped = parts.size() >= 4 && parts[0] == "apis";
  if (grouped) attributes.group = parts[1];
  if (core || grouped) {
    ReadResource(parts.subspan(core ? 1 : 2), method, watch, &attributes);
  } else {
    attributes.path = decoded;
    attributes.verb = query::ToLower(method);
  }
  return attributes;
}

Status ForbiddenStatus(const UserInfo& user, const AccessAttributes& attributes,
                       std::string_view reason) {
  std::string message;
  if (!attributes.resource.empty()) {
    message = attributes.resource;
    if (!attributes.group.empty()) message += "." + attributes.group;
    if (!attributes.name.empty()) message += " " + query::QuoteShort(attributes.name);
    message += " is ";
  }
  message += "forbidden: " + Sanitize(WhatIsForbidden(user, attributes));
  if (!reason.empty()) message += ": " + std::string(reason);
  StatusDetails details;
  details.name = attributes.name;
  details.group = attributes.group;
  details.kind = attributes.resource;
  return {StatusReason::kForbidden, std::move(message), std::move(details)};
}

}  // namespace pedia::apiserver
