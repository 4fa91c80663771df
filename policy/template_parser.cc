#include "policy/template_parser.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "policy/template_lexer.h"
#include "policy/template_literals.h"

namespace pedia::policy {
namespace {

constexpr size_t kMaxText = size_t{256} << 10;
constexpr int kMaxDepth = 100;  // Of blocks and parentheses in each other.

bool IsKeyword(std::string_view word) {
  constexpr std::string_view kKeywords[] = {"block", "break", "continue", "define",   "else", "end",
                                            "if",    "nil",   "range",    "template", "with"};
  return std::ranges::find(kKeywords, word) != std::end(kKeywords);
}

bool IsBlank(const Block& block) {
  return std::ranges::all_of(block, [](const Node& node) {
    return node.kind == Node::Kind::kText &&
           node.text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  });
}

// Recursive descent. After the first failure the only token left is kEnd, so every loop ends.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), tokens_(ReadTokens(text)) {}
  Result<TemplateTree> Parse();

 private:
  // How a block ended; kElse leaves what follows `else` unread.
  enum class Ending { kEnd, kElse };
  // The names of the variables that can be seen, by their places; and the most there were.
  struct Scope {
    std::vector<std::string_view> names = {"$"};
    size_t most = 1;
    int loops = 0;
  };

  const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  Token Next();
  bool PeekIs(TokenKind kind) const { return Peek().kind == kind; }
  bool PeekIsWord(std::string_view word) const {
    return PeekIs(TokenKind::kWord) && Peek().text == word;
  }
  bool Take(TokenKind kind);
  void Fail(size_t offset, std::string_view why);
  void Unexpected(const Token& token, std::string_view where);
  void Expect(TokenKind kind, std::string_view where);

  Ending ParseBlock(Block* block, bool top);
  // An action, its {{ read; nothing when it was the end of the block.
  std::optional<Ending> ParseAction(Block* block, bool top);
  void ParseControl(Node* node, std::string_view keyword);
  void ParseElse(Node* node, std::string_view keyword);
  void ParseDefine();
  void ParseTemplateCall(Node* node, bool is_block);
  void ParseNamed(const std::string& name, size_t offset, std::string_view where);
  void ParseLeave(Node* node, std::string_view keyword);
  std::string ParseName(std::string_view where);

  std::unique_ptr<Pipeline> ParsePipeline(std::string_view where, TokenKind end);
  void ParseDeclarations(Pipeline* pipeline, std::string_view where);
  void CheckPipeline(const Pipeline& pipeline, std::string_view where);
  Command ParseCommand(std::string_view where);
  Operand ParseOperand(std::string_view where);
  void ParseWord(Operand* operand, const Token& token);
  void ParseLiteral(Operand* operand, const Token& token);
  void ParseFields(Operand* operand);
  size_t Declare(std::string_view name);
  std::optional<size_t> FindVariable(const Token& token);

  std::string_view text_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  Scope scope_;
  TemplateTree tree_;
  std::optional<Status> failure_;
};

Token Parser::Next() {
  const Token token = Peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Parser::Take(TokenKind kind) {
  if (!PeekIs(kind)) return false;
  Next();
  return true;
}

void Parser::Fail(size_t offset, std::string_view why) {
  if (!failure_) failure_ = BadRequest(AtPosition(text_, offset, why));
  tokens_ = {Token{TokenKind::kEnd, text_.size(), {}, false}};
  at_ = 0;
}

void Parser::Unexpected(const Token& token, std::string_view where) {
  if (token.kind == TokenKind::kError) return Fail(token.offset, token.text);
  Fail(token.offset, "unexpected " + Describe(token) + " in " + std::string(where));
}

void Parser::Expect(TokenKind kind, std::string_view where) {
  const Token token = Next();
  if (token.kind != kind) Unexpected(token, where);
}

Result<TemplateTree> Parser::Parse() {
  if (text_.size() > kMaxText) return BadRequest("template: longer than 256 KiB");
  ParseBlock(&tree_.main.body, true);
  tree_.main.variables = scope_.most;
  if (failure_) return *failure_;
  return std::move(tree_);
}

Parser::Ending Parser::ParseBlock(Block* block, bool top) {
  if (++depth_ > kMaxDepth) Fail(Peek().offset, "nested too deeply");
  std::optional<Ending> ending;
  while (!ending) {
    const Token token = Next();
    if (token.kind == TokenKind::kText) {
      Node node;
      node.offset = token.offset;
      node.text = token.text;
      block->push_back(std::move(node));
    } else if (token.kind == TokenKind::kOpen) {
      ending = ParseAction(block, top);
    } else {
      if (token.kind != TokenKind::kEnd || !top) Unexpected(token, "a block");
      ending = Ending::kEnd;
    }
  }
  --depth_;
  return *ending;
}

std::optional<Parser::Ending> Parser::ParseAction(Block* block, bool top) {
  Node node;
  node.offset = Peek().offset;
  const Token first = Peek();
  const bool is_keyword = first.kind == TokenKind::kWord && IsKeyword(first.text);
  const std::string_view word = is_keyword ? first.text : "";
  if (is_keyword && word != "nil") Next();
  if (word == "end" || word == "else") {
    if (top) Unexpected(first, "a template: there is nothing to end");
    if (word == "end") Expect(TokenKind::kClose, "end");
    return word == "end" ? Ending::kEnd : Ending::kElse;
  }
  if (word == "define") {
    top ? ParseDefine() : Unexpected(first, "a block: define stands outside of all others");
    return std::nullopt;
  }
  if (word == "if" || word == "with" || word == "range") {
    ParseControl(&node, word);
  } else if (word == "template" || word == "block") {
    ParseTemplateCall(&node, word == "block");
  } else if (word == "break" || word == "continue") {
    ParseLeave(&node, word);
  } else {
    node.kind = Node::Kind::kAction;
    node.pipeline = ParsePipeline("command", TokenKind::kClose);
  }
  block->push_back(std::move(node));
  return std::nullopt;
}

void Parser::ParseLeave(Node* node, std::string_view keyword) {
  node->kind = keyword == "break" ? Node::Kind::kBreak : Node::Kind::kContinue;
  if (scope_.loops == 0) Fail(node->offset, std::string(keyword) + " outside of range");
  Expect(TokenKind::kClose, keyword);
}

void Parser::ParseControl(Node* node, std::string_view keyword) {
  node->kind = keyword == "if"     ? Node::Kind::kIf
               : keyword == "with" ? Node::Kind::kWith
                                   : Node::Kind::kRange;
  const size_t before = scope_.names.size();
  node->pipeline = ParsePipeline(keyword, TokenKind::kClose);
  const size_t declared = scope_.names.size();
  const bool loops = keyword == "range";
  if (loops) ++scope_.loops;
  const Ending ending = ParseBlock(&node->body, false);
  if (loops) --scope_.loops;
  scope_.names.resize(declared);
  if (ending == Ending::kElse) ParseElse(node, keyword);
  scope_.names.resize(before);
}

void Parser::ParseElse(Node* node, std::string_view keyword) {
  if (keyword != "range" && PeekIsWord(keyword)) {
    // "else if" is an if in the else, which ends with it.
    if (++depth_ > kMaxDepth) Fail(Peek().offset, "nested too deeply");
    Node nested;
    nested.offset = Next().offset;
    ParseControl(&nested, keyword);
    node->otherwise.push_back(std::move(nested));
    --depth_;
    return;
  }
  Expect(TokenKind::kClose, "else");
  const size_t offset = Peek().offset;
  if (ParseBlock(&node->otherwise, false) == Ending::kElse) {
    Fail(offset, "expected end, found a second else");
  }
}

std::string Parser::ParseName(std::string_view where) {
  const Token token = Next();
  if (token.kind != TokenKind::kString && token.kind != TokenKind::kRawString) {
    Unexpected(token, where);
    return "";
  }
  std::optional<std::string> name = Unquote(token.text);
  if (!name) Fail(token.offset, "invalid syntax of a string");
  return name.value_or("");
}

// The body of a define or a block: a template with variables of its own.
void Parser::ParseNamed(const std::string& name, size_t offset, std::string_view where) {
  Scope outer = std::exchange(scope_, Scope());
  Definition definition;
  if (ParseBlock(&definition.body, false) == Ending::kElse) {
    Fail(offset, "unexpected else in " + std::string(where));
  }
  definition.variables = scope_.most;
  scope_ = std::move(outer);
  const auto known = tree_.named.find(name);
  if (known == tree_.named.end() || IsBlank(known->second.body)) {
    tree_.named.insert_or_assign(name, std::move(definition));
  } else if (!IsBlank(definition.body)) {
    Fail(offset, "multiple definition of template \"" + name + "\"");
  }
}

void Parser::ParseDefine() {
  const size_t offset = Peek().offset;
  const std::string name = ParseName("define");
  Expect(TokenKind::kClose, "define");
  ParseNamed(name, offset, "define");
}

void Parser::ParseTemplateCall(Node* node, bool is_block) {
  node->kind = Node::Kind::kTemplate;
  const std::string_view where = is_block ? "block" : "template";
  node->name = ParseName(where);
  if (is_block || !PeekIs(TokenKind::kClose)) {
    node->pipeline = ParsePipeline(where, TokenKind::kClose);
  } else {
    Next();
  }
  if (is_block) ParseNamed(node->name, node->offset, where);
}

std::unique_ptr<Pipeline> Parser::ParsePipeline(std::string_view where, TokenKind end) {
  auto pipeline = std::make_unique<Pipeline>();
  pipeline->offset = Peek().offset;
  ParseDeclarations(pipeline.get(), where);
  if (!PeekIs(end)) {
    do {
      pipeline->commands.push_back(ParseCommand(where));
    } while (Take(TokenKind::kPipe));
  }
  CheckPipeline(*pipeline, where);
  Expect(end, where);
  return pipeline;
}

void Parser::CheckPipeline(const Pipeline& pipeline, std::string_view where) {
  if (pipeline.commands.empty())
    return Fail(Peek().offset, "missing value for " + std::string(where));
  for (size_t i = 1; i < pipeline.commands.size(); ++i) {
    const Operand& first = pipeline.commands[i].operands.front();
    const bool executes = !first.fields.empty() || first.kind == Operand::Kind::kVariable ||
                          first.kind == Operand::Kind::kFunction ||
                          first.kind == Operand::Kind::kPipeline;
    if (!executes) {
      Fail(first.offset, "non executable command in pipeline stage " + std::to_string(i + 1));
    }
  }
}

// "$x :=", "$x =", and for range "$i, $x :=".
void Parser::ParseDeclarations(Pipeline* pipeline, std::string_view where) {
  if (!PeekIs(TokenKind::kVariable)) return;
  const Token first = Peek();
  size_t ahead = 1;
  std::optional<Token> second;
  if (Peek(1).kind == TokenKind::kComma) {
    if (where != "range")
      return Fail(first.offset, "too many declarations in " + std::string(where));
    if (Peek(2).kind != TokenKind::kVariable) {
      return Fail(first.offset, "range can only initialize variables");
    }
    second = Peek(2);
    ahead = 3;
  }
  const TokenKind sign = Peek(ahead).kind;
  if (sign != TokenKind::kDeclare && sign != TokenKind::kAssign) {
    if (second) Unexpected(Peek(ahead), where);
    return;
  }
  for (size_t i = 0; i <= ahead; ++i) Next();
  pipeline->declares = true;
  for (const Token& name : second ? std::vector{first, *second} : std::vector{first}) {
    if (sign == TokenKind::kDeclare) {
      pipeline->variables.push_back(Declare(name.text));
    } else {
      pipeline->variables.push_back(FindVariable(name).value_or(0));
    }
  }
}

size_t Parser::Declare(std::string_view name) {
  scope_.names.push_back(name);
  scope_.most = std::max(scope_.most, scope_.names.size());
  return scope_.names.size() - 1;
}

std::optional<size_t> Parser::FindVariable(const Token& token) {
  for (size_t i = scope_.names.size(); i-- > 0;) {
    if (scope_.names[i] == token.text) return i;
  }
  Fail(token.offset, "undefined variable " + Describe(token));
  return std::nullopt;
}

Command Parser::ParseCommand(std::string_view where) {
  Command command;
  do {
    command.operands.push_back(ParseOperand(where));
    const Token& next = Peek();
    const bool ends = next.kind == TokenKind::kPipe || next.kind == TokenKind::kClose ||
                      next.kind == TokenKind::kCloseParen || next.kind == TokenKind::kEnd;
    if (ends) break;
    if (!next.after_space) Unexpected(next, "operand");
  } while (!failure_);
  return command;
}

Operand Parser::ParseOperand(std::string_view where) {
  const Token token = Next();
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
      if (++depth_ > kMaxDepth) Fail(token.offset, "nested too deeply");
      operand.pipeline = ParsePipeline("parenthesized pipeline", TokenKind::kCloseParen);
      --depth_;
      break;
    default:
      Unexpected(token, where);
  }
  ParseFields(&operand);
  return operand;
}

void Parser::ParseWord(Operand* operand, const Token& token) {
  if (token.text == "true" || token.text == "false") {
    operand->kind = Operand::Kind::kConstant;
    operand->constant = Value::Bool(token.text == "true");
  } else if (token.text == "nil") {
    operand->kind = Operand::Kind::kNil;
  } else if (IsKeyword(token.text)) {
    Unexpected(token, "command");
  } else {
    operand->kind = Operand::Kind::kFunction;
    operand->function = FindFunction(token.text);
    if (!operand->function) Fail(token.offset, "function " + Describe(token) + " is not supported");
  }
}

void Parser::ParseLiteral(Operand* operand, const Token& token) {
  if (token.kind == TokenKind::kNumber) {
    const std::optional<Value> number = ReadNumber(token.text);
    if (!number) return Fail(token.offset, "bad number syntax: " + Describe(token));
    operand->kind = Operand::Kind::kConstant;
    operand->constant = *number;
    return;
  }
  std::optional<std::string> text = Unquote(token.text);
  if (!text) return Fail(token.offset, "invalid syntax of a string");
  if (token.kind != TokenKind::kCharacter) {
    operand->kind = Operand::Kind::kText;
    operand->text = std::move(*text);
    return;
  }
  if (text->empty() || FirstCharacter(*text).length != text->size()) {
    return Fail(token.offset, "malformed character constant: " + Describe(token));
  }
  operand->kind = Operand::Kind::kConstant;
  operand->constant = Value::Int(FirstCharacter(*text).code);
}

void Parser::ParseFields(Operand* operand) {
  const bool may_have = operand->kind == Operand::Kind::kVariable ||
                        operand->kind == Operand::Kind::kFunction ||
                        operand->kind == Operand::Kind::kPipeline || !operand->fields.empty();
  while (PeekIs(TokenKind::kField) && !Peek().after_space) {
    const Token field = Next();
    if (!may_have) return Fail(field.offset, "unexpected . after term");
    operand->fields.push_back(field.text.substr(1));
  }
}

}  // namespace

Result<TemplateTree> ParseTemplate(std::string_view text) { return Parser(text).Parse(); }

std::string AtPosition(std::string_view text, size_t offset, std::string_view why) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto lines = std::ranges::count(before, '\n');
  const size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0.
  return "template: line " + std::to_string(lines + 1) + ", column " +
         std::to_string(before.size() - line_begin + 1) + ": " + std::string(why);
}

}  // namespace pedia::policy
