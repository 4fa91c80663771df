#include "apiserver/header_user.h"

#include <string_view>

#include "apiserver/http_wire.h"
#include "query/strconv.h"
#include "query/url_query.h"

namespace pedia::apiserver {
namespace {

std::string FirstValue(const HttpRequest& request, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::string_view value = request.Header(name).value_or(std::string_view());
    if (!value.empty()) return std::string(value);
  }
  return "";
}

std::vector<std::string> AllValues(const HttpRequest& request,
                                   const std::vector<std::string>& names) {
  std::vector<std::string> values;
  for (const std::string& name : names) {
    for (const auto& [header, value] : request.headers) {
      if (!value.empty() && EqualsIgnoringCase(header, name)) values.push_back(value);
    }
  }
  return values;
}

// "Example.com%2fRoles" means "example.com/roles"; what is no escape stays as it is.
std::string ExtraKey(std::string_view encoded) {
  const std::string lower = query::ToLower(encoded);
  return query::DecodePathSegment(lower).value_or(lower);
}

}  // namespace

UserInfo ReadUserHeaders(const HttpRequest& request, const UserHeaders& headers) {
  UserInfo user;
  user.name = FirstValue(request, headers.name);
  user.uid = FirstValue(request, headers.uid);
  user.groups = AllValues(request, headers.groups);
  for (const std::string& prefix : headers.extra_prefixes) {
    for (const auto& [header, value] : request.headers) {
      const std::string_view name = header;
      if (name.size() >= prefix.size() && EqualsIgnoringCase(name.substr(0, prefix.size()), prefix))
        user.extra.emplace_back(ExtraKey(name.substr(prefix.size())), value);
    }
  }
  return user;
}

}  // namespace pedia::apiserver
