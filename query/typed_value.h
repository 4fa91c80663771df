// The order of field values: numbers and quantities by size, times by time, everything else by its
// bytes.
// Source: Kubernetes docs "Quantity" (suffixes Ki..Ei, n u m k M G T P E, e3); RFC 3339.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace pedia::query {

enum class ValueKind { kNumber, kTime, kText };

// "3", "-1.5", "1e3", "500m", "2Gi": kNumber; "2026-01-02T03:04:05Z" (also with fractions and
// offsets): kTime; all else, "" too: kText. Pure.
ValueKind KindOfValue(std::string_view text);

// Bytes whose order (memcmp, then length) is the order of the values, whatever their spelling: all
// numbers, then all times, then all texts. Equal bytes for equal values: "1Gi" and "1024Mi". The
// first byte tells the kind ('1', '2', '3'); the keys of numbers and times are ASCII. Exact: no value
// is rounded. Numbers written with more than 64 digits or an exponent beyond +-9999 are texts. Pure.
std::string OrderKey(std::string_view text);
// The same of a number or a time; nothing for a text. Pure.
std::optional<std::string> OrderKeyUnlessText(std::string_view text);

}  // namespace pedia::query
