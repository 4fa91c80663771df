#include "policy/template_pipeline_parser.h"

#include <algorithm>
#include <string>
#include <utility>

#include "policy/template_literals.h"

namespace pedia::policy {

std::unique_ptr<Pipeline> PipelineParser::Parse(std::string_view where, TokenKind end) {
  auto pipeline = std::make_unique<Pipeline>();
  pipeline->offset = in_.Peek().offset;
  ParseDeclarations(pipeline.get(), where);
  if (!in_.PeekIs(end)) {
    do {
      pipeline->commands.push_back(ParseCommand(where));
    } while (in_.Take(TokenKind::kPipe));
  }
  CheckPipeline(*pipeline, where);
  in_.Expect(end, where);
  return pipeline;
}

void PipelineParser::CheckPipeline(const Pipeline& pipeline, std::string_view where) {
  if (pipeline.commands.empty())
    return in_.Fail(in_.Peek().offset, "missing value for " + std::string(where));
  for (size_t i = 1; i < pipeline.commands.size(); ++i) {
    const Operand& first = pipeline.commands[i].operands.front();
    const bool executes = !first.fields.empty() || first.kind == Operand::Kind::kVariable ||
                          first.kind == Operand::Kind::kFunction ||
                          first.kind == Operand::Kind::kPipeline;
    if (!executes) {
      in_.Fail(first.offset, "non executable command in pipeline stage " + std::to_string(i + 1));
    }
  }
}

// "$x :=", "$x =", and for range "$i, $x :=".
void PipelineParser::ParseDeclarations(Pipeline* pipeline, std::string_view where) {
  if (!in_.PeekIs(TokenKind::kVariable)) return;
  const Token first = in_.Peek();
  size_t ahead = 1;
  std::optional<Token> second;
  if (in_.Peek(1).kind == TokenKind::kComma) {
    if (where != "range")
      return in_.Fail(first.offset, "too many declarations in " + std::string(where));
    if (in_.Peek(2).kind != TokenKind::kVariable) {
      return in_.Fail(first.offset, "range can only initialize variables");
    }
    second = in_.Peek(2);
    ahead = 3;
  }
  const TokenKind sign = in_.Peek(ahead).kind;
  if (sign != TokenKind::kDeclare && sign != TokenKind::kAssign) {
    if (second) in_.Unexpected(in_.Peek(ahead), where);
    return;
  }
  for (size_t i = 0; i <= ahead; ++i) in_.Next();
  pipeline->declares = true;
  for (const Token& name : second ? std::vector{first, *second} : std::vector{first}) {
    if (sign == TokenKind::kDeclare) {
      pipeline->variables.push_back(Declare(name));
    } else {
      pipeline->variables.push_back(FindVariable(name).value_or(0));
    }
  }
}

size_t PipelineParser::Declare(const Token& token) {
  if (scope_.names.size() == VariableScope::kMost)
    in_.Fail(token.offset, "more than 1000 variables");
  scope_.names.push_back(token.text);
  scope_.most = std::max(scope_.most, scope_.names.size());
  return scope_.names.size() - 1;
}

std::optional<size_t> PipelineParser::FindVariable(const Token& token) {
  for (size_t i = scope_.names.size(); i-- > 0;) {
    if (scope_.names[i] == token.text) return i;
  }
  in_.Fail(token.offset, "undefined variable " + Describe(token));
  return std::nullopt;
}

Command PipelineParser::ParseCommand(std::string_view where) {
  Command command;
  do {
    command.operands.push_back(ParseOperand(where));
    const Token& next = in_.Peek();
    const bool ends = next.kind == TokenKind::kPipe || next.kind == TokenKind::kClose ||
                      next.kind == TokenKind::kCloseParen || next.kind == TokenKind::kEnd;
    if (ends) break;
    if (!next.after_space) in_.Unexpected(next, "operand");
  } while (!in_.failure());
  return command;
}

Operand PipelineParser::ParseOperand(std::string_view where) {
  const Token token = in_.Next();
  Operand operand;
  operand.offset = token.offset;
  operand.spelling = token.text;
  switch (token.kind) {
    case TokenKind::kDot:
      break;
    case TokenKind::kField:
      operand.fields.push_back(token.text.substr(1));
      break;
    case TokenKind::kVariable:
      operand.kind = Operand::Kind::kVariable;
      operand.variable = FindVariable(token).value_or(0);
      break;
    case TokenKind::kWord:
      ParseWord(&operand, token);
      break;
    case TokenKind::kString:
    case TokenKind::kRawString:
    case TokenKind::kCharacter:
    case TokenKind::kNumber:
      ParseLiteral(&operand, token);
      break;
    case TokenKind::kOpenParen:
      operand.kind = Operand::Kind::kPipeline;
      operand.pipeline = ParseParenthesized();
      break;
    default:
      in_.Unexpected(token, where);
  }
  ParseFields(&operand);
  return operand;
}

std::unique_ptr<Pipeline> PipelineParser::ParseParenthesized() {
  const TokenReader::Level level(in_);
  return Parse("parenthesized pipeline", TokenKind::kCloseParen);
}

void PipelineParser::ParseWord(Operand* operand, const Token& token) {
  if (token.text == "true" || token.text == "false") {
    operand->kind = Operand::Kind::kConstant;
    operand->constant = Value::Bool(token.text == "true");
  } else if (token.text == "nil") {
    operand->kind = Operand::Kind::kNil;
  } else if (IsKeyword(token.text)) {
    in_.Unexpected(token, "command");
  } else {
    operand->kind = Operand::Kind::kFunction;
    operand->function = FindFunction(token.text);
    if (!operand->function)
      in_.Fail(token.offset, "function " + Describe(token) + " is not supported");
  }
}

void PipelineParser::ParseLiteral(Operand* operand, const Token& token) {
  if (token.kind == TokenKind::kNumber) {
    const std::optional<Value> number = ReadNumber(token.text);
    if (!number) return in_.Fail(token.offset, "bad number syntax: " + Describe(token));
    operand->kind = Operand::Kind::kConstant;
    operand->constant = *number;
    return;
  }
  std::optional<std::string> text = Unquote(token.text);
  if (!text) return in_.Fail(token.offset, "invalid syntax of a string");
  if (token.kind != TokenKind::kCharacter) {
    operand->kind = Operand::Kind::kText;
    operand->text = std::move(*text);
    return;
  }
  if (text->empty() || FirstCharacter(*text).length != text->size()) {
    return in_.Fail(token.offset, "malformed character constant: " + Describe(token));
  }
  operand->kind = Operand::Kind::kConstant;
  operand->constant = Value::Int(FirstCharacter(*text).code);
}

void PipelineParser::ParseFields(Operand* operand) {
  const bool may_have = operand->kind == Operand::Kind::kVariable ||
                        operand->kind == Operand::Kind::kFunction ||
                        operand->kind == Operand::Kind::kPipeline || !operand->fields.empty();
  while (in_.PeekIs(TokenKind::kField) && !in_.Peek().after_space) {
    const Token field = in_.Next();
    if (!may_have) return in_.Fail(field.offset, "unexpected . after term");
    operand->fields.push_back(field.text.substr(1));
  }
}

}  // namespace pedia::policy
