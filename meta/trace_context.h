// TraceContext: the W3C trace that the work of this thread belongs to, so that what is done far
// below (SQL statements) can name it without every function in between carrying it.
// Source: W3C Trace Context, traceparent.
#pragma once
#include <string>
#include <string_view>

namespace pedia {

// The traceparent of this thread's work if it is sampled: "00-<32 hex>-<16 hex>-01"; else "".
std::string_view CurrentTraceparent();

// Well-formed and version 00 or later; "" otherwise.
std::string_view ValidTraceparent(std::string_view header);
bool IsSampled(std::string_view traceparent);

// Sets the thread's trace for its own lifetime. `traceparent`: a valid one, or "".
class TraceScope {
 public:
  explicit TraceScope(std::string traceparent);
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  std::string previous_;
};

}  // namespace pedia
