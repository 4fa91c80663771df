// The tokens of a template, one after the other, and the first failure. Private to policy.
#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "policy/template_lexer.h"

namespace pedia::policy {

// After the first failure the only token left is kEnd, so every loop over them ends.
class TokenReader {
 public:
  static constexpr int kMaxDepth = 100;  // Of blocks and parentheses in each other.

  explicit TokenReader(std::string_view text) : text_(text), tokens_(ReadTokens(text)) {}

  const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool PeekIs(TokenKind kind) const { return Peek().kind == kind; }
  bool PeekIsWord(std::string_view word) const {
    return PeekIs(TokenKind::kWord) && Peek().text == word;
  }
  Token Next();
  bool Take(TokenKind kind);
  void Expect(TokenKind kind, std::string_view where);
  // The text of a string; "" after a failure.
  std::string ReadName(std::string_view where);

  void Fail(size_t offset, std::string_view why);
  // Fails by a token that cannot stand here, or that the lexer failed by.
  void Unexpected(const Token& token, std::string_view where);
  const std::optional<Status>& failure() const { return failure_; }

  // A level of nesting, left by its destructor. Too many fail.
  class Level {
   public:
    explicit Level(TokenReader& in) : in_(in) {
      if (++in_.depth_ > kMaxDepth) in_.Fail(in_.Peek().offset, "nested too deeply");
    }
    ~Level() { --in_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    TokenReader& in_;
  };

 private:
  std::string_view text_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  std::optional<Status> failure_;
};

// "template: line 3, column 14: why". Both count from 1, the column bytes.
std::string AtPosition(std::string_view text, size_t offset, std::string_view why);

}  // namespace pedia::policy
