#include "policy/template_parser.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "policy/template_pipeline_parser.h"
#include "policy/template_token_reader.h"

namespace pedia::policy {
namespace {

constexpr size_t kMaxText = size_t{256} << 10;

bool IsBlank(const Block& block) {
  return std::ranges::all_of(block, [](const Node& node) {
    return node.kind == Node::Kind::kText &&
           node.text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  });
}

// Recursive descent over blocks.
class Parser {
 public:
  explicit Parser(std::string_view text) : in_(text), pipelines_(in_) {}
  Result<TemplateTree> Parse();

 private:
  // How a block ended; kElse leaves what follows `else` unread.
  enum class Ending { kEnd, kElse };

  Ending ParseBlock(Block* block, bool top);
  // An action, its {{ read; nothing when it was the end of the block.
  std::optional<Ending> ParseAction(Block* block, bool top);
  void ParseControl(Node* node, std::string_view keyword);
  void ParseElse(Node* node, std::string_view keyword);
  void ParseDefine();
  void ParseTemplateCall(Node* node, bool is_block);
  void ParseNamed(const std::string& name, size_t offset, std::string_view where);
  void ParseLeave(Node* node, std::string_view keyword);

  TokenReader in_;
  PipelineParser pipelines_;
  int loops_ = 0;  // That the place is in.
  TemplateTree tree_;
};

Result<TemplateTree> Parser::Parse() {
  ParseBlock(&tree_.main.body, true);
  tree_.main.variables = pipelines_.scope().most;
  if (in_.failure()) return *in_.failure();
  return std::move(tree_);
}

Parser::Ending Parser::ParseBlock(Block* block, bool top) {
  const TokenReader::Level level(in_);
  std::optional<Ending> ending;
  while (!ending) {
    const Token token = in_.Next();
    if (token.kind == TokenKind::kText) {
      Node node;
      node.offset = token.offset;
      node.text = token.text;
      block->push_back(std::move(node));
    } else if (token.kind == TokenKind::kOpen) {
      ending = ParseAction(block, top);
    } else {
      if (token.kind != TokenKind::kEnd || !top) in_.Unexpected(token, "a block");
      ending = Ending::kEnd;
    }
  }
  return *ending;
}

std::optional<Parser::Ending> Parser::ParseAction(Block* block, bool top) {
  Node node;
  node.offset = in_.Peek().offset;
  const Token first = in_.Peek();
  const bool is_keyword = first.kind == TokenKind::kWord && IsKeyword(first.text);
  const std::string_view word = is_keyword ? first.text : "";
  if (is_keyword && word != "nil") in_.Next();
  if (word == "end" || word == "else") {
    if (top) in_.Unexpected(first, "a template: there is nothing to end");
    if (word == "end") in_.Expect(TokenKind::kClose, "end");
    return word == "end" ? Ending::kEnd : Ending::kElse;
  }
  if (word == "define") {
    top ? ParseDefine() : in_.Unexpected(first, "a block: define stands outside of all others");
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
    node.pipeline = pipelines_.Parse("command", TokenKind::kClose);
  }
  block->push_back(std::move(node));
  return std::nullopt;
}

void Parser::ParseLeave(Node* node, std::string_view keyword) {
  node->kind = keyword == "break" ? Node::Kind::kBreak : Node::Kind::kContinue;
  if (loops_ == 0) in_.Fail(node->offset, std::string(keyword) + " outside of range");
  in_.Expect(TokenKind::kClose, keyword);
}

void Parser::ParseControl(Node* node, std::string_view keyword) {
  node->kind = keyword == "if"     ? Node::Kind::kIf
               : keyword == "with" ? Node::Kind::kWith
                                   : Node::Kind::kRange;
  std::vector<std::string_view>& names = pipelines_.scope().names;
  const size_t before = names.size();
  node->pipeline = pipelines_.Parse(keyword, TokenKind::kClose);
  const size_t declared = names.size();
  const bool loops = keyword == "range";
  if (loops) ++loops_;
  const Ending ending = ParseBlock(&node->body, false);
  if (loops) --loops_;
  names.resize(declared);
  if (ending == Ending::kElse) ParseElse(node, keyword);
  names.resize(before);
}

void Parser::ParseElse(Node* node, std::string_view keyword) {
  if (keyword != "range" && in_.PeekIsWord(keyword)) {
    // "else if" is an if in the else, which ends with it.
    const TokenReader::Level level(in_);
    Node nested;
    nested.offset = in_.Next().offset;
    ParseControl(&nested, keyword);
    node->otherwise.push_back(std::move(nested));
    return;
  }
  in_.Expect(TokenKind::kClose, "else");
  const size_t offset = in_.Peek().offset;
  if (ParseBlock(&node->otherwise, false) == Ending::kElse) {
    in_.Fail(offset, "expected end, found a second else");
  }
}

// The body of a define or a block: a template with variables of its own.
void Parser::ParseNamed(const std::string& name, size_t offset, std::string_view where) {
  VariableScope outer = std::exchange(pipelines_.scope(), VariableScope());
  const int outer_loops = std::exchange(loops_, 0);
  Definition definition;
  if (ParseBlock(&definition.body, false) == Ending::kElse) {
    in_.Fail(offset, "unexpected else in " + std::string(where));
  }
  definition.variables = pipelines_.scope().most;
  pipelines_.scope() = std::move(outer);
  loops_ = outer_loops;
  const auto known = tree_.named.find(name);
  if (known == tree_.named.end() || IsBlank(known->second.body)) {
    tree_.named.insert_or_assign(name, std::move(definition));
  } else if (!IsBlank(definition.body)) {
    in_.Fail(offset, "multiple definition of template \"" + name + "\"");
  }
}

void Parser::ParseDefine() {
  const size_t offset = in_.Peek().offset;
  const std::string name = in_.ReadName("define");
  in_.Expect(TokenKind::kClose, "define");
  ParseNamed(name, offset, "define");
}

void Parser::ParseTemplateCall(Node* node, bool is_block) {
  node->kind = Node::Kind::kTemplate;
  const std::string_view where = is_block ? "block" : "template";
  node->name = in_.ReadName(where);
  if (is_block || !in_.PeekIs(TokenKind::kClose)) {
    node->pipeline = pipelines_.Parse(where, TokenKind::kClose);
  } else {
    in_.Next();
  }
  if (is_block) ParseNamed(node->name, node->offset, where);
}

}  // namespace

Result<TemplateTree> ParseTemplate(std::string_view text) {
  if (text.size() > kMaxText) return BadRequest("template: longer than 256 KiB");
  return Parser(text).Parse();
}

}  // namespace pedia::policy
