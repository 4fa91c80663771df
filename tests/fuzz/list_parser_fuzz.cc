// Any bytes as a list response: the items and the verdict do not depend on how the bytes are split.
// Sources: kube/list_parser.cc meta/*.cc
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "kube/list_parser.h"
#include "meta/json_reader.h"

namespace {

struct Outcome {
  std::string items;  // Joined.
  std::string metadata;
  bool ok = false;
};

Outcome Parse(std::string_view document, size_t piece) {
  Outcome outcome;
  pedia::kube::ListParser parser(
      [&](std::string_view item) {
        if (!pedia::IsValidJson(item)) std::abort();
        outcome.items.append(item).push_back('\n');
      },
      4096);
  outcome.ok = true;
  while (outcome.ok && !document.empty()) {
    const std::string copy(document.substr(0, piece));
    document.remove_prefix(copy.size());
    outcome.ok = parser.Feed(copy).ok();
  }
  outcome.ok = outcome.ok && parser.Finish().ok();
  outcome.metadata = parser.kind() + "\n" + parser.resource_version() + "\n" +
                     parser.continue_token() + "\n" + parser.remaining_item_count();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view document(reinterpret_cast<const char*>(data), size);
  const Outcome whole = Parse(document, document.size() + 1);
  for (const size_t piece : {size_t{1}, size_t{7}}) {
    const Outcome split = Parse(document, piece);
    if (split.ok != whole.ok || split.items != whole.items) std::abort();
    if (whole.ok && split.metadata != whole.metadata) std::abort();
  }
  return 0;
}
