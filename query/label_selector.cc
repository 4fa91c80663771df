#include "query/label_selector.h"

#include <algorithm>
#include <utility>

#include "query/label_syntax.h"
#include "query/strconv.h"

namespace pedia::query {
namespace {

// An answer lists this many bad values at most: a request of 64 KB may hold thousands.
constexpr size_t kMaxListedProblems = 16;

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

// Cuts the text into tokens; one is looked ahead.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : rest_(text) { next_ = Lex(); }

  const Token& Peek() const { return next_; }
  Token Take() { return std::exchange(next_, Lex()); }

 private:
  Token Lex() {
    while (!rest_.empty() && IsSpace(rest_[0])) rest_.remove_prefix(1);
    if (rest_.empty()) return {};
    if (IsSymbol(rest_[0])) {
      const bool two = rest_.size() > 1 && rest_[1] == '=' && (rest_[0] == '=' || rest_[0] == '!');
      const std::string_view symbol = Cut(two ? 2 : 1);
      return {SymbolKind(symbol), symbol};
    }
    size_t length = 1;
    while (length < rest_.size() && !IsSymbol(rest_[length]) && !IsSpace(rest_[length])) ++length;
    const std::string_view word = Cut(length);
    if (word == "in") return {TokenKind::kIn, word};
    if (word == "notin") return {TokenKind::kNotIn, word};
    return {TokenKind::kIdentifier, word};
  }

  std::string_view Cut(size_t length) {
    const std::string_view text = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return text;
  }

  std::string_view rest_;
  Token next_;
};

// "in" and "notin" are operators only where an operator may stand; elsewhere they are keys and
// values.
bool IsWord(const Token& token) {
  return token.kind == TokenKind::kIdentifier || token.kind == TokenKind::kIn ||
         token.kind == TokenKind::kNotIn;
}

std::string Found(const Token& token, std::string_view expected) {
  return "found '" + std::string(token.text) + "'" + std::string(expected);
}

Status BadRequirement(std::string_view why) {
  return BadRequest("unable to parse requirement: " + std::string(why));
}

std::string InvalidValue(std::string_view path, std::string_view value, std::string_view why) {
  return std::string(path) + ": Invalid value: " + Quote(value) + ": " + std::string(why);
}

std::string JoinProblems(const std::vector<std::string>& problems) {
  if (problems.size() == 1) return problems[0];
  std::string out = "[";
  for (const std::string& problem : problems)
    out.append(out.size() == 1 ? "" : ", ").append(problem);
  return out + "]";
}

// What is wrong with the values of a requirement, numbered in sorted order as kube-apiserver does;
// "" if nothing.
std::string ValuesProblem(const LabelRequirement& requirement) {
  std::vector<std::string> problems;
  const bool integers = requirement.op == SelectorOperator::kGreaterThan ||
                        requirement.op == SelectorOperator::kLessThan;
  std::vector<std::string> values = requirement.values;
  SortValues(&values);
  for (size_t i = 0; i < values.size() && problems.size() < kMaxListedProblems; ++i) {
    const std::string path = "values[" + std::to_string(i) + "]";
    if (integers && !ParseInt64(values[i])) {
      problems.push_back(
          InvalidValue(path, values[i], "for 'Gt', 'Lt' operators, the value must be an integer"));
    }
    if (const std::string why = LabelValueProblem(values[i]); !why.empty()) {
      problems.push_back(InvalidValue(path + "[" + requirement.key + "]", values[i], why));
    }
  }
  return problems.empty() ? "" : JoinProblems(problems);
}

// One function per rule of the grammar, named like the rule.
class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Result<LabelSelector> Parse() {
    LabelSelector selector;
    if (lexer_.Peek().kind == TokenKind::kEnd) return selector;
    if (!StartsRequirement(lexer_.Peek())) {
      return BadRequest(Found(lexer_.Peek(), ", expected: !, identifier, or 'end of string'"));
    }
    for (;;) {
      Result<LabelRequirement> requirement = Requirement();
      if (!requirement.ok()) return requirement.status();
      selector.push_back(*std::move(requirement));
      const Token separator = lexer_.Take();
      if (separator.kind == TokenKind::kEnd) return selector;
      if (separator.kind != TokenKind::kComma)
        return BadRequest(Found(separator, ", expected: ',' or 'end of string'"));
      if (!StartsRequirement(lexer_.Peek()))
        return BadRequest(Found(lexer_.Peek(), ", expected: identifier after ','"));
    }
  }

 private:
  static bool StartsRequirement(const Token& token) {
    return IsWord(token) || token.kind == TokenKind::kNot;
  }

  Result<LabelRequirement> Requirement() {
    const bool negated = lexer_.Peek().kind == TokenKind::kNot;
    if (negated) lexer_.Take();
    const Token key = lexer_.Take();
    if (!IsWord(key)) return BadRequirement(Found(key, ", expected: identifier"));
    // kube-apiserver has no field path here, and says so.
    if (const std::string why = LabelKeyProblem(key.text); !why.empty())
      return BadRequirement(InvalidValue("<nil>", key.text, why));
    LabelRequirement requirement{std::string(key.text), SelectorOperator::kDoesNotExist, {}};
    if (negated) return requirement;
    if (lexer_.Peek().kind == TokenKind::kEnd || lexer_.Peek().kind == TokenKind::kComma) {
      requirement.op = SelectorOperator::kExists;
      return requirement;
    }
    if (Status status = Operator(&requirement.op); !status.ok()) return status;
    const bool set =
        requirement.op == SelectorOperator::kIn || requirement.op == SelectorOperator::kNotIn;
    if (Status status = set ? ValueSet(&requirement.values) : ExactValue(&requirement.values);
        !status.ok())
      return status;
    if (const std::string why = ValuesProblem(requirement); !why.empty())
      return BadRequirement(why);
    return requirement;
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
    if (lexer_.Peek().kind == TokenKind::kClose) {
      values->emplace_back();
    } else if (lexer_.Peek().kind != TokenKind::kComma && !IsWord(lexer_.Peek())) {
      return BadRequirement(Found(lexer_.Peek(), ", expected: ',', ')' or identifier"));
    } else if (Status status = Values(values); !status.ok()) {
      return status;
    }
    lexer_.Take();  // The closing parenthesis: Values stops only there.
    return Status();
  }

  Status Values(std::vector<std::string>* values) {
    for (;;) {
      const Token token = lexer_.Take();
      const TokenKind after = lexer_.Peek().kind;
      if (IsWord(token)) {
        values->emplace_back(token.text);
        if (after == TokenKind::kClose) return Status();
        if (after != TokenKind::kComma)
          return BadRequirement(Found(lexer_.Peek(), ", expected: ',' or ')'"));
      } else if (token.kind == TokenKind::kComma) {
        if (values->empty()) values->emplace_back();
        if (after == TokenKind::kClose || after == TokenKind::kComma) values->emplace_back();
        if (after == TokenKind::kClose) return Status();
        if (after == TokenKind::kComma) lexer_.Take();
      } else {
        return BadRequirement(Found(token, ", expected: ',', or identifier"));
      }
    }
  }

  Status ExactValue(std::vector<std::string>* values) {
    if (lexer_.Peek().kind == TokenKind::kEnd || lexer_.Peek().kind == TokenKind::kComma) {
      values->emplace_back();
      return Status();
    }
    const Token token = lexer_.Take();
    if (!IsWord(token)) return BadRequirement(Found(token, ", expected: identifier"));
    values->emplace_back(token.text);
    return Status();
  }

  Lexer lexer_;
};

bool HasValue(const LabelRequirement& requirement, const std::string& value) {
  return std::find(requirement.values.begin(), requirement.values.end(), value) !=
         requirement.values.end();
}

bool CompareIntegers(const LabelRequirement& requirement, const std::string& value) {
  if (requirement.values.size() != 1) return false;
  const std::optional<int64_t> have = ParseInt64(value);
  const std::optional<int64_t> limit = ParseInt64(requirement.values[0]);
  if (!have || !limit) return false;
  return requirement.op == SelectorOperator::kGreaterThan ? *have > *limit : *have < *limit;
}

bool MatchesOne(const LabelRequirement& requirement, const std::optional<std::string>& value) {
  switch (requirement.op) {
    case SelectorOperator::kEquals:
    case SelectorOperator::kIn:
      return value && HasValue(requirement, *value);
    case SelectorOperator::kNotEquals:
    case SelectorOperator::kNotIn:
      return !value || !HasValue(requirement, *value);
    case SelectorOperator::kExists:
      return value.has_value();
    case SelectorOperator::kDoesNotExist:
      return !value;
    case SelectorOperator::kGreaterThan:
    case SelectorOperator::kLessThan:
      return value && CompareIntegers(requirement, *value);
  }
  return false;
}

}  // namespace

void SortValues(std::vector<std::string>* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

Result<LabelSelector> ParseLabelSelectorAsWritten(std::string_view text) {
  return Parser(text).Parse();
}

Result<LabelSelector> ParseLabelSelector(std::string_view text) {
  Result<LabelSelector> selector = ParseLabelSelectorAsWritten(text);
  if (!selector.ok()) return selector;
  for (LabelRequirement& requirement : *selector) SortValues(&requirement.values);
  return selector;
}

bool Matches(const LabelSelector& selector,
             const std::function<std::optional<std::string>(std::string_view)>& find) {
  return std::all_of(selector.begin(), selector.end(), [&](const LabelRequirement& requirement) {
    return MatchesOne(requirement, find(requirement.key));
  });
}

}  // namespace pedia::query
