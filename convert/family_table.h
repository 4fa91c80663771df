// The table of version families. To add one: a row in family_table.cc, and, if more than apiVersion
// differs, a pair of functions in rewrites.h. Private to convert.
#pragma once
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "convert/rewrites.h"
#include "convert/version_families.h"

namespace pedia::convert {

struct FamilyMember {
  std::string_view group_version;
  // From this version to the stored one and back; null where nothing but apiVersion differs.
  Rewrite to_stored = nullptr;
  Rewrite from_stored = nullptr;
  std::span<const FieldRename> renames = {};
};

struct FamilyRow {
  std::vector<std::string_view> resources;  // All of them have these versions.
  std::vector<FamilyMember> members;        // The stored one first, then by preference.
};

const std::vector<FamilyRow>& FamilyTable();

// All that differs between an Event of events.k8s.io and one of v1.
inline constexpr std::array<FieldRename, 7> kEventRenames = {{
    {"regarding", "involvedObject"},
    {"note", "message"},
    {"reportingController", "reportingComponent"},
    {"deprecatedSource", "source"},
    {"deprecatedFirstTimestamp", "firstTimestamp"},
    {"deprecatedLastTimestamp", "lastTimestamp"},
    {"deprecatedCount", "count"},
}};

}  // namespace pedia::convert
