// Truth, comparison, printing, defaults and types.
#include <algorithm>
#include <string>

#include "policy/template_format.h"
#include "policy/template_functions.h"
#include "policy/template_json.h"
#include "policy/template_operations.h"

namespace pedia::policy {
namespace {

Value Last(TemplateRun&, Arguments arguments) { return arguments.back(); }

Value Not(TemplateRun&, Arguments arguments) { return Value::Bool(!arguments[0].Truth()); }

// What can be compared with each other.
enum class Basic { kNone, kBool, kInteger, kFloat, kString };

Basic BasicOf(const Value& value) {
  switch (value.kind()) {
    case Kind::kBool:
      return Basic::kBool;
    case Kind::kInt:
    case Kind::kInt64:
      return Basic::kInteger;
    case Kind::kFloat:
      return Basic::kFloat;
    case Kind::kString:
      return Basic::kString;
    default:
      return Basic::kNone;
  }
}

bool AreEqual(TemplateRun& run, const Value& a, const Value& b) {
  const Basic basic = BasicOf(a);
  if (basic != BasicOf(b)) {
    if (!a.IsNil() && !b.IsNil()) run.Fail("incompatible types for comparison");
    return false;
  }
  switch (basic) {
    case Basic::kBool:
    case Basic::kInteger:
      return a.integer() == b.integer();
    case Basic::kFloat:
      return a.real() == b.real();
    case Basic::kString:
      return a.text() == b.text();
    case Basic::kNone:
      break;
  }
  if (a.IsNil() || b.IsNil()) return a.IsNil() == b.IsNil();
  run.Fail("non-comparable types " + std::string(a.TypeName()) + " and " +
           std::string(b.TypeName()));
  return false;
}

Value Eq(TemplateRun& run, Arguments arguments) {
  if (arguments.size() < 2) return run.Fail("missing argument for comparison");
  for (const Value& other : arguments.subspan(1)) {
    const bool equal = AreEqual(run, arguments[0], other);
    if (run.failed()) return {};
    if (equal) return Value::Bool(true);
  }
  return Value::Bool(false);
}

Value Ne(TemplateRun& run, Arguments arguments) {
  return Value::Bool(!AreEqual(run, arguments[0], arguments[1]));
}

bool IsLess(TemplateRun& run, const Value& a, const Value& b) {
  const Basic basic = BasicOf(a);
  const bool ordered = basic != Basic::kNone && BasicOf(b) != Basic::kNone;
  if (!ordered || (basic == Basic::kBool && BasicOf(b) == basic)) {
    run.Fail("invalid type for comparison");
    return false;
  }
  if (basic != BasicOf(b)) {
    run.Fail("incompatible types for comparison");
    return false;
  }
  if (basic == Basic::kInteger) return a.integer() < b.integer();
  return basic == Basic::kFloat ? a.real() < b.real() : a.text() < b.text();
}

Value Lt(TemplateRun& run, Arguments arguments) {
  return Value::Bool(IsLess(run, arguments[0], arguments[1]));
}

Value Le(TemplateRun& run, Arguments arguments) {
  const bool less = IsLess(run, arguments[0], arguments[1]);
  return Value::Bool(less || (!run.failed() && AreEqual(run, arguments[0], arguments[1])));
}

Value Gt(TemplateRun& run, Arguments arguments) {
  return Value::Bool(!Le(run, arguments).boolean());
}

Value Ge(TemplateRun& run, Arguments arguments) {
  return Value::Bool(!IsLess(run, arguments[0], arguments[1]));
}

bool HasLength(const Value& value) {
  return value.kind() == Kind::kString || value.kind() == Kind::kList || value.kind() == Kind::kMap;
}

Value Len(TemplateRun& run, Arguments arguments) {
  if (arguments[0].IsNil()) return run.Fail("len of nil pointer");
  if (!HasLength(arguments[0])) {
    return run.Fail("len of type " + std::string(arguments[0].TypeName()));
  }
  return Value::Int(static_cast<int64_t>(arguments[0].Size()));
}

Value IndexOnce(TemplateRun& run, const Value& item, const Value& index) {
  if (item.IsNil()) return run.Fail("index of nil pointer");
  if (item.kind() == Kind::kMap) {
    if (index.kind() != Kind::kString) {
      return run.Fail("value has type " + std::string(index.TypeName()) + "; should be string");
    }
    const auto member = item.map().find(index.text());
    return member == item.map().end() ? Value::Nil() : member->second;
  }
  if (!HasLength(item)) return run.Fail("can't index item of type " + std::string(item.TypeName()));
  if (!index.IsInteger()) {
    return run.Fail("cannot index slice/array with type " + std::string(index.TypeName()));
  }
  if (index.integer() < 0 || static_cast<uint64_t>(index.integer()) >= item.Size()) {
    return run.Fail("index out of range: " + std::to_string(index.integer()));
  }
  const auto at = static_cast<size_t>(index.integer());
  if (item.kind() == Kind::kList) return item.list()[at];
  return Value::Int(static_cast<unsigned char>(item.text()[at]));
}

Value Index(TemplateRun& run, Arguments arguments) {
  Value item = arguments[0];
  if (item.IsNil()) return run.Fail("index of untyped nil");
  for (const Value& index : arguments.subspan(1)) {
    item = IndexOnce(run, item, index);
    if (run.failed()) return {};
  }
  return item;
}

Value Slice(TemplateRun& run, Arguments arguments) {
  const Value& item = arguments[0];
  if (item.IsNil()) return run.Fail("slice of untyped nil");
  if (arguments.size() > 4) return run.Fail("too many slice indexes");
  if (item.kind() != Kind::kList && item.kind() != Kind::kString) {
    return run.Fail("can't slice item of type " + std::string(item.TypeName()));
  }
  if (arguments.size() == 4 && item.kind() == Kind::kString) {
    return run.Fail("cannot 3-index slice a string");
  }
  size_t bounds[3] = {0, item.Size(), item.Size()};
  for (size_t i = 1; i < arguments.size(); ++i) {
    const Value& index = arguments[i];
    if (!index.IsInteger()) {
      return run.Fail("cannot index slice/array with type " + std::string(index.TypeName()));
    }
    if (index.integer() < 0 || static_cast<uint64_t>(index.integer()) > item.Size()) {
      return run.Fail("index out of range: " + std::to_string(index.integer()));
    }
    bounds[i - 1] = static_cast<size_t>(index.integer());
  }
  const auto [begin, end, limit] = bounds;
  if (begin > end || end > limit) return run.Fail("invalid slice index");
  if (item.kind() == Kind::kString) return Value::Text(item.text().substr(begin, end - begin));
  const List& list = item.list();
  return run.NewList(List(list.begin() + static_cast<ptrdiff_t>(begin),
                          list.begin() + static_cast<ptrdiff_t>(end)));
}

Value Print(TemplateRun& run, Arguments arguments) {
  TextBuilder text(run);
  AddAll(arguments, &text);
  return text.Done();
}

Value Printf(TemplateRun& run, Arguments arguments) {
  TextBuilder text(run);
  AddFormatted(arguments[0].text(), arguments.subspan(1), &text);
  return text.Done();
}

Value Println(TemplateRun& run, Arguments arguments) {
  TextBuilder text(run);
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) text.Add(' ');
    AddValue(arguments[i], &text);
  }
  text.Add('\n');
  return text.Done();
}

Value Default(TemplateRun&, Arguments arguments) {
  return arguments.size() > 1 && arguments[1].Truth() ? arguments[1] : arguments[0];
}

Value Empty(TemplateRun&, Arguments arguments) { return Value::Bool(!arguments[0].Truth()); }

Value Coalesce(TemplateRun&, Arguments arguments) {
  const auto found = std::ranges::find_if(arguments, &Value::Truth);
  return found == arguments.end() ? Value::Nil() : *found;
}

Value All(TemplateRun&, Arguments arguments) {
  return Value::Bool(std::ranges::all_of(arguments, &Value::Truth));
}

Value Any(TemplateRun&, Arguments arguments) {
  return Value::Bool(std::ranges::any_of(arguments, &Value::Truth));
}

Value Ternary(TemplateRun&, Arguments arguments) {
  return arguments[2].boolean() ? arguments[0] : arguments[1];
}

Value Fail(TemplateRun& run, Arguments arguments) {
  return run.Fail(std::string(arguments[0].text()));
}

Value KindOf(TemplateRun&, Arguments arguments) { return Value::Text(arguments[0].KindName()); }

Value KindIs(TemplateRun&, Arguments arguments) {
  return Value::Bool(arguments[0].text() == arguments[1].KindName());
}

Value TypeOf(TemplateRun&, Arguments arguments) { return Value::Text(arguments[0].TypeName()); }

Value TypeIs(TemplateRun&, Arguments arguments) {
  return Value::Bool(arguments[0].text() == arguments[1].TypeName());
}

Value DeepEqual(TemplateRun& run, Arguments arguments) {
  return Value::Bool(IsDeepEqual(run, arguments[0], arguments[1]));
}

Value DeepCopy(TemplateRun& run, Arguments arguments) { return CopyDeep(run, arguments[0]); }

template <bool kEscapesHtml, bool kIsIndented>
Value ToJson(TemplateRun& run, Arguments arguments) {
  TextBuilder text(run);
  AddJson(arguments[0], {kEscapesHtml, kIsIndented}, &text);
  return text.Done();
}

Value FromJson(TemplateRun& run, Arguments arguments) {
  return ReadJson(run, arguments[0].text(), JsonNumbers::kGo);
}

constexpr Function kFunctions[] = {
    {"and", "a*a", Last},
    {"or", "a*a", Last},
    {"not", "a", Not},
    {"eq", "a*a", Eq},
    {"ne", "aa", Ne},
    {"lt", "aa", Lt},
    {"le", "aa", Le},
    {"gt", "aa", Gt},
    {"ge", "aa", Ge},
    {"len", "a", Len},
    {"index", "a*a", Index},
    {"slice", "a*a", Slice},
    {"mustSlice", "a*a", Slice},
    {"print", "*a", Print},
    {"printf", "s*a", Printf},
    {"println", "*a", Println},
    {"default", "a*a", Default},
    {"empty", "a", Empty},
    {"coalesce", "*a", Coalesce},
    {"all", "*a", All},
    {"any", "*a", Any},
    {"ternary", "aab", Ternary},
    {"fail", "s", Fail},
    {"kindOf", "a", KindOf},
    {"kindIs", "sa", KindIs},
    {"typeOf", "a", TypeOf},
    {"typeIs", "sa", TypeIs},
    {"typeIsLike", "sa", TypeIs},
    {"deepEqual", "aa", DeepEqual},
    {"deepCopy", "a", DeepCopy},
    {"mustDeepCopy", "a", DeepCopy},
    {"toJson", "a", ToJson<true, false>},
    {"mustToJson", "a", ToJson<true, false>},
    {"toRawJson", "a", ToJson<false, false>},
    {"mustToRawJson", "a", ToJson<false, false>},
    {"toPrettyJson", "a", ToJson<true, true>},
    {"mustToPrettyJson", "a", ToJson<true, true>},
    {"fromJson", "s", FromJson},
    {"mustFromJson", "s", FromJson},
};

}  // namespace

std::span<const Function> BasicFunctions() { return kFunctions; }

}  // namespace pedia::policy
