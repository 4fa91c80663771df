// SIGTERM and SIGINT as something to wait for.
#pragma once
#include <chrono>

namespace pedia::cmd {

// Before any thread starts, so that only WaitForStop takes them. SIGPIPE is ignored from then on.
void BlockStopSignals();
// True if one came within `time`.
bool WaitForStop(std::chrono::milliseconds time);

}  // namespace pedia::cmd
