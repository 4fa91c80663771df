// Times as Kubernetes writes them: RFC 3339 texts, and ages such as "5d3h".
// Source: metav1.Time; k8s.io/apimachinery/pkg/util/duration HumanDuration.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pedia {

// Seconds since 1970-01-01T00:00:00Z of "2026-11-22T07:56:20Z" (offsets and fractions allowed;
// fractions are cut). Empty for anything else. Pure.
std::optional<int64_t> ParseRfc3339(std::string_view text);

// "2026-11-22T07:56:20Z".
std::string FormatRfc3339(int64_t unix_seconds);

// The age that kubectl prints: "12s", "3m5s", "45m", "5h12m", "3d4h", "80d", "2y10d". Negative
// below -1 s: "<invalid>"; -1: "0s".
std::string HumanDuration(std::chrono::seconds duration);

// "1m30s", "500ms", "1.5h", "0", as flags and configurations of Go programs have it; parts of a
// millisecond count as one. Nothing if it is no such duration, or negative. Pure.
std::optional<std::chrono::milliseconds> ParseGoDuration(std::string_view text);

int64_t UnixNow();  // Seconds.

}  // namespace pedia
