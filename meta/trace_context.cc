#include "meta/trace_context.h"

#include <algorithm>
#include <utility>

namespace pedia {
namespace {

// "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
constexpr size_t kBytes = 55;
constexpr size_t kTraceAt = 3;
constexpr size_t kTraceBytes = 32;
constexpr size_t kParentAt = 36;
constexpr size_t kParentBytes = 16;
constexpr size_t kFlagsAt = 53;

thread_local std::string current;

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool IsId(std::string_view id) {
  return std::all_of(id.begin(), id.end(), IsHex) && id.find_first_not_of('0') != id.npos;
}

unsigned HexValue(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); }

}  // namespace

std::string_view CurrentTraceparent() { return current; }

std::string_view ValidTraceparent(std::string_view header) {
  // A later version may have more fields behind these.
  if (header.size() > kBytes && header[kBytes] == '-' && !header.starts_with("00"))
    header = header.substr(0, kBytes);
  if (header.size() != kBytes || header.starts_with("ff")) return {};
  for (size_t i = 0; i < kBytes; ++i) {
    const bool dash = i == kTraceAt - 1 || i == kParentAt - 1 || i == kFlagsAt - 1;
    if (dash ? header[i] != '-' : !IsHex(header[i])) return {};
  }
  const bool valid =
      IsId(header.substr(kTraceAt, kTraceBytes)) && IsId(header.substr(kParentAt, kParentBytes));
  return valid ? header : std::string_view();
}

bool IsSampled(std::string_view traceparent) {
  return traceparent.size() == kBytes && (HexValue(traceparent[kBytes - 1]) & 1u) != 0;
}

TraceScope::TraceScope(std::string traceparent) : previous_(std::move(current)) {
  const std::string_view valid = ValidTraceparent(traceparent);
  current = IsSampled(valid) ? valid : std::string_view();
}

TraceScope::~TraceScope() { current = std::move(previous_); }

}  // namespace pedia
