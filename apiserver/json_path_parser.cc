#include "apiserver/json_path_parser.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include "meta/json_string.h"

namespace pedia::apiserver {
namespace {

using Step = JsonPath::Step;
using Steps = JsonPath::Steps;

constexpr size_t kMaxSteps = 64;
constexpr int kMaxDepth = 4;  // Of paths in filters and unions.

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Letters beyond ASCII count.
bool IsWordCharacter(char c) {
  return c == '_' || IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || at != end) return {};
  return number;
}

// The text in quotes, without them; nothing for an escape that is not known.
std::optional<std::string> Unquote(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      plain += text[i];
      continue;
    }
    constexpr std::string_view kEscaped = "\\'\"nrt";
    constexpr std::string_view kMeant = "\\'\"\n\r\t";
    if (++i == text.size()) return {};
    const size_t at = kEscaped.find(text[i]);
    if (at == std::string_view::npos) return {};
    plain += kMeant[at];
  }
  return plain;
}

class Parser {
 public:
  Parser(std::string_view text, int depth, bool blanks_in_names = false)
      : text_(text), depth_(depth), blanks_in_names_(blanks_in_names) {}

  std::optional<Steps> Parse() {
    if (depth_ > kMaxDepth) return {};
    while (at_ < text_.size()) {
      if (!ParseOne() || steps_.size() > kMaxSteps) return {};
    }
    return std::move(steps_);
  }

 private:
  bool ParseOne() {
    if (text_.substr(at_).starts_with("[?(")) return ParseFilter();
    if (text_.substr(at_).starts_with("..")) return ParseDescendants();
    const char c = text_[at_];
    if (IsDigit(c) || c == '+' || c == '-') return ParseNumberLiteral();
    if (IsWordCharacter(c)) return ParseWord();
    ++at_;
    switch (c) {
      case ' ':
      case '@':
      case '$':  // The value itself.
        return true;
      case '[':
        return ParseBrackets();
      case '"':
      case '\'':
        return ParseQuoted(c);
      case '.':
        return ParseName();
      default:
        return false;
    }
  }

  bool Push(Step step) {
    steps_.push_back(std::move(step));
    return true;
  }

  bool Append(std::optional<Steps> steps) {
    if (!steps) return false;
    for (Step& step : *steps) steps_.push_back(std::move(step));
    return true;
  }

  bool EndsName(char c) const {
    if (c == ' ' || c == '\t') return !blanks_in_names_;
    return std::string_view("\r\n.,[]$@{}").find(c) != std::string_view::npos;
  }

  bool ParseName() {
    std::string name;
    const size_t start = at_;
    while (at_ < text_.size() && !EndsName(text_[at_])) {
      if (text_[at_] == '\\' && ++at_ == text_.size()) break;
      if (text_[at_] != '\\') name += text_[at_];
      ++at_;
    }
    if (text_.substr(start, at_ - start) == "*") return Push({Step::Kind::kWildcard});
    return Push({Step::Kind::kMember, std::move(name)});
  }

  bool ParseDescendants() {
    if (!steps_.empty() && steps_.back().kind == Step::Kind::kDescendants) return false;
    at_ += 2;
    Push({Step::Kind::kDescendants});
    return at_ == text_.size() || !IsWordCharacter(text_[at_]) || ParseName();
  }

  bool ParseNumberLiteral() {
    const size_t start = at_++;
    while (at_ < text_.size() && (IsDigit(text_[at_]) || text_[at_] == '.')) ++at_;
    const std::string_view number = text_.substr(start, at_ - start);
    if (const auto integer = ParseNumber<int64_t>(number))
      return Push({Step::Kind::kLiteral, std::to_string(*integer)});
    const auto real = ParseNumber<double>(number);
    if (!real || !std::isfinite(*real)) return false;
    char buffer[32];
    const auto end =
        std::to_chars(buffer, buffer + sizeof buffer, *real, std::chars_format::scientific);
    return Push({Step::Kind::kLiteral, std::string(buffer, end.ptr)});
  }

  // Other words than these mean something only in templates of several paths.
  bool ParseWord() {
    const size_t start = at_;
    while (at_ < text_.size() && !EndsName(text_[at_])) ++at_;
    const std::string_view word = text_.substr(start, at_ - start);
    return (word == "true" || word == "false") && Push({Step::Kind::kLiteral, std::string(word)});
  }

  bool ParseQuoted(char quote) {
    const size_t start = at_;
    while (at_ < text_.size() && (text_[at_] != quote || text_[at_ - 1] == '\\')) ++at_;
    if (at_ == text_.size()) return false;
    const auto plain = Unquote(text_.substr(start, at_ - start));
    ++at_;
    return plain && Push({Step::Kind::kLiteral, JsonString(*plain)});
  }

  bool ParseBrackets() {
    const size_t close = text_.find(']', at_);
    if (close == std::string_view::npos) return false;
    const std::string_view inside = text_.substr(at_, close - at_);
    at_ = close + 1;
    if (inside.find(',') != std::string_view::npos) return ParseUnion(inside);
    if (inside.size() >= 2 && inside.front() == '\'' && inside.find('\'', 1) == inside.size() - 1) {
      const std::string path = "." + std::string(inside.substr(1, inside.size() - 2));
      return Append(Parser(path, depth_ + 1, true).Parse());
    }
    return ParseSlice(inside == "*" ? ":" : inside);
  }

  bool ParseUnion(std::string_view inside) {
    Step step{Step::Kind::kUnion};
    while (true) {
      const size_t comma = std::min(inside.find(','), inside.size());
      const std::string path = "[" + std::string(Trim(inside.substr(0, comma))) + "]";
      auto steps = Parser(path, depth_ + 1).Parse();
      if (!steps) return false;
      step.paths.push_back(*std::move(steps));
      if (comma == inside.size()) return Push(std::move(step));
      inside.remove_prefix(comma + 1);
    }
  }

  // "2", "1:3", "-1:", ":", "::2"
  bool ParseSlice(std::string_view inside) {
    Step step{Step::Kind::kSlice};
    step.single = inside.find(':') == std::string_view::npos;
    for (std::optional<int64_t>* number : {&step.from, &step.to, &step.stride}) {
      const std::string_view part = inside.substr(0, inside.find(':'));
      if (!part.empty()) {
        *number = part.front() == '+' ? std::nullopt : ParseNumber<int32_t>(part);
        if (!*number) return false;
      }
      if (part.size() == inside.size()) return Push(std::move(step));
      inside.remove_prefix(part.size() + 1);
    }
    return false;
  }

  // The text between "[?(" and ")]", which may have brackets in its quotes; nothing if it does not
  // end.
  std::optional<std::string_view> TakeFilterText() {
    at_ += 3;
    const size_t start = at_;
    char quote = 0;
    bool closed = true;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if ((c == '"' || c == '\'') && quote == 0) {
        quote = c;
        closed = false;
      } else if (c == quote && text_[at_ - 1] != '\\') {
        closed = true;
      } else if (c == ')' && closed) {
        break;
      }
    }
    if (!text_.substr(at_).starts_with(")]")) return {};
    const std::string_view inside = text_.substr(start, at_ - start);
    at_ += 2;
    return inside;
  }

  bool ParseFilter() {
    const std::optional<std::string_view> inside = TakeFilterText();
    if (!inside) return false;
    constexpr std::string_view kOperatorCharacters = "!<>=";
    const size_t begin = std::min(inside->find_first_of(kOperatorCharacters), inside->size());
    const size_t end =
        std::min(inside->find_first_not_of(kOperatorCharacters, begin), inside->size());
    Step step{Step::Kind::kFilter, std::string(inside->substr(begin, end - begin))};
    if (!step.text.empty() && (begin == 0 || end == inside->size())) return false;
    const std::vector<std::string_view> operators = {"", "==", "!=", "<", "<=", ">", ">="};
    if (std::find(operators.begin(), operators.end(), step.text) == operators.end()) return false;
    auto left = Parser(inside->substr(0, begin), depth_ + 1).Parse();
    auto right = Parser(inside->substr(end), depth_ + 1).Parse();
    if (!left || !right) return false;
    step.paths.push_back(*std::move(left));
    step.paths.push_back(*std::move(right));
    return Push(std::move(step));
  }

  const std::string_view text_;
  const int depth_;
  const bool blanks_in_names_;
  size_t at_ = 0;
  Steps steps_;
};

}  // namespace

std::optional<Steps> ParseJsonPathSteps(std::string_view text) { return Parser(text, 0).Parse(); }

}  // namespace pedia::apiserver
