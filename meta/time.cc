#include "meta/time.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <iterator>
#include <utility>

namespace pedia {
namespace {

// The decimal number in exactly `digits` characters at the front of `text`, which is cut.
std::optional<int> TakeDigits(std::string_view* text, size_t digits) {
  if (text->size() < digits) return {};
  int number = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char c = (*text)[i];
    if (c < '0' || c > '9') return {};
    number = number * 10 + (c - '0');
  }
  text->remove_prefix(digits);
  return number;
}

bool TakeChar(std::string_view* text, std::string_view any_of) {
  if (text->empty() || any_of.find(text->front()) == std::string_view::npos) return false;
  text->remove_prefix(1);
  return true;
}

// Seconds east of UTC from "Z" or "+02:00", which must be all that is left.
std::optional<int64_t> TakeZone(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6) return {};
  const int sign = text.front() == '-' ? -1 : 1;
  if (!TakeChar(&text, "+-")) return {};
  const auto hours = TakeDigits(&text, 2);
  if (!hours || *hours > 23 || !TakeChar(&text, ":")) return {};
  const auto minutes = TakeDigits(&text, 2);
  if (!minutes || *minutes > 59) return {};
  return sign * (*hours * 3600 + *minutes * 60);
}

}  // namespace

std::optional<int64_t> ParseRfc3339(std::string_view text) {
  const auto year = TakeDigits(&text, 4);
  if (!year || !TakeChar(&text, "-")) return {};
  const auto month = TakeDigits(&text, 2);
  if (!month || !TakeChar(&text, "-")) return {};
  const auto day = TakeDigits(&text, 2);
  if (!day || !TakeChar(&text, "Tt")) return {};
  const auto hour = TakeDigits(&text, 2);
  if (!hour || *hour > 23 || !TakeChar(&text, ":")) return {};
  const auto minute = TakeDigits(&text, 2);
  if (!minute || *minute > 59 || !TakeChar(&text, ":")) return {};
  const auto second = TakeDigits(&text, 2);
  if (!second || *second > 60) return {};
  if (TakeChar(&text, ".,")) {
    const size_t before = text.size();
    while (TakeChar(&text, "0123456789")) {
    }
    if (text.size() == before) return {};
  }
  const auto zone = TakeZone(text);
  if (!zone) return {};
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return {};
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86400 + *hour * 3600 + *minute * 60 + *second - *zone;
}

std::string FormatRfc3339(int64_t unix_seconds) {
  const std::time_t time = static_cast<std::time_t>(unix_seconds);
  std::tm utc{};
  gmtime_r(&time, &utc);
  char buffer[64];
  const size_t length = std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {buffer, length};
}

std::string HumanDuration(std::chrono::seconds duration) {
  const int64_t seconds = duration.count();
  const auto join = [](int64_t a, char unit_a, int64_t b, char unit_b) {
    std::string text = std::to_string(a) + unit_a;
    if (b != 0) text += std::to_string(b) + unit_b;
    return text;
  };
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return std::to_string(seconds) + "s";
  const int64_t minutes = seconds / 60;
  if (minutes < 10) return join(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return std::to_string(minutes) + "m";
  const int64_t hours = seconds / 3600;
  if (hours < 8) return join(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return std::to_string(hours) + "h";
  if (hours < 24 * 8) return join(hours / 24, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return std::to_string(hours / 24) + "d";
  if (hours < 24 * 365 * 8) return join(hours / 24 / 365, 'y', hours / 24 % 365, 'd');
  return std::to_string(hours / 24 / 365) + "y";
}

std::optional<std::chrono::milliseconds> ParseGoDuration(std::string_view text) {
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"ns", 1e-6}, {"us", 1e-3}, {"µs", 1e-3}, {"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}};
  if (text == "0") return std::chrono::milliseconds(0);
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    // "m" is also the beginning of "ms", which stands before it.
    const auto* unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                    [&](const auto& u) { return text.starts_with(u.first); });
    if (unit == std::end(kUnits)) return std::nullopt;
    text.remove_prefix(unit->first.size());
    total += number * unit->second;
  }
  if (!(total < 1e12)) return std::nullopt;
  return std::chrono::milliseconds(static_cast<int64_t>(std::ceil(total)));
}

int64_t UnixNow() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace pedia
