#include "query/owner_condition.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "query/comma_list.h"
#include "query/label_syntax.h"
#include "query/option_value.h"
#include "query/strconv.h"

namespace pedia::query {
namespace {

// A value and the parameter or label that it came from.
struct Text {
  std::string where;
  std::string value;
};

Result<Text> ReadText(const UrlQuery& query, const SearchLabels& labels, std::string_view name,
                      std::string_view label) {
  Result<std::string> value = labels.Single(label);
  if (!value.ok()) return value.status();
  const std::string_view url = TrimBlanks(query.Get(name));
  if (!url.empty()) return Text{std::string(name), std::string(url)};
  return Text{SearchLabelKey(label), *std::move(value)};
}

Result<int64_t> ReadSeniority(const UrlQuery& query, const SearchLabels& labels) {
  const Result<std::string> text = labels.Single("owner-seniority");
  if (!text.ok()) return text.status();
  const Result<int64_t> label = ParseCount(SearchLabelKey("owner-seniority"), *text);
  if (!label.ok()) return label.status();
  const Result<int64_t> url = ParseCount("ownerSeniority", query.Get("ownerSeniority"));
  if (!url.ok()) return url.status();
  return *url != 0 ? *url : *label;
}

// "deployments.apps", "pods".
Status ParseGroupResource(const Text& text, OwnerCondition* owner) {
  const std::string_view value = text.value;
  const size_t dot = std::min(value.find('.'), value.size());
  owner->resource = value.substr(0, dot);
  owner->group = value.substr(std::min(dot + 1, value.size()));
  const bool has_group = dot < value.size();
  if (!IsDnsSubdomain(owner->resource) || (has_group && !IsDnsSubdomain(owner->group))) {
    return BadRequest(text.where + ": " + QuoteShort(value) +
                      " is not a resource and its group, as in \"deployments.apps\" or \"pods\"");
  }
  return Status();
}

}  // namespace

Result<std::optional<OwnerCondition>> ReadOwner(const UrlQuery& query, const SearchLabels& labels) {
  Result<Text> uid = ReadText(query, labels, "ownerUID", "owner-uid");
  if (!uid.ok()) return uid.status();
  Result<Text> name = ReadText(query, labels, "ownerName", "owner-name");
  if (!name.ok()) return name.status();
  const Result<Text> group_resource = ReadText(query, labels, "ownerGR", "owner-gr");
  if (!group_resource.ok()) return group_resource.status();
  const Result<int64_t> seniority = ReadSeniority(query, labels);
  if (!seniority.ok()) return seniority.status();

  OwnerCondition owner;
  owner.seniority = *seniority;
  if (!group_resource->value.empty()) {
    if (Status status = ParseGroupResource(*group_resource, &owner); !status.ok()) return status;
  }
  if (!uid->value.empty()) {
    OwnerCondition by_uid;
    by_uid.uid = std::move(uid->value);
    by_uid.seniority = *seniority;
    return std::optional(std::move(by_uid));
  }
  if (name->value.empty()) return std::optional<OwnerCondition>();
  owner.name = std::move(name->value);
  return std::optional(std::move(owner));
}

}  // namespace pedia::query
