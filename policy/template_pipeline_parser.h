// The grammar of what stands in an action: pipelines of commands, and their variables.
// Source: pkg.go.dev/text/template. Private to policy.
#pragma once
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "policy/template_token_reader.h"
#include "policy/template_tree.h"

namespace pedia::policy {

// The variables of a template that can be seen, by their places; and the most there were.
struct VariableScope {
  static constexpr size_t kMost = 1000;

  std::vector<std::string_view> names = {"$"};
  size_t most = 1;
};

// Failures go to the reader.
class PipelineParser {
 public:
  explicit PipelineParser(TokenReader& in) : in_(in) {}

  // A pipeline and the `end` behind it; `where` is for messages.
  std::unique_ptr<Pipeline> Parse(std::string_view where, TokenKind end);
  VariableScope& scope() { return scope_; }

 private:
  void ParseDeclarations(Pipeline* pipeline, std::string_view where);
  void CheckPipeline(const Pipeline& pipeline, std::string_view where);
  Command ParseCommand(std::string_view where);
  Operand ParseOperand(std::string_view where);
  std::unique_ptr<Pipeline> ParseParenthesized();
  void ParseWord(Operand* operand, const Token& token);
  void ParseLiteral(Operand* operand, const Token& token);
  void ParseFields(Operand* operand);
  size_t Declare(const Token& token);
  std::optional<size_t> FindVariable(const Token& token);

  TokenReader& in_;
  VariableScope scope_;
};

}  // namespace pedia::policy
