#include "policy/template_verb.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "policy/template_format.h"
#include "policy/template_literals.h"

namespace pedia::policy {
namespace {

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

}  // namespace

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

}  // namespace pedia::policy
