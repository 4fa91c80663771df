// Log lines: leveled, one line each. Where they go is decided once, in main; until then, standard
// error.
#pragma once
#include <functional>
#include <string>
#include <string_view>

namespace pedia {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Writes one line. Never pass Secrets' contents or credentials. Thread-safe.
void Log(LogLevel level, std::string_view message);
inline void LogDebug(std::string_view message) { Log(LogLevel::kDebug, message); }
inline void LogInfo(std::string_view message) { Log(LogLevel::kInfo, message); }
inline void LogWarning(std::string_view message) { Log(LogLevel::kWarning, message); }
inline void LogError(std::string_view message) { Log(LogLevel::kError, message); }

using LogSink = std::function<void(LogLevel, std::string_view)>;
// Call before threads start. An empty sink silences.
void SetLogSink(LogSink sink);

}  // namespace pedia
