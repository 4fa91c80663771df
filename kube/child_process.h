// Runs a program without a terminal and collects what it prints.
#pragma once
#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "meta/result.h"

namespace pedia::kube {

struct ChildProcess {
  std::string command;  // Looked up in PATH unless it contains '/'.
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  // Added to this process's own; these win.
  std::chrono::milliseconds timeout{60'000};
  size_t max_output = 1 << 20;   // Bytes of standard output; more is a failure.
  size_t max_error_tail = 1024;  // Bytes kept of the end of standard error.
};

struct ChildOutput {
  int exit_code = 0;  // 128 + n for a child that signal n ended.
  std::string out;
  std::string error_tail;
};

// Blocks until the child has ended. Its process group is killed on `timeout`, on a stop request and
// on too much output. Errors: ServiceUnavailable saying why there is no exit code. Thread-safe.
Result<ChildOutput> RunChild(const ChildProcess& child, const std::stop_token& stop);

}  // namespace pedia::kube
