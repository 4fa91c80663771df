// Which field paths are kept as entries from the start, e.g. "status.phase" of pods.
// Source: Kubernetes docs "Field Selectors" (supported fields per kind), and the fields people
// search by most.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "meta/group_version_resource.h"

namespace pedia::query {
class FieldScanner;
}  // namespace pedia::query

namespace pedia::storage {

// The dotted paths of members, none of them below a list, sorted. Paths that hold one value in nearly
// every object are left out where nobody asks for another (spec.restartPolicy): they would cost a
// row per object and never select anything. Immutable, lives for ever.
std::span<const std::string_view> IndexedFields(const GroupVersionResource& gvr);

// Finds the values at IndexedFields(gvr), in their order. Lives for ever.
const query::FieldScanner& IndexedFieldScanner(const GroupVersionResource& gvr);

// A hash of the whole table: a store whose rows were made with another table has to compute their
// entries anew. Pure.
uint64_t IndexedFieldsVersion();

// The value as entries hold it: texts over 190 bytes are cut to at most 173 bytes (at a character)
// + '#' + 16 hex digits of their hash, so that every database can index them. A query must apply
// the same rule to what it compares with. Pure.
std::string IndexedValue(std::string_view value);
// The path under which the entries of a label are kept: "l:app". Keys over 512 bytes, which Kubernetes
// does not allow, are cut in the same way. Pure.
std::string LabelPath(std::string_view label_key);
// Whether an entry's value may be a part of the object's only.
bool MayBeCut(std::string_view entry_value);

}  // namespace pedia::storage
