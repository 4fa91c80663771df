// One verb of a format, as Go's package fmt has them, and the printing of a value by it.
// Source: pkg.go.dev/fmt. Private to policy.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "policy/template_run.h"

namespace pedia::policy {

struct Verb {
  bool minus = false, plus = false, sharp = false, space = false, zero = false;
  size_t width = 0;
  std::optional<int> precision;  // 0..400, but for texts.
  char name = 'v';

  void Print(const Value& value, TextBuilder* out) const;
  void Pad(std::string_view text, bool may_zero, TextBuilder* out) const;

 private:
  void PrintInteger(const Value& value, TextBuilder* out) const;
  void PrintFloat(const Value& value, TextBuilder* out) const;
  void PrintText(const Value& value, TextBuilder* out) const;
  void PrintCharacter(const Value& value, TextBuilder* out) const;
  void PrintContents(const Value& value, TextBuilder* out) const;
  void PrintBad(const Value& value, TextBuilder* out) const;
  // A number's text, "-12": its sign, `prefix`, zeros and digits.
  void PadNumber(std::string text, std::string_view prefix, TextBuilder* out) const;
};

}  // namespace pedia::policy
