#include "policy/template_operations.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "policy/template_literals.h"

namespace pedia::policy {
namespace {

bool AreListsEqual(TemplateRun& run, const List& a, const List& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!IsDeepEqual(run, a[i], b[i])) return false;
  }
  return true;
}

bool AreMapsEqual(TemplateRun& run, const Map& a, const Map& b) {
  if (a.size() != b.size()) return false;
  auto other = b.begin();
  for (const auto& [key, value] : a) {
    if (key != other->first || !IsDeepEqual(run, value, other->second)) return false;
    ++other;
  }
  return true;
}

int64_t Truncate(double value) {
  constexpr double kLimit = 9223372036854775808.0;
  // Go on amd64 gives the least number for what does not fit.
  if (!(value >= -kLimit && value < kLimit)) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(value);
}

}  // namespace

bool IsDeepEqual(TemplateRun& run, const Value& a, const Value& b) {
  const TemplateRun::Level level(run);
  if (!run.Step(std::min(a.Size(), b.Size()))) return false;
  if (a.IsNil() || b.IsNil()) return a.IsNil() && b.IsNil();
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kFloat:
      return a.real() == b.real();
    case Kind::kString:
      return a.text() == b.text();
    case Kind::kList:
      return AreListsEqual(run, a.list(), b.list());
    case Kind::kMap:
      return AreMapsEqual(run, a.map(), b.map());
    default:
      return a.integer() == b.integer();
  }
}

Value CopyDeep(TemplateRun& run, const Value& value) {
  const TemplateRun::Level level(run);
  if (!run.Step(value.Size())) return {};
  if (value.kind() == Kind::kList) {
    List elements;
    for (const Value& element : value.list()) {
      elements.push_back(CopyDeep(run, element));
      if (run.failed()) return {};
    }
    return run.NewList(std::move(elements));
  }
  if (value.kind() != Kind::kMap) return value;
  Map* copy = run.NewMap();
  for (const auto& [key, member] : value.map()) {
    run.Set(*copy, key, CopyDeep(run, member));
    if (run.failed()) return {};
  }
  return Value::Of(copy);
}

int64_t ToInteger(const Value& value) {
  switch (value.kind()) {
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kInt64:
      return value.integer();
    case Kind::kFloat:
      return Truncate(value.real());
    case Kind::kString: {
      // "3.00" is 3, "3.5" is nothing.
      std::string_view text = value.text();
      const size_t point = text.find('.');
      if (point != std::string_view::npos && point > 0 &&
          text.find_first_not_of('0', point + 1) == std::string_view::npos) {
        text = text.substr(0, point);
      }
      const std::optional<Value> number = ReadNumber(text);
      return number && number->kind() == Kind::kInt ? number->integer() : 0;
    }
    default:
      return 0;
  }
}

double ToFloat(const Value& value) {
  if (value.kind() == Kind::kFloat) return value.real();
  if (value.kind() != Kind::kString) return static_cast<double>(ToInteger(value));
  std::string_view text = value.text();
  if (text.starts_with('+')) text.remove_prefix(1);
  double real = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, real);
  return error == std::errc() && stop == end ? real : 0;
}

}  // namespace pedia::policy
