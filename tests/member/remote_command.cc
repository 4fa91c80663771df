#include "tests/member/remote_command.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace pedia::member {
namespace {

std::vector<std::string> Words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

RemoteCommand::RemoteCommand(std::vector<std::string> words, Output output)
    : words_(std::move(words)), output_(std::move(output)) {
  if (words_.size() == 3 && words_[0] == "sh" && words_[1] == "-c")
    words_ = Words(std::string(words_[2]));
  words_.resize(std::max<size_t>(words_.size(), 1));
}

void RemoteCommand::Start() {
  running_ = true;
  const std::string& name = words_[0];
  if (name == "echo") {
    std::string text;
    for (size_t i = 1; i < words_.size(); ++i) text += (i > 1 ? " " : "") + words_[i];
    output_.standard(text + "\n");
    return Exit(0);
  }
  const int number = words_.size() > 1 ? std::atoi(words_[1].c_str()) : 0;
  if (name == "exit") {
    if (number != 0) output_.error("it failed\n");
    return Exit(number);
  }
  if (name != "yes") return;
  const std::string piece(32 * 1024, 'y');
  for (size_t left = static_cast<size_t>(number); left > 0;) {
    const size_t size = std::min(left, piece.size());
    output_.standard(std::string_view(piece).substr(0, size));
    left -= size;
  }
  Exit(0);
}

void RemoteCommand::Input(std::string_view bytes) {
  if (!running_) return;
  output_.standard(bytes);
  if (words_[0] == "cat") return;
  line_ += bytes;
  Lines();
}

// Terminals send carriage returns.
void RemoteCommand::Lines() {
  for (size_t end; running_ && (end = line_.find_first_of("\r\n")) != std::string::npos;) {
    const std::vector<std::string> words = Words(line_.substr(0, end));
    line_.erase(0, end + 1);
    if (!words.empty() && words[0] == "exit")
      return Exit(words.size() > 1 ? std::atoi(words[1].c_str()) : 0);
  }
}

void RemoteCommand::InputEnd() { Exit(0); }

void RemoteCommand::Exit(int code) {
  if (std::exchange(running_, false)) output_.exit(code);
}

std::string ExitStatus(int code) {
  if (code == 0) return R"({"metadata":{},"status":"Success"})";
  const std::string text = std::to_string(code);
  return R"({"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: exit status )" +
         text +
         R"(","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":")" +
         text + R"("}]}})";
}

}  // namespace pedia::member
