#include "meta/group_version_resource.h"

#include <tuple>

namespace pedia {
namespace {

enum Stability { kOther, kAlpha, kBeta, kStable };

struct Version {
  Stability stability = kOther;
  unsigned long major = 0;
  unsigned long minor = 0;
};

// Reads digits without a leading zero from the front of `text`; 0 if there are none or too many.
unsigned long TakeNumber(std::string_view* text) {
  unsigned long number = 0;
  size_t length = 0;
  while (length < text->size() && length < 9 && (*text)[length] >= '0' && (*text)[length] <= '9') {
    number = number * 10 + static_cast<unsigned long>((*text)[length++] - '0');
  }
  if (length == 0 || text->front() == '0') return 0;
  text->remove_prefix(length);
  return number;
}

// "v1", "v2beta1", "v1alpha3".
Version ParseVersion(std::string_view text) {
  if (!text.starts_with('v')) return {};
  text.remove_prefix(1);
  Version version;
  version.major = TakeNumber(&text);
  if (version.major == 0) return {};
  if (text.empty()) {
    version.stability = kStable;
    return version;
  }
  for (const auto& [word, stability] : {std::pair{"beta", kBeta}, std::pair{"alpha", kAlpha}}) {
    if (!text.starts_with(word)) continue;
    text.remove_prefix(std::string_view(word).size());
    version.minor = TakeNumber(&text);
    if (version.minor == 0 || !text.empty()) return {};
    version.stability = stability;
    return version;
  }
  return {};
}

}  // namespace

bool IsPreferredVersion(std::string_view a, std::string_view b) {
  const Version x = ParseVersion(a), y = ParseVersion(b);
  if (x.stability == kOther && y.stability == kOther) return a < b;
  return std::tie(x.stability, x.major, x.minor) > std::tie(y.stability, y.major, y.minor);
}

}  // namespace pedia
