// Any bytes as a watch stream: cut in two anywhere it gives the same events as in one piece.
// The first byte says where to cut.
// Sources: kube/watch_parser.cc meta/*.cc
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "kube/watch_parser.h"
#include "meta/json_reader.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::vector<std::string> events;
  bool ok = true;
  bool partial = false;
  bool operator==(const Outcome&) const = default;
};

Outcome Feed(const std::vector<std::string_view>& pieces) {
  using namespace pedia::kube;
  Outcome outcome;
  WatchParser parser(4096);
  for (const std::string_view piece : pieces) {
    const pedia::Status status = parser.Feed(piece, [&](const WatchEvent& event) {
      Check(pedia::IsValidJson(event.object));
      outcome.events.push_back(std::to_string(static_cast<int>(event.type)) +
                               std::string(event.object));
      return true;
    });
    outcome.ok = status.ok();
    if (!outcome.ok) return outcome;
  }
  outcome.partial = parser.HasPartialLine();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t cut = stream.size() * data[0] / 256;
  const Outcome whole = Feed({stream});
  Check(Feed({stream.substr(0, cut), stream.substr(cut)}) == whole);
  return 0;
}
