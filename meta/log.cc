#include "meta/log.h"

#include <cstdio>
#include <memory>

namespace pedia {
namespace {

void WriteToStandardError(LogLevel, std::string_view message) {
  const std::string line = std::string(message) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

LogSink& Sink() {
  static LogSink sink = WriteToStandardError;
  return sink;
}

}  // namespace

void Log(LogLevel level, std::string_view message) {
  if (Sink()) Sink()(level, message);
}

void SetLogSink(LogSink sink) { Sink() = std::move(sink); }

}  // namespace pedia
