#include "tests/testing/exposition.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <set>
#include <utility>

namespace pedia::testing {
namespace {

using Families = std::map<std::string, ExposedFamily>;

bool IsNameByte(char c, bool first, bool colon) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  return letter || (colon && c == ':') || (!first && c >= '0' && c <= '9');
}

std::string TakeName(std::string_view* text, bool colon) {
  size_t size = 0;
  while (size < text->size() && IsNameByte((*text)[size], size == 0, colon)) ++size;
  std::string name(text->substr(0, size));
  text->remove_prefix(size);
  return name;
}

std::optional<double> ParseValue(std::string_view text) {
  const std::string copy(text);
  if (copy == "+Inf" || copy == "Inf") return std::numeric_limits<double>::infinity();
  if (copy == "NaN") return std::nan("");
  if (copy.empty() || copy.find_first_not_of("0123456789.eE+-") != std::string::npos)
    return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);
  if (*end != '\0') return std::nullopt;
  return value;
}

struct Sample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;

  std::string Without(std::string_view label) const {
    std::string key = "{";
    for (const auto& [one, text] : labels) {
      if (one != label) key += (key.size() > 1 ? "," : "") + one + "=\"" + text + "\"";
    }
    return key + "}";
  }
  std::optional<std::string> Find(std::string_view label) const {
    for (const auto& [one, text] : labels) {
      if (one == label) return text;
    }
    return std::nullopt;
  }
};

// What stands between the quotes of a label, as it stands there.
bool TakeQuoted(std::string_view* text, std::string* value) {
  if (!text->starts_with('"')) return false;
  for (size_t i = 1; i < text->size(); ++i) {
    const char c = (*text)[i];
    if (c == '\\') {
      if (++i == text->size() || std::string_view("\\\"n").find((*text)[i]) == std::string::npos)
        return false;
    } else if (c == '"') {
      *value = text->substr(1, i - 1);
      text->remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

bool TakeLabels(std::string_view* text, Sample* sample) {
  std::set<std::string> seen;
  text->remove_prefix(1);
  while (!text->starts_with('}')) {
    auto& [name, value] = sample->labels.emplace_back();
    name = TakeName(text, false);
    if (name.empty() || !seen.insert(name).second || !text->starts_with('=')) return false;
    text->remove_prefix(1);
    if (!TakeQuoted(text, &value)) return false;
    if (text->starts_with(',')) {
      text->remove_prefix(1);
    } else if (!text->starts_with('}')) {
      return false;
    }
  }
  text->remove_prefix(1);
  return true;
}

std::optional<Sample> ParseSample(std::string_view line) {
  Sample sample;
  sample.name = TakeName(&line, true);
  if (sample.name.empty()) return std::nullopt;
  if (line.starts_with('{') && !TakeLabels(&line, &sample)) return std::nullopt;
  if (!line.starts_with(' ')) return std::nullopt;
  const std::optional<double> value = ParseValue(line.substr(1));
  if (!value) return std::nullopt;
  sample.value = *value;
  return sample;
}

// One series of a histogram while its lines come.
struct Buckets {
  double bound = -std::numeric_limits<double>::infinity();
  double count = 0;
  std::optional<double> total;
};

class Parser {
 public:
  Result<Families> Parse(std::string_view text) {
    if (!text.empty() && !text.ends_with('\n')) return BadRequest("the last line has no end");
    while (!text.empty()) {
      const size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end + 1);
      if (!TakeLine(line)) return BadRequest("'" + std::string(line) + "'");
    }
    if (!EndFamily()) return BadRequest("the histogram " + current_);
    return std::move(families_);
  }

 private:
  bool TakeLine(std::string_view line) {
    if (line.starts_with("# HELP ")) return TakeHelp(line.substr(7));
    if (line.starts_with("# TYPE ")) return TakeType(line.substr(7));
    if (line.empty() || line.starts_with('#')) return false;
    const std::optional<Sample> sample = ParseSample(line);
    return sample && TakeSample(*sample, line);
  }

  bool Begin(const std::string& name) {
    if (name.empty() || families_.contains(name) || !EndFamily()) return false;
    current_ = name;
    families_[name];
    return true;
  }

  bool TakeHelp(std::string_view line) {
    const std::string name = TakeName(&line, true);
    if (!line.starts_with(' ') || !Begin(name)) return false;
    families_[name].help = line.substr(1);
    return true;
  }

  bool TakeType(std::string_view line) {
    const std::string name = TakeName(&line, true);
    if (!line.starts_with(' ') || (name != current_ && !Begin(name))) return false;
    ExposedFamily& family = families_[name];
    if (!family.type.empty() || !family.samples.empty()) return false;
    family.type = line.substr(1);
    return std::set<std::string>{"counter", "gauge", "histogram", "summary", "untyped"}.contains(
        family.type);
  }

  bool TakeSample(const Sample& sample, std::string_view line) {
    const auto found = families_.find(current_);
    if (found == families_.end() || found->second.type.empty()) return false;
    ExposedFamily& family = found->second;
    if (!family.samples.emplace(line.substr(0, line.rfind(' ')), sample.value).second) return false;
    if (family.type == "histogram") return TakeHistogram(sample);
    if (family.type == "counter" && !(sample.value >= 0)) return false;
    return sample.name == current_;
  }

  bool TakeHistogram(const Sample& sample) {
    Buckets& series = buckets_[sample.Without("le")];
    if (sample.name == current_ + "_sum") return true;
    if (sample.name == current_ + "_count") {
      series.total = sample.value;
      return true;
    }
    const auto le = sample.Find("le");
    const auto bound = le ? ParseValue(*le) : std::nullopt;
    if (sample.name != current_ + "_bucket" || !bound || *bound <= series.bound ||
        sample.value < series.count)
      return false;
    series.bound = *bound;
    series.count = sample.value;
    return true;
  }

  bool EndFamily() {
    for (const auto& [labels, series] : std::exchange(buckets_, {})) {
      if (!std::isinf(series.bound) || series.total != series.count) return false;
    }
    return true;
  }

  Families families_;
  std::string current_;
  std::map<std::string, Buckets> buckets_;  // Of the current family.
};

}  // namespace

Result<Families> ParseExposition(std::string_view text) { return Parser().Parse(text); }

}  // namespace pedia::testing
