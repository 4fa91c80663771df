// TypedText: what a field's text means where values are ordered: a number, a time or a plain text.
// Written from Kubernetes' documents on quantities and from RFC 3339 alone: the oracle of
// query/typed_value.h. Exact: numbers are decimal digits, never floats.
#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace pedia::oracle {

// In this order: all numbers, all times, all texts.
enum class TextKind { kNumber, kTime, kText };

struct TypedText {
  explicit TypedText(std::string_view text);

  TextKind kind = TextKind::kText;
  // kNumber: 0.DIGITS * 10^exponent, digits without zeros around them ("" is zero).
  // kTime: exponent holds Unix seconds, digits the fraction.
  // kText: digits is the text.
  bool negative = false;
  int64_t exponent = 0;
  std::string digits;

  std::weak_ordering operator<=>(const TypedText& other) const;
  bool operator==(const TypedText& other) const = default;
};

}  // namespace pedia::oracle
