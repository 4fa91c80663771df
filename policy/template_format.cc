#include "policy/template_format.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "policy/template_literals.h"

namespace pedia::policy {
namespace {

constexpr int kMaxPrecision = 400;  // A double has no more digits that mean something.

// The most important of the characters that Go does not print: spaces, controls, marks of
// direction, private ones.
bool IsPrintable(uint32_t c) {
  if (c < 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0xAD) return false;
  if ((c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F)) return false;
  return (c < 0x205F || c > 0x206F) && c != 0x3000 && c != 0xFEFF && (c < 0xE000 || c > 0xF8FF);
}

void AddHex(uint32_t value, int digits, TextBuilder* out) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out->Add("0123456789abcdef"[(value >> shift) & 15]);
  }
}

// Digits and exponent as %g needs them, where `precision` is -1 for as many as it takes.
std::string FloatText(double value, char verb, int precision) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 800> buffer;
  const auto write = [&](std::chars_format format, int digits) {
    const auto end = digits < 0
                         ? std::to_chars(buffer.begin(), buffer.end(), value, format)
                         : std::to_chars(buffer.begin(), buffer.end(), value, format, digits);
    return std::string(buffer.begin(), end.ptr);
  };
  if (verb == 'e') return write(std::chars_format::scientific, precision);
  if (verb == 'f') return write(std::chars_format::fixed, precision);
  if (precision >= 0) return write(std::chars_format::general, precision);
  const std::string scientific = write(std::chars_format::scientific, -1);
  const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
  // How Go decides when nobody asked for a precision.
  return exponent < -4 || exponent >= 6 ? scientific : write(std::chars_format::fixed, -1);
}

size_t CountCharacters(std::string_view text) {
  size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(FirstCharacter(text).length);
  return count;
}

std::string_view FirstCharacters(std::string_view text, size_t count) {
  std::string_view rest = text;
  for (; count > 0 && !rest.empty(); --count) rest.remove_prefix(FirstCharacter(rest).length);
  return text.substr(0, text.size() - rest.size());
}

// One verb of a format with its flags, and the printing of a value by it.
struct Verb {
  bool minus = false, plus = false, sharp = false, space = false, zero = false;
  size_t width = 0;
  std::optional<int> precision;
  char name = 'v';

  void Print(const Value& value, TextBuilder* out) const;
  void PrintInteger(const Value& value, TextBuilder* out) const;
  void PrintFloat(const Value& value, TextBuilder* out) const;
  void PrintText(const Value& value, TextBuilder* out) const;
  void PrintCharacter(const Value& value, TextBuilder* out) const;
  void PrintContents(const Value& value, TextBuilder* out) const;
  void PrintBad(const Value& value, TextBuilder* out) const;
  void Pad(std::string_view text, bool may_zero, TextBuilder* out) const;
  // A number's text, "-12": its sign, `prefix`, zeros and digits.
  void PadNumber(std::string text, std::string_view prefix, TextBuilder* out) const;
};

void Verb::Pad(std::string_view text, bool may_zero, TextBuilder* out) const {
  const size_t length = width == 0 ? 0 : CountCharacters(text);
  const size_t missing = width > length ? width - length : 0;
  if (!minus) out->AddRepeated(zero && may_zero ? '0' : ' ', missing);
  out->Add(text);
  if (minus) out->AddRepeated(' ', missing);
}

void Verb::PadNumber(std::string text, std::string_view prefix, TextBuilder* out) const {
  std::string sign = plus ? "+" : space ? " " : "";
  if (text.starts_with('-') || text.starts_with('+')) {
    if (text[0] == '-' || plus) sign = text.substr(0, 1);
    text.erase(0, 1);
  }
  sign += prefix;
  const size_t length = sign.size() + text.size();
  if (zero && !minus && !precision && width > length && width <= TemplateRun::kMaxText) {
    text.insert(0, width - length, '0');
  }
  Pad(sign + text, false, out);
}

void Verb::PrintBad(const Value& value, TextBuilder* out) const {
  out->Add("%!");
  out->Add(name);
  out->Add('(');
  if (!value.IsNil()) {
    out->Add(value.TypeName());
    out->Add('=');
  }
  AddValue(value.IsNil() ? Value::Nil() : value, out);
  out->Add(')');
}

void Verb::PrintCharacter(const Value& value, TextBuilder* out) const {
  std::string text;
  const int64_t code = value.integer();
  AppendUtf8(code < 0 || code > 0x10FFFF ? 0xFFFD : static_cast<uint32_t>(code), &text);
  if (name == 'c') return Pad(text, true, out);
  TextBuilder quoted(out->run());
  AddQuoted(text, &quoted);
  std::string inside = quoted.Take();
  if (inside.size() < 2) return;
  if (inside == "\"\\\"\"") inside = "\"\"\"";
  if (inside == "\"'\"") inside = "\"\\'\"";
  inside.front() = inside.back() = '\'';
  Pad(inside, true, out);
}

void Verb::PrintInteger(const Value& value, TextBuilder* out) const {
  if (name == 'c' || name == 'q') return PrintCharacter(value, out);
  const int base = name == 'b'                                 ? 2
                   : name == 'o' || name == 'O'                ? 8
                   : name == 'x' || name == 'X' || name == 'U' ? 16
                                                               : 10;
  if (base == 10 && name != 'd' && name != 'v') return PrintBad(value, out);
  std::array<char, 80> buffer;
  const auto end = std::to_chars(buffer.begin(), buffer.end(), value.integer(), base);
  std::string text(buffer.begin(), end.ptr);
  const size_t sign = text.starts_with('-') ? 1 : 0;
  const auto least = static_cast<size_t>(precision.value_or(name == 'U' ? 4 : 0));
  if (text.size() - sign < least) text.insert(sign, least - (text.size() - sign), '0');
  if (name == 'X' || name == 'U') {
    for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  }
  std::string_view prefix;
  if (name == 'U') prefix = "U+";
  if (name == 'O') prefix = "0o";
  if (sharp && name == 'b') prefix = "0b";
  if (sharp && name == 'o') prefix = "0";
  if (sharp && base == 16 && name != 'U') prefix = name == 'x' ? "0x" : "0X";
  PadNumber(std::move(text), prefix, out);
}

void Verb::PrintFloat(const Value& value, TextBuilder* out) const {
  char verb = name;
  if (verb == 'v') verb = 'g';
  const bool upper = verb == 'E' || verb == 'G';
  if (verb == 'E' || verb == 'F' || verb == 'G') verb = static_cast<char>(verb + 32);
  if (verb != 'e' && verb != 'f' && verb != 'g') return PrintBad(value, out);
  std::string text = FloatText(value.real(), verb, precision.value_or(verb == 'g' ? -1 : 6));
  if (upper) {
    for (char& c : text) c = c == 'e' ? 'E' : c;
  }
  Verb number = *this;
  number.precision.reset();
  number.zero = zero && std::isfinite(value.real());
  number.PadNumber(std::move(text), "", out);
}

void Verb::PrintText(const Value& value, TextBuilder* out) const {
  std::string_view text = value.text();
  TextBuilder changed(out->run());
  switch (name) {
    case 'v':
    case 's':
      if (precision) text = FirstCharacters(text, static_cast<size_t>(*precision));
      return Pad(text, true, out);
    case 'q':
      if (precision) text = FirstCharacters(text, static_cast<size_t>(*precision));
      AddQuoted(text, &changed);
      return Pad(changed.text(), true, out);
    case 'x':
    case 'X':
      if (precision) text = text.substr(0, static_cast<size_t>(*precision));
      for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const char* digits = name == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
        changed.Add(digits[byte >> 4]);
        changed.Add(digits[byte & 15]);
      }
      return Pad(changed.text(), true, out);
    default:
      return PrintBad(value, out);
  }
}

void Verb::PrintContents(const Value& value, TextBuilder* out) const {
  const bool is_map = value.kind() == Kind::kMap;
  out->Add(is_map ? "map[" : "[");
  bool first = true;
  const auto separate = [&] {
    if (!first) out->Add(' ');
    first = false;
  };
  if (is_map) {
    for (const auto& [key, member] : value.map()) {
      if (out->run().failed()) return;
      separate();
      Print(Value::Text(key), out);
      out->Add(':');
      Print(member.IsNil() ? Value::Nil() : member, out);
    }
  } else {
    for (const Value& element : value.list()) {
      if (out->run().failed()) return;
      separate();
      Print(element.IsNil() ? Value::Nil() : element, out);
    }
  }
  out->Add(']');
}

void Verb::Print(const Value& value, TextBuilder* out) const {
  const TemplateRun::Level level(out->run());
  if (!out->run().Step()) return;
  switch (value.kind()) {
    case Kind::kMissing:
      return;
    case Kind::kNil:
      return name == 'v' ? Pad("<nil>", true, out) : PrintBad(value, out);
    case Kind::kBool:
      if (name != 'v' && name != 't') return PrintBad(value, out);
      return Pad(value.boolean() ? "true" : "false", true, out);
    case Kind::kInt:
    case Kind::kInt64:
      return PrintInteger(value, out);
    case Kind::kFloat:
      return PrintFloat(value, out);
    case Kind::kString:
      return PrintText(value, out);
    case Kind::kList:
    case Kind::kMap:
      return PrintContents(value, out);
  }
}

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

void AddQuoted(std::string_view text, TextBuilder* out) {
  constexpr std::string_view kSpecial = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view kNames = "abfnrtv\\\"";
  out->Add('"');
  while (!text.empty() && !out->run().failed()) {
    const Character character = FirstCharacter(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    const bool broken = character.length == 1 && byte >= 0x80;
    if (const size_t at = kSpecial.find(text[0]); at != std::string_view::npos) {
      out->Add('\\');
      out->Add(kNames[at]);
    } else if (broken || byte < 0x20 || byte == 0x7F) {
      out->Add("\\x");
      AddHex(byte, 2, out);
    } else if (!IsPrintable(character.code)) {
      out->Add(character.code > 0xFFFF ? "\\U" : "\\u");
      AddHex(character.code, character.code > 0xFFFF ? 8 : 4, out);
    } else {
      out->Add(text.substr(0, character.length));
    }
    text.remove_prefix(character.length);
  }
  out->Add('"');
}

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
