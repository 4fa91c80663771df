#include "apiserver/json_path.h"

#include <charconv>
#include <utility>
#include <variant>

#include "apiserver/json_path_parser.h"
#include "apiserver/table_cells.h"
#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

using Step = JsonPath::Step;
using Steps = JsonPath::Steps;
using Values = std::vector<std::string_view>;  // JSON texts.
using Scalar = std::variant<std::monostate, bool, int64_t, double, std::string>;

constexpr size_t kMaxText = 1024;

template <typename Number>
bool ReadNumber(std::string_view raw, Number* number) {
  const char* end = raw.data() + raw.size();
  const auto [at, error] = std::from_chars(raw.data(), end, *number);
  return error == std::errc() && at == end;
}

// Nothing of null, objects and arrays, which do not compare.
Scalar ReadScalar(std::string_view raw) {
  if (raw.starts_with('"')) return Text(raw);
  if (raw == "true" || raw == "false") return raw == "true";
  int64_t integer = 0;
  if (ReadNumber(raw, &integer)) return integer;
  double real = 0;
  if (ReadNumber(raw, &real)) return real;
  return {};
}

// Nothing if the two do not compare that way: different types, or an order of booleans.
std::optional<bool> Compare(std::string_view raw_left, std::string_view relation,
                            std::string_view raw_right) {
  const Scalar left = ReadScalar(raw_left);
  const Scalar right = ReadScalar(raw_right);
  if (left.index() != right.index() || left.index() == 0) return {};
  if (relation == "==") return left == right;
  if (relation == "!=") return left != right;
  if (std::holds_alternative<bool>(left)) return {};
  if (relation == "<") return left < right;
  if (relation == "<=") return left <= right;
  if (relation == ">") return left > right;
  return left >= right;
}

// The steps take all values that the ones before have found, in their order. False ends the whole
// evaluation: the path does not fit, or the budget is spent.
class Evaluation {
 public:
  explicit Evaluation(JsonPathBudget* budget) : budget_(budget) {}

  bool Run(const Steps& steps, Values* values) {
    Values found;
    for (const Step& step : steps) {
      found.clear();
      if (!Apply(step, *values, &found)) return false;
      values->swap(found);
    }
    return true;
  }

 private:
  bool Spend(size_t bytes) {
    if (*budget_ <= bytes) {
      *budget_ = 0;
      return false;
    }
    *budget_ -= bytes;
    return true;
  }

  bool Apply(const Step& step, const Values& values, Values* found) {
    switch (step.kind) {
      case Step::Kind::kSlice:
        return Slice(step, values, found);
      case Step::Kind::kUnion:
        return Union(step, values, found);
      case Step::Kind::kLiteral:
        if (!step.text.starts_with('"')) {
          found->assign(values.size(), step.text);
        } else {
          found->push_back(step.text);
        }
        return Spend(values.size());
      default:
        break;
    }
    for (const std::string_view value : values) {
      if (!Spend(value.size()) || !ApplyToOne(step, value, found)) return false;
    }
    return true;
  }

  bool ApplyToOne(const Step& step, std::string_view value, Values* found) {
    switch (step.kind) {
      case Step::Kind::kMember:
        Member(step.text, value, found);
        return true;
      case Step::Kind::kWildcard:
        Children(value, found);
        return true;
      case Step::Kind::kDescendants:
        return Descendants(value, found);
      default:
        return Filter(step, value, found);
    }
  }

  static void Member(std::string_view name, std::string_view value, Values* found) {
    if (!value.starts_with('{')) return;
    std::string_view last;
    JsonReader reader(value);
    reader.BeginObject();
    for (std::string_view key; reader.NextMember(&key);) {
      const bool is_it = reader.had_escapes() ? DecodeJsonString(key) == name : key == name;
      const std::string_view member = reader.Skip();
      if (is_it) last = member;
    }
    if (!last.empty()) found->push_back(last);
  }

  static void Children(std::string_view value, Values* found) {
    if (value.starts_with('{')) {
      ForEachMember(value,
                    [&](std::string_view, std::string_view member) { found->push_back(member); });
    } else if (value.starts_with('[')) {
      ForEachElement(value, [&](std::string_view element) { found->push_back(element); });
    }
  }

  bool Descendants(std::string_view value, Values* found) {
    Values children;
    Children(value, &children);
    if (children.empty()) return true;
    found->push_back(value);
    for (const std::string_view child : children) {
      if (!Spend(child.size()) || !Descendants(child, found)) return false;
    }
    return true;
  }

  // A path without a result at an array of the length asked for (an empty one for [*]) ends the
  // step, whatever values follow: so it does in Kubernetes.
  bool Slice(const Step& step, const Values& values, Values* found) {
    for (const std::string_view value : values) {
      if (!Spend(value.size())) return false;
      if (value == "null") continue;
      if (!value.starts_with('[')) return false;
      Values elements;
      Children(value, &elements);
      const auto length = static_cast<int64_t>(elements.size());
      int64_t from = step.from.value_or(0);
      int64_t to = step.to.value_or(step.single ? from + 1 : length);
      if (from < 0) from += length;
      if (to < 0 || (to == 0 && step.single)) to += length;
      if (from == to) return true;
      if (from < 0 || from >= length || to < 0 || to > length || from > to) return false;
      const int64_t stride = step.stride.value_or(1);
      if (stride <= 0) return false;
      for (; from < to; from += stride) found->push_back(elements[static_cast<size_t>(from)]);
    }
    return true;
  }

  bool Union(const Step& step, const Values& values, Values* found) {
    for (const Steps& path : step.paths) {
      if (!Spend(values.size())) return false;
      Values some = values;
      if (!Run(path, &some)) return false;
      found->insert(found->end(), some.begin(), some.end());
    }
    return true;
  }

  bool Filter(const Step& step, std::string_view value, Values* found) {
    if (!value.starts_with('[')) return false;
    Values elements;
    Children(value, &elements);
    for (const std::string_view element : elements) {
      const std::optional<bool> passes = Passes(step, element);
      if (!passes) return false;
      if (*passes) found->push_back(element);
    }
    return true;
  }

  // Nothing if that cannot be said.
  std::optional<bool> Passes(const Step& step, std::string_view element) {
    Values left = {element};
    Values right = {element};
    const bool fits = Run(step.paths[0], &left);
    if (step.text.empty()) {
      if (*budget_ == 0) return {};
      return !fits || !left.empty();  // Kubernetes takes a path that does not fit for existing.
    }
    if (!fits || left.size() > 1) return {};
    if (left.empty()) return false;
    if (!Run(step.paths[1], &right) || right.size() > 1) return {};
    if (right.empty()) return false;
    return Compare(left[0], step.text, right[0]);
  }

  JsonPathBudget* const budget_;
};

}  // namespace

Result<JsonPath> JsonPath::Parse(std::string_view text) {
  std::optional<Steps> steps;
  if (text.size() <= kMaxText) steps = ParseJsonPathSteps(text);
  if (!steps) return BadRequest("invalid JSONPath: " + JsonString(text.substr(0, kMaxText)));
  JsonPath path;
  auto rest = steps->begin();
  for (; rest != steps->end() && rest->kind == Step::Kind::kMember; ++rest)
    path.members_.push_back(std::move(rest->text));
  path.steps_.assign(std::make_move_iterator(rest), std::make_move_iterator(steps->end()));
  return path;
}

std::string_view JsonPath::FindFirst(std::string_view value, JsonPathBudget* budget) const {
  if (steps_.empty()) return value;
  Values values;
  if (!value.empty()) values.push_back(value);
  if (!Evaluation(budget).Run(steps_, &values) || values.empty()) return {};
  return values[0];
}

}  // namespace pedia::apiserver
