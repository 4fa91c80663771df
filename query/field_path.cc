#include "query/field_path.h"

#include <algorithm>
#include <utility>

#include "query/label_syntax.h"
#include "query/strconv.h"

namespace pedia::query {
namespace {

constexpr size_t kMaxPathBytes = 1024;
constexpr size_t kMaxSteps = 32;
constexpr size_t kMaxIndexDigits = 9;

bool IsQuote(char c) { return c == '\'' || c == '"'; }
bool IsControl(char c) { return (c >= 0 && c < 0x20) || c == 0x7F; }
bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Whether `name` may stand between dots: what is not a qualified name needs quotes, and for "x/y"
// they are easier to read.
bool IsPlain(std::string_view name) {
  return LabelKeyProblem(name).empty() && name.find_first_of("./") == std::string_view::npos;
}

std::string NameText(const std::string& name, bool first) {
  if (IsPlain(name)) return first ? name : "." + name;
  const char quote = name.find('\'') == std::string::npos ? '\'' : '"';
  return std::string("[") + quote + name + quote + "]";
}

// Each function reads one rule of the grammar and returns what is wrong with it, "" if nothing.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::string Parse() {
    if (rest_.size() > kMaxPathBytes)
      return "a field path must be no more than " + std::to_string(kMaxPathBytes) + " bytes";
    if (std::string problem = First(); !problem.empty()) return problem;
    while (!rest_.empty()) {
      if (path_.steps.size() == kMaxSteps)
        return "a field path must have no more than " + std::to_string(kMaxSteps) + " fields";
      if (std::string problem = Next(); !problem.empty()) return problem;
    }
    return "";
  }

  FieldPath Take() { return std::move(path_); }

 private:
  std::string First() {
    if (rest_.starts_with('.') || rest_.starts_with('[')) return Next();
    return Name();
  }

  std::string Next() {
    const char c = rest_[0];
    if (c != '.' && c != '[') return "expected '.' or '[' after " + path_.Text();
    rest_.remove_prefix(1);
    return c == '.' ? Name() : Bracket();
  }

  // "spec", "'a.b'", "\"a.b\"".
  std::string Name() {
    if (!rest_.empty() && IsQuote(rest_[0])) return Quoted();
    const std::string_view name = Cut(std::min(rest_.find_first_of(".["), rest_.size()));
    if (name.empty()) return "empty field name";
    if (const std::string why = LabelKeyProblem(name); !why.empty())
      return Before() + "Invalid value: " + QuoteShort(name) + ": " + why;
    Add({FieldStep::Kind::kMember, std::string(name), 0});
    return "";
  }

  std::string Quoted() {
    const char quote = rest_[0];
    rest_.remove_prefix(1);
    const size_t end = rest_.find(quote);
    if (end == std::string_view::npos) return std::string("not found closing ") + quote;
    const std::string_view name = Cut(end);
    rest_.remove_prefix(1);
    if (name.empty()) return "empty field name";
    if (std::any_of(name.begin(), name.end(), IsControl))
      return "a field name has no control characters";
    Add({FieldStep::Kind::kMember, std::string(name), 0});
    return "";
  }

  // What follows '[': "]", "*]", "0]", "'a.b']".
  std::string Bracket() {
    if (!rest_.empty() && IsQuote(rest_[0])) {
      if (std::string problem = Quoted(); !problem.empty()) return problem;
      if (!rest_.starts_with(']')) return "not found ']'";
      rest_.remove_prefix(1);
      return "";
    }
    const size_t end = rest_.find(']');
    if (end == std::string_view::npos) return "not found ']'";
    const std::string_view inside = Cut(end);
    rest_.remove_prefix(1);
    return Element(inside);
  }

  std::string Element(std::string_view inside) {
    if (path_.steps.empty()) return "empty [], not found list field";
    if (inside.empty() || inside == "*") {
      Add({FieldStep::Kind::kAnyElement, "", 0});
      return "";
    }
    if (!IsDigits(inside)) {
      const std::string name(inside);
      return path_.Text() + "[<index>] list index invalid. if " + name +
             " is a field, please use ['" + name + "'] or .'" + name + "'";
    }
    if (inside.size() > kMaxIndexDigits)
      return path_.Text() + "[<index>] list index invalid: it is too large";
    size_t index = 0;
    for (const char c : inside) index = index * 10 + static_cast<size_t>(c - '0');
    Add({FieldStep::Kind::kElement, "", index});
    return "";
  }

  // The path up to here, for messages: "spec.a: ".
  std::string Before() const { return path_.steps.empty() ? "" : path_.Text() + ": "; }

  std::string_view Cut(size_t length) {
    const std::string_view text = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return text;
  }

  void Add(FieldStep step) { path_.steps.push_back(std::move(step)); }

  std::string_view rest_;
  FieldPath path_;
};

}  // namespace

std::string FieldPath::Text() const {
  std::string text;
  for (const FieldStep& step : steps) {
    switch (step.kind) {
      case FieldStep::Kind::kMember:
        text += NameText(step.name, text.empty());
        break;
      case FieldStep::Kind::kAnyElement:
        text += "[]";
        break;
      case FieldStep::Kind::kElement:
        text += "[" + std::to_string(step.index) + "]";
        break;
    }
  }
  return text;
}

std::optional<std::string> FieldPath::LabelKey() const {
  const bool members = std::all_of(steps.begin(), steps.end(), [](const FieldStep& step) {
    return step.kind == FieldStep::Kind::kMember;
  });
  if (!members || steps.size() != 3 || steps[0].name != "metadata" || steps[1].name != "labels")
    return std::nullopt;
  return steps[2].name;
}

bool FieldPath::HasOneValue() const {
  return std::none_of(steps.begin(), steps.end(), [](const FieldStep& step) {
    return step.kind == FieldStep::Kind::kAnyElement;
  });
}

Result<FieldPath> ParseFieldPath(std::string_view where, std::string_view text) {
  Parser parser(text);
  if (const std::string why = parser.Parse(); !why.empty())
    return BadRequest(std::string(where) + ": " + QuoteShort(text) + ": " + why);
  return parser.Take();
}

}  // namespace pedia::query
