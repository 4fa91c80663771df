// PriorityLevelConfigurations. v1beta3 renamed assuredConcurrencyShares; there and before 0 shares
// mean the default, so a v1beta3 object that has really none says so in an annotation.
#include <string_view>

#include "convert/rewrites.h"

namespace pedia::convert {
namespace {

constexpr std::string_view kShares = "nominalConcurrencyShares";
constexpr std::string_view kOldShares = "assuredConcurrencyShares";
constexpr std::string_view kZeroShares =
    "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";

void RenameShares(JsonObject& level, std::string_view from, std::string_view to) {
  level.ChangeObject("spec", [&](JsonObject& spec) {
    spec.ChangeObject("limited", [&](JsonObject& limited) { limited.Rename(from, to); });
  });
}

bool HasZeroShares(const JsonObject& level) {
  const auto spec = level.GetObject("spec");
  const auto limited = spec ? spec->GetObject("limited") : std::nullopt;
  return limited && limited->Get(kShares) == "0";
}

}  // namespace

void PriorityLevelFromV1Beta2(JsonObject& level) { RenameShares(level, kOldShares, kShares); }

void PriorityLevelToV1Beta2(JsonObject& level) { RenameShares(level, kShares, kOldShares); }

void PriorityLevelFromV1Beta3(JsonObject& level) {
  level.ChangeObject("metadata", [](JsonObject& metadata) {
    metadata.ChangeObject("annotations",
                          [](JsonObject& annotations) { annotations.Remove(kZeroShares); });
  });
}

void PriorityLevelToV1Beta3(JsonObject& level) {
  if (!HasZeroShares(level)) return;
  level.ChangeObject("metadata", [](JsonObject& metadata) {
    if (!metadata.GetObject("annotations")) metadata.Set("annotations", "{}");
    metadata.ChangeObject("annotations",
                          [](JsonObject& annotations) { annotations.SetText(kZeroShares, ""); });
  });
}

}  // namespace pedia::convert
