#include "policy/template_token_reader.h"

#include "policy/template_literals.h"

namespace pedia::policy {

Token TokenReader::Next() {
  const Token token = Peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool TokenReader::Take(TokenKind kind) {
  if (!PeekIs(kind)) return false;
  Next();
  return true;
}

void TokenReader::Expect(TokenKind kind, std::string_view where) {
  const Token token = Next();
  if (token.kind != kind) Unexpected(token, where);
}

std::string TokenReader::ReadName(std::string_view where) {
  const Token token = Next();
  if (token.kind != TokenKind::kString && token.kind != TokenKind::kRawString) {
    Unexpected(token, where);
    return "";
  }
  std::optional<std::string> name = Unquote(token.text);
  if (!name) Fail(token.offset, "invalid syntax of a string");
  return name.value_or("");
}

void TokenReader::Fail(size_t offset, std::string_view why) {
  if (!failure_) failure_ = BadRequest(AtPosition(text_, offset, why));
  tokens_ = {Token{TokenKind::kEnd, text_.size(), {}, false}};
  at_ = 0;
}

void TokenReader::Unexpected(const Token& token, std::string_view where) {
  if (token.kind == TokenKind::kError) return Fail(token.offset, token.text);
  Fail(token.offset, "unexpected " + Describe(token) + " in " + std::string(where));
}

std::string AtPosition(std::string_view text, size_t offset, std::string_view why) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto lines = std::ranges::count(before, '\n');
  const size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0.
  return "template: line " + std::to_string(lines + 1) + ", column " +
         std::to_string(before.size() - line_begin + 1) + ": " + std::string(why);
}

}  // namespace pedia::policy
