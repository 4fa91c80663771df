// WriteBuffers: the buffers that answers are written into, kept for the next answers: memory fresh
// from the system costs more than all that is done with it. Private to the http library.
#pragma once
#include <cstddef>
#include <string>

namespace pedia::apiserver {

class WriteBuffers {
 public:
  // A buffer is handed over to the connection when it holds about so much.
  static constexpr size_t kBytes = 256 * 1024;

  // An empty string with room for kBytes and the item that exceeds them, if it is not large.
  // Thread-safe.
  static std::string Take();
  // Strings of another size are freed. Thread-safe.
  static void Return(std::string&& buffer);
};

}  // namespace pedia::apiserver
