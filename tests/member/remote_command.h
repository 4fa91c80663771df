// RemoteCommand: what "runs" in a simulated container. Known are: echo ARGS; cat; exit N; yes N
// (N bytes); sh -c with one of these; and everything else, which is a shell that echoes its lines
// and ends at "exit" or "exit N".
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pedia::member {

// One thread.
class RemoteCommand {
 public:
  struct Output {
    std::function<void(std::string_view bytes)> standard, error;
    std::function<void(int code)> exit;  // Once, last.
  };
  RemoteCommand(std::vector<std::string> words, Output output);

  void Start();
  void Input(std::string_view bytes);
  void InputEnd();

 private:
  void Exit(int code);
  void Lines();

  std::vector<std::string> words_;
  const Output output_;
  std::string line_;
  bool running_ = false;
};

// The document on the error stream, v4.channel.k8s.io and later.
std::string ExitStatus(int code);

}  // namespace pedia::member
