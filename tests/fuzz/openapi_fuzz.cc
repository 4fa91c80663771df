// Whatever a member sends as OpenAPI: what is kept of it is well-formed JSON, and nothing more can
// be left out of it.
// Sources: discovery/openapi.cc discovery/openapi_text.cc discovery/openapi_v2_split.cc meta/*.cc -lcrypto
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "discovery/openapi.h"
#include "meta/json_reader.h"

namespace {

void CheckKept(const std::string& document) {
  if (!pedia::IsValidJson(document)) std::abort();
  const auto again = pedia::discovery::ReduceOpenApiDocument(document);
  if (!again.ok() || *again != document) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto index = pedia::discovery::ParseOpenApiIndex(text); index.ok()) {
    for (const auto& entry : *index) {
      if (!entry.url.starts_with("/openapi/v3/") || entry.source.empty()) std::abort();
    }
  }
  if (const auto kept = pedia::discovery::ReduceOpenApiDocument(text); kept.ok()) CheckKept(*kept);
  const auto split = pedia::discovery::SplitOpenApiV2(text, {"api/v1", "apis/apps/v1"});
  if (!split.ok()) return 0;
  for (const auto& [path, document] : *split) CheckKept(document);
  return 0;
}
