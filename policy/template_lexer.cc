#include "policy/template_lexer.h"

#include <algorithm>

namespace pedia::policy {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

bool IsSpace(char c) { return kSpace.find(c) != std::string_view::npos; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// Letters beyond ASCII are not told from other characters beyond it.
bool IsWord(char c) {
  return c == '_' || IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  std::vector<Token> Read();

 private:
  bool StartsWith(std::string_view prefix) const { return text_.substr(at_).starts_with(prefix); }
  char Here(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  // Whether "}}" or " -}}" stands at `at`; its length.
  size_t CloseLength(size_t at) const;
  void Add(TokenKind kind, size_t end);
  void Fail(size_t offset, std::string_view why);

  void ReadText();
  void ReadAction();
  void ReadComment(size_t open);
  void ReadClose();
  void ReadInside();
  void ReadQuoted(char quote, TokenKind kind, std::string_view unclosed);
  void ReadRaw();
  void ReadWord(size_t prefix, TokenKind kind);
  void ReadNumber();
  void ReadSymbol();

  std::string_view text_;
  size_t at_ = 0;
  size_t parens_ = 0;
  bool trim_next_ = false;  // The action before ended with a trim marker.
  bool after_space_ = false;
  bool done_ = false;
  bool inside_ = false;
  std::vector<Token> tokens_;
};

void Lexer::Add(TokenKind kind, size_t end) {
  tokens_.push_back({kind, at_, text_.substr(at_, end - at_), after_space_});
  after_space_ = false;
  at_ = end;
}

void Lexer::Fail(size_t offset, std::string_view why) {
  tokens_.push_back({TokenKind::kError, offset, why, false});
  done_ = true;
}

size_t Lexer::CloseLength(size_t at) const {
  const std::string_view rest = text_.substr(at);
  if (rest.starts_with("}}")) return 2;
  return rest.size() >= 4 && IsSpace(rest[0]) && rest.substr(1, 3) == "-}}" ? 4 : 0;
}

std::vector<Token> Lexer::Read() {
  while (!done_) {
    if (inside_) {
      ReadInside();
    } else if (at_ == text_.size()) {
      break;
    } else {
      ReadText();
      if (at_ < text_.size()) ReadAction();
    }
  }
  if (!done_) Add(TokenKind::kEnd, at_);
  return std::move(tokens_);
}

void Lexer::ReadText() {
  const size_t open = std::min(text_.find("{{", at_), text_.size());
  size_t begin = at_;
  size_t end = open;
  if (trim_next_) begin = std::min(text_.find_first_not_of(kSpace, begin), end);
  const bool trims = open + 3 < text_.size() && text_[open + 2] == '-' && IsSpace(text_[open + 3]);
  if (trims) {
    const size_t last = text_.substr(begin, end - begin).find_last_not_of(kSpace);
    end = last == std::string_view::npos ? begin : begin + last + 1;
  }
  trim_next_ = false;
  at_ = begin;
  if (end > begin) Add(TokenKind::kText, end);
  at_ = open;
}

void Lexer::ReadAction() {
  const size_t open = at_;
  size_t content = at_ + 2;
  if (Here(2) == '-' && IsSpace(Here(3))) content += 1;
  // After a trim marker white space may stand before a comment.
  const size_t first = content > open + 2 ? text_.find_first_not_of(kSpace, content) : content;
  if (first != std::string_view::npos && text_.substr(first).starts_with("/*")) {
    at_ = first;
    return ReadComment(open);
  }
  Add(TokenKind::kOpen, content);
  inside_ = true;
  parens_ = 0;
}

void Lexer::ReadComment(size_t open) {
  const size_t end = text_.find("*/", at_ + 2);
  if (end == std::string_view::npos) return Fail(open, "unclosed comment");
  const size_t close = CloseLength(end + 2);
  if (close == 0) return Fail(open, "comment ends before closing delimiter");
  trim_next_ = close == 4;
  at_ = end + 2 + close;
}

void Lexer::ReadClose() {
  const size_t length = CloseLength(at_);
  if (parens_ > 0) return Fail(at_, "unclosed left paren");
  trim_next_ = length == 4;
  Add(TokenKind::kClose, at_ + length);
  inside_ = false;
}

void Lexer::ReadInside() {
  if (CloseLength(at_) > 0) return ReadClose();
  if (at_ == text_.size()) return Fail(at_, "unclosed action");
  const char c = text_[at_];
  if (IsSpace(c)) {
    ++at_;
    after_space_ = true;
  } else if (c == '"') {
    ReadQuoted('"', TokenKind::kString, "unterminated quoted string");
  } else if (c == '\'') {
    ReadQuoted('\'', TokenKind::kCharacter, "unterminated character constant");
  } else if (c == '`') {
    ReadRaw();
  } else if (c == '$') {
    ReadWord(1, TokenKind::kVariable);
  } else if (IsDigit(c) || c == '+' || c == '-' || (c == '.' && IsDigit(Here(1)))) {
    ReadNumber();
  } else if (c == '.') {
    ReadWord(1, IsWord(Here(1)) ? TokenKind::kField : TokenKind::kDot);
  } else if (IsWord(c)) {
    ReadWord(0, TokenKind::kWord);
  } else {
    ReadSymbol();
  }
}

void Lexer::ReadQuoted(char quote, TokenKind kind, std::string_view unclosed) {
  for (size_t end = at_ + 1; end < text_.size() && text_[end] != '\n'; ++end) {
    if (text_[end] == quote) return Add(kind, end + 1);
    if (text_[end] == '\\') ++end;
    if (end < text_.size() && text_[end] == '\n') break;
  }
  Fail(at_, unclosed);
}

void Lexer::ReadRaw() {
  const size_t end = text_.find('`', at_ + 1);
  if (end == std::string_view::npos) return Fail(at_, "unterminated raw quoted string");
  Add(TokenKind::kRawString, end + 1);
}

void Lexer::ReadWord(size_t prefix, TokenKind kind) {
  size_t end = at_ + prefix;
  while (end < text_.size() && IsWord(text_[end])) ++end;
  const bool ends = end == text_.size() || IsSpace(text_[end]) || CloseLength(end) > 0 ||
                    std::string_view(".,|:()").find(text_[end]) != std::string_view::npos;
  if (!ends) return Fail(end, "bad character in an action");
  Add(kind, end);
}

void Lexer::ReadNumber() {
  size_t end = at_ + 1;
  const bool hex = text_.substr(at_, 3).find_first_of("xX") != std::string_view::npos;
  while (end < text_.size()) {
    const char c = text_[end];
    const char before = text_[end - 1];
    const bool exponent = hex ? before == 'p' || before == 'P' : before == 'e' || before == 'E';
    if (!IsWord(c) && c != '.' && !(exponent && (c == '+' || c == '-'))) break;
    ++end;
  }
  Add(TokenKind::kNumber, end);
}

void Lexer::ReadSymbol() {
  switch (text_[at_]) {
    case '|':
      return Add(TokenKind::kPipe, at_ + 1);
    case '(':
      ++parens_;
      return Add(TokenKind::kOpenParen, at_ + 1);
    case ')':
      if (parens_ == 0) return Fail(at_, "unexpected right paren");
      --parens_;
      return Add(TokenKind::kCloseParen, at_ + 1);
    case '=':
      return Add(TokenKind::kAssign, at_ + 1);
    case ',':
      return Add(TokenKind::kComma, at_ + 1);
    case ':':
      if (Here(1) == '=') return Add(TokenKind::kDeclare, at_ + 2);
      return Fail(at_, "expected :=");
    default:
      return Fail(at_, "bad character in an action");
  }
}

}  // namespace

std::vector<Token> ReadTokens(std::string_view text) { return Lexer(text).Read(); }

bool IsKeyword(std::string_view word) {
  constexpr std::string_view kKeywords[] = {"block", "break", "continue", "define",   "else", "end",
                                            "if",    "nil",   "range",    "template", "with"};
  return std::ranges::find(kKeywords, word) != std::end(kKeywords);
}

std::string Describe(const Token& token) {
  if (token.kind == TokenKind::kEnd) return "end of the template";
  constexpr size_t kMost = 40;
  return "\"" + std::string(token.text.substr(0, kMost)) +
         (token.text.size() > kMost ? "...\"" : "\"");
}

}  // namespace pedia::policy
