// Any text as a continue token: what is accepted is what FormatContinueToken writes; and any sort
// key survives.
// Sources: query/continue_token.cc query/strconv.cc meta/*.cc
#include <cstdint>
#include <cstdlib>
#include <string>

#include "query/continue_token.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pedia::query;
  constexpr std::string_view kFingerprint = "0123456789abcdef";
  const std::string text(reinterpret_cast<const char*>(data), size);

  const auto start = ParseContinueToken(text, kFingerprint);
  if (start.ok()) {
    Check(start->offset >= 0);
    Check(start->token_key.empty() || start->offset == 0);
    if (!start->token_key.empty())
      Check(FormatContinueToken(kFingerprint, start->token_key) == text);
  }

  const std::string token = FormatContinueToken(kFingerprint, text);
  const auto back = ParseContinueToken(token, kFingerprint);
  Check(back.ok() == !text.empty());
  if (back.ok()) Check(back->token_key == text && back->offset == 0);
  Check(!ParseContinueToken(token, "another").ok());
  return 0;
}
