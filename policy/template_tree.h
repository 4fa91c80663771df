// The tree that a template is parsed into. Every `offset` is of a byte in the template's text, for
// messages; every text_view points into it. Private to policy.
#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/template_functions.h"
#include "policy/template_value.h"

namespace pedia::policy {

struct Pipeline;

// One word of a command, with the fields behind it: .a.b is kDot with {a, b}.
struct Operand {
  enum class Kind { kDot, kNil, kConstant, kText, kVariable, kFunction, kPipeline };
  Kind kind = Kind::kDot;
  size_t offset = 0;
  std::string_view spelling;
  Value constant;
  std::string text;
  size_t variable = 0;  // Its place among the variables of its template.
  const Function* function = nullptr;
  std::unique_ptr<Pipeline> pipeline;
  std::vector<std::string_view> fields;
};

struct Command {
  std::vector<Operand> operands;  // 1..n
};

struct Pipeline {
  size_t offset = 0;
  bool declares = false;          // Has variables, so nothing is printed.
  std::vector<size_t> variables;  // That get its value; two only for range.
  std::vector<Command> commands;  // 1..n
};

struct Node;
using Block = std::vector<Node>;

struct Node {
  enum class Kind { kText, kAction, kIf, kWith, kRange, kTemplate, kBreak, kContinue };
  Kind kind = Kind::kText;
  size_t offset = 0;
  std::string_view text;  // kText.
  std::string name;       // kTemplate.
  std::unique_ptr<Pipeline> pipeline;
  Block body;
  Block otherwise;
};

struct Definition {
  Block body;
  size_t variables = 1;  // How many there are at most; the first is $.
};

struct TemplateTree {
  Definition main;
  std::map<std::string, Definition, std::less<>> named;
};

}  // namespace pedia::policy
