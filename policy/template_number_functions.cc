// Numbers and arithmetic, which wraps around as Go's does.
#include <charconv>
#include <cmath>
#include <cstdint>

#include "policy/template_functions.h"
#include "policy/template_operations.h"

namespace pedia::policy {
namespace {

int64_t Wrap(uint64_t value) { return static_cast<int64_t>(value); }
uint64_t Bits(const Value& value) { return static_cast<uint64_t>(ToInteger(value)); }

Value ToInt(TemplateRun&, Arguments arguments) { return Value::Int(ToInteger(arguments[0])); }
Value ToInt64(TemplateRun&, Arguments arguments) { return Value::Int64(ToInteger(arguments[0])); }
Value ToFloat64(TemplateRun&, Arguments arguments) { return Value::Float(ToFloat(arguments[0])); }

Value Atoi(TemplateRun&, Arguments arguments) {
  std::string_view text = arguments[0].text();
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return Value::Int(error == std::errc() && stop == end ? number : 0);
}

Value Add(TemplateRun&, Arguments arguments) {
  uint64_t sum = 0;
  for (const Value& value : arguments) sum += Bits(value);
  return Value::Int64(Wrap(sum));
}

Value AddOne(TemplateRun&, Arguments arguments) {
  return Value::Int64(Wrap(Bits(arguments[0]) + 1));
}

Value Sub(TemplateRun&, Arguments arguments) {
  return Value::Int64(Wrap(Bits(arguments[0]) - Bits(arguments[1])));
}

Value Mul(TemplateRun&, Arguments arguments) {
  uint64_t product = 1;
  for (const Value& value : arguments) product *= Bits(value);
  return Value::Int64(Wrap(product));
}

Value Div(TemplateRun& run, Arguments arguments) {
  const int64_t divisor = ToInteger(arguments[1]);
  if (divisor == 0) return run.Fail("integer divide by zero");
  if (divisor == -1) return Value::Int64(Wrap(0 - Bits(arguments[0])));
  return Value::Int64(ToInteger(arguments[0]) / divisor);
}

Value Mod(TemplateRun& run, Arguments arguments) {
  const int64_t divisor = ToInteger(arguments[1]);
  if (divisor == 0) return run.Fail("integer divide by zero");
  return Value::Int64(divisor == -1 ? 0 : ToInteger(arguments[0]) % divisor);
}

template <bool kGreatest>
Value Extreme(TemplateRun&, Arguments arguments) {
  int64_t best = ToInteger(arguments[0]);
  for (const Value& value : arguments.subspan(1)) {
    const int64_t other = ToInteger(value);
    if (kGreatest ? other > best : other < best) best = other;
  }
  return Value::Int64(best);
}

Value Floor(TemplateRun&, Arguments arguments) {
  return Value::Float(std::floor(ToFloat(arguments[0])));
}

Value Ceil(TemplateRun&, Arguments arguments) {
  return Value::Float(std::ceil(ToFloat(arguments[0])));
}

Value Round(TemplateRun&, Arguments arguments) {
  const double scale = std::pow(10.0, static_cast<double>(arguments[1].integer()));
  const double scaled = ToFloat(arguments[0]) * scale;
  const double fraction = scaled - std::trunc(scaled);
  const double limit = arguments.size() > 2 ? ToFloat(arguments[2]) : .5;
  return Value::Float((fraction >= limit ? std::ceil(scaled) : std::floor(scaled)) / scale);
}

// The numbers from `start` up or down to, but without, `stop`.
Value Numbers(TemplateRun& run, int64_t start, int64_t stop, int64_t step) {
  List numbers;
  while (step > 0 ? start < stop : step < 0 && start > stop) {
    if (!run.Step(64)) return {};
    numbers.push_back(Value::Int(start));
    if (__builtin_add_overflow(start, step, &start)) break;
  }
  return run.NewList(std::move(numbers));
}

Value Until(TemplateRun& run, Arguments arguments) {
  const int64_t count = arguments[0].integer();
  return Numbers(run, 0, count, count < 0 ? -1 : 1);
}

Value UntilStep(TemplateRun& run, Arguments arguments) {
  return Numbers(run, arguments[0].integer(), arguments[1].integer(), arguments[2].integer());
}

constexpr Function kFunctions[] = {
    {"int", "a", ToInt},
    {"int64", "a", ToInt64},
    {"float64", "a", ToFloat64},
    {"atoi", "s", Atoi},
    {"add", "*a", Add},
    {"add1", "a", AddOne},
    {"sub", "aa", Sub},
    {"mul", "a*a", Mul},
    {"div", "aa", Div},
    {"mod", "aa", Mod},
    {"max", "a*a", Extreme<true>},
    {"biggest", "a*a", Extreme<true>},
    {"min", "a*a", Extreme<false>},
    {"floor", "a", Floor},
    {"ceil", "a", Ceil},
    {"round", "ai*a", Round},
    {"until", "i", Until},
    {"untilStep", "iii", UntilStep},
};

}  // namespace

std::span<const Function> NumberFunctions() { return kFunctions; }

}  // namespace pedia::policy
