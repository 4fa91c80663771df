// GzipWriter: compresses a stream of bytes into one gzip member (Content-Encoding: gzip), by ISA-L
// at level 1. Source: RFC 1952. Exactly one member, because curl and browsers stop after the first.
#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace pedia::apiserver {

// One thread at a time. A writer needs some 400 KB, so the states are pooled and their number is
// bounded.
class GzipWriter {
 public:
  static constexpr size_t kMaxWriters = 32;

  // Null when kMaxWriters are in use: then answer uncompressed. Thread-safe.
  static std::unique_ptr<GzipWriter> TryMake();
  ~GzipWriter();  // Gives the state back.
  GzipWriter(const GzipWriter&) = delete;
  GzipWriter& operator=(const GzipWriter&) = delete;

  // Compresses `bytes` and appends to `out` what is ready, which may be nothing.
  void Write(std::string_view bytes, std::string& out);
  // Appends the rest and the trailer. Nothing may be written afterwards.
  void Finish(std::string& out);

 private:
  struct State;
  class Pool;
  explicit GzipWriter(std::unique_ptr<State> state);
  void Compress(std::string_view bytes, bool end, std::string& out);

  std::unique_ptr<State> state_;
};

}  // namespace pedia::apiserver
