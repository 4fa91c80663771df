// The query string of a list as tests write it.
#pragma once
#include <string>
#include <string_view>

#include "query/list_options.h"

namespace pedia::query::testing {

inline ListScope Deployments() { return {{"apps", "v1", "deployments"}, "", "", "", {}}; }

// Search labels are written short: "@names=web" is
// "labelSelector=search.clusterpedia.io/names=web".
inline Result<ListOptions> Parse(std::string_view text, const ListScope& scope = Deployments()) {
  std::string url;
  for (const char c : text) url += c == '@' ? "search.clusterpedia.io/" : std::string(1, c);
  const Result<UrlQuery> query = ParseUrlQuery(url);
  if (!query.ok()) return query.status();
  return ParseListOptions(scope, *query);
}

// "all", "in a b", "all -c".
inline std::string Show(const NameSet& names) {
  std::string text = names.restricted ? "in" : "all";
  for (const std::string& name : names.in) text += " " + (name.empty() ? "''" : name);
  for (const std::string& name : names.not_in) text += " -" + name;
  return text;
}

}  // namespace pedia::query::testing
