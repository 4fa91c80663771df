// The tokens of a template: text, and what stands in {{actions}}. Comments and the white space that
// trim markers take are gone. Source: pkg.go.dev/text/template. Private to policy.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace pedia::policy {

enum class TokenKind {
  kText,
  kOpen,   // {{
  kClose,  // }}
  kDot,
  kField,     // .name
  kVariable,  // $name, $
  kWord,      // name, if, true, nil
  kString,    // "text"
  kRawString,
  kCharacter,  // 'c'
  kNumber,
  kPipe,
  kOpenParen,
  kCloseParen,
  kDeclare,  // :=
  kAssign,   // =
  kComma,
  kError,  // `text` says what is wrong; nothing follows.
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  size_t offset = 0;      // Of its first byte in the template.
  std::string_view text;  // As it is spelled, quotes included.
  bool after_space = false;
};

// The last token is kEnd, or kError. `text` must outlive them. Pure.
std::vector<Token> ReadTokens(std::string_view text);

// Whether it is a word that no function can be named.
bool IsKeyword(std::string_view word);

// `token` as messages quote it: "\".name\"", "end of the template".
std::string Describe(const Token& token);

}  // namespace pedia::policy
