// What may be a label's key ("app.kubernetes.io/name") and value ("web-1"), and the texts that say
// why something may not.
// Source: k8s.io/apimachinery/pkg/util/validation IsQualifiedName,
// IsValidLabelValue.
#pragma once
#include <string>
#include <string_view>

namespace pedia::query {

// "" if `key` is a label key, else the reasons, joined by "; ". Pure.
std::string LabelKeyProblem(std::string_view key);

// "" if `value` is a label value (at most 63 bytes, may be empty), else the reasons. Pure.
std::string LabelValueProblem(std::string_view value);

// Whether `text` is an RFC 1123 subdomain of any length: "apps", "example.com". Pure.
bool IsDnsSubdomain(std::string_view text);

}  // namespace pedia::query
