#include "policy/template_format.h"

#include <charconv>
#include <cstdlib>
#include <optional>

#include "policy/template_literals.h"
#include "policy/template_verb.h"

namespace pedia::policy {
namespace {

constexpr int kMaxPrecision = 400;  // A double has no more digits that mean something.

// fmt.Sprintf over one format.
class Formatter {
 public:
  Formatter(std::string_view format, Arguments values, TextBuilder* out)
      : rest_(format), values_(values), out_(*out) {}
  void Run();

 private:
  void PrintVerb();
  void ReadFlags(Verb* verb);
  // "[2]": the argument that comes next.
  void ReadIndex();
  // Digits, or a star for an argument; nothing if there is neither.
  std::optional<int> ReadNumber(std::string_view bad);
  void AddExtra();

  std::string_view rest_;
  Arguments values_;
  size_t next_ = 0;
  bool reordered_ = false;
  bool bad_index_ = false;
  TextBuilder& out_;
};

void Formatter::ReadFlags(Verb* verb) {
  for (; !rest_.empty(); rest_.remove_prefix(1)) {
    switch (rest_.front()) {
      case '-':
        verb->minus = true;
        break;
      case '+':
        verb->plus = true;
        break;
      case '#':
        verb->sharp = true;
        break;
      case ' ':
        verb->space = true;
        break;
      case '0':
        verb->zero = true;
        break;
      default:
        return;
    }
  }
}

void Formatter::ReadIndex() {
  if (!rest_.starts_with('[')) return;
  reordered_ = true;
  const size_t close = rest_.find(']');
  size_t index = 0;
  if (close != std::string_view::npos) {
    const auto [stop, error] = std::from_chars(rest_.data() + 1, rest_.data() + close, index);
    if (error != std::errc() || stop != rest_.data() + close) index = 0;
  }
  rest_.remove_prefix(close == std::string_view::npos ? 1 : close + 1);
  bad_index_ = index == 0 || index > values_.size();
  if (!bad_index_) next_ = index - 1;
}

std::optional<int> Formatter::ReadNumber(std::string_view bad) {
  constexpr int64_t kMost = 1'000'000;
  int64_t number = 0;
  if (rest_.starts_with('*')) {
    rest_.remove_prefix(1);
    const bool has = next_ < values_.size();
    const Value value = has ? values_[next_++] : Value();
    number = value.IsInteger() ? value.integer() : kMost + 1;
  } else {
    size_t digits = 0;
    while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') {
      if (number <= kMost) number = number * 10 + (rest_[digits] - '0');
      ++digits;
    }
    if (digits == 0) return std::nullopt;
    rest_.remove_prefix(digits);
  }
  if (number <= kMost && number >= -kMost) return static_cast<int>(number);
  out_.Add(bad);
  return std::nullopt;
}

void Formatter::PrintVerb() {
  Verb verb;
  bad_index_ = false;
  ReadFlags(&verb);
  ReadIndex();
  const std::optional<int> width = ReadNumber("%!(BADWIDTH)");
  verb.minus = verb.minus || width.value_or(0) < 0;
  verb.width = static_cast<size_t>(std::abs(width.value_or(0)));
  if (rest_.starts_with('.')) {
    rest_.remove_prefix(1);
    ReadIndex();
    const bool has_star = rest_.starts_with('*');
    verb.precision = ReadNumber("%!(BADPREC)");
    if (!verb.precision && !has_star) verb.precision = 0;
    if (verb.precision && *verb.precision < 0) verb.precision.reset();
  }
  ReadIndex();
  if (rest_.empty()) return out_.Add("%!(NOVERB)");
  const size_t length = FirstCharacter(rest_).length;
  const std::string_view name = rest_.substr(0, length);
  rest_.remove_prefix(length);
  verb.name = name[0];
  if (verb.name == '%') return out_.Add('%');
  if (bad_index_ || next_ >= values_.size()) {
    out_.Add("%!");
    out_.Add(name);
    return out_.Add(bad_index_ ? "(BADINDEX)" : "(MISSING)");
  }
  const Value& value = values_[next_++];
  if (verb.precision.value_or(0) > kMaxPrecision && value.kind() != Kind::kString) {
    out_.run().Fail("a precision is larger than 400");
    return;
  }
  if (length > 1 || verb.name == 'p' || (verb.name == 'v' && verb.sharp)) {
    out_.run().Fail("the format %" + std::string(verb.sharp ? "#" : "") + std::string(name) +
                    " is not supported");
    return;
  }
  if (verb.name == 'T') return verb.Pad(value.TypeName(), true, &out_);
  if (verb.name == 'v') verb.plus = false;
  verb.Print(value, &out_);
}

void Formatter::AddExtra() {
  out_.Add("%!(EXTRA ");
  for (size_t i = next_; i < values_.size(); ++i) {
    if (i > next_) out_.Add(", ");
    const Value& value = values_[i];
    if (!value.IsNil()) {
      out_.Add(value.TypeName());
      out_.Add('=');
    }
    AddValue(value.IsNil() ? Value::Nil() : value, &out_);
  }
  out_.Add(')');
}

void Formatter::Run() {
  while (!rest_.empty() && !out_.run().failed()) {
    const size_t percent = rest_.find('%');
    out_.Add(rest_.substr(0, percent));
    if (percent == std::string_view::npos) break;
    rest_.remove_prefix(percent + 1);
    PrintVerb();
  }
  if (!reordered_ && next_ < values_.size()) AddExtra();
}

}  // namespace

void AddValue(const Value& value, TextBuilder* out) { Verb().Print(value, out); }

void AddAll(Arguments values, TextBuilder* out) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && values[i].kind() != Kind::kString && values[i - 1].kind() != Kind::kString) {
      out->Add(' ');
    }
    AddValue(values[i], out);
  }
}

void AddFormatted(std::string_view format, Arguments values, TextBuilder* out) {
  Formatter(format, values, out).Run();
}

std::string_view TextOf(TemplateRun& run, const Value& value) {
  if (value.kind() == Kind::kString) return value.text();
  TextBuilder text(run);
  AddValue(value, &text);
  return text.Done().text();
}

}  // namespace pedia::policy
