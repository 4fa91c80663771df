// Any object, as one of every version of every family: what comes out of a conversion of well-formed
// JSON is well-formed JSON, and can be converted back.
// Sources: convert/*.cc meta/*.cc
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/family_table.h"
#include "convert/version_families.h"
#include "meta/json_validator.h"

namespace pedia::convert {
namespace {

// From and to the stored version.
using Conversions = std::pair<const Conversion*, const Conversion*>;

std::vector<Conversions> AllConversions() {
  std::vector<Conversions> all;
  for (const FamilyRow& row : FamilyTable()) {
    const std::string_view stored = row.members[0].group_version;
    const size_t slash = stored.find('/');
    const GroupVersionResource first = {
        std::string(stored.substr(0, slash == std::string_view::npos ? 0 : slash)),
        std::string(stored.substr(slash == std::string_view::npos ? 0 : slash + 1)),
        std::string(row.resources[0])};
    for (const GroupVersionResource& other : FamilyOf(first)) {
      if (other != first)
        all.emplace_back(FindConversion(first, other), FindConversion(other, first));
    }
  }
  return all;
}

void Check(bool holds) {
  if (!holds) std::abort();
}

// Conversions may put values a few levels deeper; the validator allows 512.
bool IsValidWithRoom(std::string_view object) {
  return IsValidJson(std::string(8, '[') + std::string(object) + std::string(8, ']'));
}

void Run(const Conversion& there, const Conversion& back, std::string_view object, bool valid) {
  std::string out = "x";
  const Status status = there.Append(object, &out);
  Check(out.starts_with('x') && (status.ok() || out == "x"));
  if (!status.ok() || !valid) return;
  out.erase(0, 1);
  Check(IsValidJson(out));
  std::string again;
  Check(back.Append(out, &again).ok() && IsValidJson(again));
}

}  // namespace
}  // namespace pedia::convert

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pedia::convert;
  static const auto all = AllConversions();
  // On the heap and without a byte to spare, so that reading past the end is seen.
  const auto copy = std::make_unique<char[]>(size);
  for (size_t i = 0; i < size; ++i) copy[i] = static_cast<char>(data[i]);
  const std::string_view object(copy.get(), size);
  const bool valid = IsValidWithRoom(object);
  for (const auto& [from_stored, to_stored] : all) {
    Check(from_stored != nullptr && to_stored != nullptr);
    Run(*from_stored, *to_stored, object, valid);
    Run(*to_stored, *from_stored, object, valid);
  }
  return 0;
}
