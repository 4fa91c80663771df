#include "query/selector_grammar.h"

#include <utility>

#include "query/strconv.h"

namespace pedia::query {
namespace {

// An answer repeats this much of what was found at most.
constexpr size_t kMaxFoundBytes = 512;

enum class TokenKind {
  kEnd,
  kIdentifier,
  kIn,
  kNotIn,
  kEquals,
  kDoubleEquals,
  kNotEquals,
  kGreater,
  kLess,
  kNot,
  kComma,
  kOpen,
  kClose,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;
};

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool IsSymbol(char c) { return std::string_view("=!(),><").find(c) != std::string_view::npos; }
bool IsEscapable(char c) { return c == '\\' || IsSymbol(c) || IsSpace(c); }

TokenKind SymbolKind(std::string_view symbol) {
  if (symbol == "==") return TokenKind::kDoubleEquals;
  if (symbol == "!=") return TokenKind::kNotEquals;
  switch (symbol[0]) {
    case '=':
      return TokenKind::kEquals;
    case '!':
      return TokenKind::kNot;
    case '(':
      return TokenKind::kOpen;
    case ')':
      return TokenKind::kClose;
    case '>':
      return TokenKind::kGreater;
    case '<':
      return TokenKind::kLess;
    default:
      return TokenKind::kComma;
  }
}

// How far a word reaches that begins at `text`; in field selectors keys have quotes, values have
// escapes.
size_t LabelWordLength(std::string_view text) {
  size_t length = 0;
  while (length < text.size() && !IsSymbol(text[length]) && !IsSpace(text[length])) ++length;
  return length;
}

size_t FieldKeyLength(std::string_view text) {
  char quote = 0;
  size_t length = 0;
  for (; length < text.size(); ++length) {
    const char c = text[length];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (IsSymbol(c) || IsSpace(c)) {
      break;
    }
  }
  return length;
}

size_t FieldValueLength(std::string_view text) {
  size_t length = 0;
  while (length < text.size() && !IsSymbol(text[length]) && !IsSpace(text[length])) {
    const bool escape =
        text[length] == '\\' && length + 1 < text.size() && IsEscapable(text[length + 1]);
    length += escape ? 2 : 1;
  }
  return length;
}

std::string UnescapeValue(std::string_view text) {
  std::string value;
  value.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && IsEscapable(text[i + 1])) ++i;
    value.push_back(text[i]);
  }
  return value;
}

// Cuts the text into tokens. Where a token ends may depend on what the parser expects, so nothing
// is read ahead: a peeked token is lexed again when it is taken.
class Lexer {
 public:
  Lexer(std::string_view text, SelectorSyntax syntax) : rest_(text), syntax_(syntax) {}

  Token PeekKey() { return Lex(syntax_ == SelectorSyntax::kFields ? FieldKeyLength : kWord); }
  Token Peek() { return Lex(syntax_ == SelectorSyntax::kFields ? FieldValueLength : kWord); }
  Token TakeKey() { return Take(PeekKey()); }
  Token Take() { return Take(Peek()); }

 private:
  static constexpr auto kWord = LabelWordLength;

  Token Lex(size_t (*word_length)(std::string_view)) {
    while (!rest_.empty() && IsSpace(rest_[0])) rest_.remove_prefix(1);
    if (rest_.empty()) return {};
    if (IsSymbol(rest_[0])) {
      const bool two = rest_.size() > 1 && rest_[1] == '=' && (rest_[0] == '=' || rest_[0] == '!');
      const std::string_view symbol = rest_.substr(0, two ? 2 : 1);
      return {SymbolKind(symbol), symbol};
    }
    const std::string_view word = rest_.substr(0, word_length(rest_));
    if (word == "in") return {TokenKind::kIn, word};
    if (word == "notin") return {TokenKind::kNotIn, word};
    return {TokenKind::kIdentifier, word};
  }

  Token Take(const Token& token) {
    rest_.remove_prefix(token.text.size());
    return token;
  }

  std::string_view rest_;
  SelectorSyntax syntax_;
};

// "in" and "notin" are operators only where an operator may stand; elsewhere they are keys and
// values.
bool IsWord(const Token& token) {
  return token.kind == TokenKind::kIdentifier || token.kind == TokenKind::kIn ||
         token.kind == TokenKind::kNotIn;
}

std::string Found(const Token& token, std::string_view expected) {
  std::string found = "found '" + std::string(token.text.substr(0, kMaxFoundBytes));
  if (token.text.size() > kMaxFoundBytes) found += "...";
  return found + "'" + std::string(expected);
}

// One function per rule of the grammar, named like the rule.
class Parser {
 public:
  Parser(std::string_view text, SelectorSyntax syntax, SelectorSink* sink)
      : lexer_(text, syntax), syntax_(syntax), sink_(*sink) {}

  Status Parse() {
    const bool may_be_empty = syntax_ == SelectorSyntax::kFields;
    for (bool first = true;; first = false) {
      while (may_be_empty && lexer_.PeekKey().kind == TokenKind::kComma) lexer_.Take();
      const Token start = lexer_.PeekKey();
      if (start.kind == TokenKind::kEnd && (first || may_be_empty)) return Status();
      if (!IsWord(start) && start.kind != TokenKind::kNot) {
        return BadRequest(Found(start, first ? ", expected: !, identifier, or 'end of string'"
                                             : ", expected: identifier after ','"));
      }
      if (Status status = Requirement(); !status.ok()) return status;
      const Token separator = lexer_.Take();
      if (separator.kind == TokenKind::kEnd) return Status();
      if (separator.kind != TokenKind::kComma)
        return BadRequest(Found(separator, ", expected: ',' or 'end of string'"));
    }
  }

 private:
  Status Requirement() {
    const bool negated = lexer_.PeekKey().kind == TokenKind::kNot;
    if (negated) lexer_.TakeKey();
    const Token key = lexer_.TakeKey();
    if (!IsWord(key)) return BadRequirement(Found(key, ", expected: identifier"));
    if (Status status = sink_.Key(key.text); !status.ok()) return status;
    if (negated) return sink_.Condition(SelectorOperator::kDoesNotExist, {});
    if (AtEndOfRequirement()) return sink_.Condition(SelectorOperator::kExists, {});
    SelectorOperator op = SelectorOperator::kEquals;
    if (Status status = Operator(&op); !status.ok()) return status;
    const bool set = op == SelectorOperator::kIn || op == SelectorOperator::kNotIn;
    std::vector<std::string> values;
    if (Status status = set ? ValueSet(&values) : ExactValue(&values); !status.ok()) return status;
    return sink_.Condition(op, std::move(values));
  }

  Status Operator(SelectorOperator* op) {
    const Token token = lexer_.Take();
    switch (token.kind) {
      case TokenKind::kIn:
        *op = SelectorOperator::kIn;
        break;
      case TokenKind::kNotIn:
        *op = SelectorOperator::kNotIn;
        break;
      case TokenKind::kEquals:
      case TokenKind::kDoubleEquals:
        *op = SelectorOperator::kEquals;
        break;
      case TokenKind::kNotEquals:
        *op = SelectorOperator::kNotEquals;
        break;
      case TokenKind::kGreater:
        *op = SelectorOperator::kGreaterThan;
        break;
      case TokenKind::kLess:
        *op = SelectorOperator::kLessThan;
        break;
      default:
        return BadRequirement(Found(token, ", expected: in, notin, =, ==, !=, gt, lt"));
    }
    return Status();
  }

  // "(a,b)", "()", "(,)": missing values are "".
  Status ValueSet(std::vector<std::string>* values) {
    const Token open = lexer_.Take();
    if (open.kind != TokenKind::kOpen) return BadRequirement(Found(open, " expected: '('"));
    const Token first = lexer_.Peek();
    if (first.kind == TokenKind::kClose) {
      values->emplace_back();
    } else if (first.kind != TokenKind::kComma && !IsWord(first)) {
      return BadRequirement(Found(first, ", expected: ',', ')' or identifier"));
    } else if (Status status = Values(values); !status.ok()) {
      return status;
    }
    lexer_.Take();  // The closing parenthesis: Values stops only there.
    return Status();
  }

  Status Values(std::vector<std::string>* values) {
    for (;;) {
      const Token token = lexer_.Take();
      const Token after = lexer_.Peek();
      if (IsWord(token)) {
        values->push_back(Value(token));
        if (after.kind == TokenKind::kClose) return Status();
        if (after.kind != TokenKind::kComma)
          return BadRequirement(Found(after, ", expected: ',' or ')'"));
      } else if (token.kind == TokenKind::kComma) {
        if (values->empty()) values->emplace_back();
        if (after.kind == TokenKind::kClose || after.kind == TokenKind::kComma)
          values->emplace_back();
        if (after.kind == TokenKind::kClose) return Status();
        if (after.kind == TokenKind::kComma) lexer_.Take();
      } else {
        return BadRequirement(Found(token, ", expected: ',', or identifier"));
      }
    }
  }

  Status ExactValue(std::vector<std::string>* values) {
    if (AtEndOfRequirement()) {
      values->emplace_back();
      return Status();
    }
    const Token token = lexer_.Take();
    if (!IsWord(token)) return BadRequirement(Found(token, ", expected: identifier"));
    values->push_back(Value(token));
    return Status();
  }

  bool AtEndOfRequirement() {
    const TokenKind next = lexer_.Peek().kind;
    return next == TokenKind::kEnd || next == TokenKind::kComma;
  }

  std::string Value(const Token& token) const {
    return syntax_ == SelectorSyntax::kFields ? UnescapeValue(token.text) : std::string(token.text);
  }

  Lexer lexer_;
  SelectorSyntax syntax_;
  SelectorSink& sink_;
};

}  // namespace

Status ParseSelector(std::string_view text, SelectorSyntax syntax, SelectorSink* sink) {
  return Parser(text, syntax, sink).Parse();
}

Status BadRequirement(std::string_view why) {
  return BadRequest("unable to parse requirement: " + std::string(why));
}

std::string InvalidValue(std::string_view path, std::string_view value, std::string_view why) {
  const bool cut = value.size() > kMaxFoundBytes;
  return std::string(path) + ": Invalid value: " + Quote(value.substr(0, kMaxFoundBytes)) +
         (cut ? "..." : "") + ": " + std::string(why);
}

}  // namespace pedia::query
