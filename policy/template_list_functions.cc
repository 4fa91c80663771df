// Lists. None changes its argument.
#include <algorithm>
#include <string>

#include "policy/template_format.h"
#include "policy/template_functions.h"
#include "policy/template_operations.h"

namespace pedia::policy {
namespace {

// Whether it is a list; fails the run if not: "cannot find first on type string".
bool IsList(TemplateRun& run, const Value& value, std::string_view what) {
  if (value.kind() == Kind::kList) return true;
  run.Fail("cannot " + std::string(what) + " on type " + std::string(value.TypeName()));
  return false;
}

bool Contains(TemplateRun& run, Arguments values, const Value& wanted) {
  return std::ranges::any_of(values,
                             [&](const Value& value) { return IsDeepEqual(run, value, wanted); });
}

Value NewList(TemplateRun& run, Arguments arguments) {
  return run.NewList(List(arguments.begin(), arguments.end()));
}

Value First(TemplateRun& run, Arguments arguments) {
  if (!IsList(run, arguments[0], "find first")) return {};
  const List& list = arguments[0].list();
  return list.empty() ? Value::Nil() : list.front();
}

Value LastOf(TemplateRun& run, Arguments arguments) {
  if (!IsList(run, arguments[0], "find last")) return {};
  const List& list = arguments[0].list();
  return list.empty() ? Value::Nil() : list.back();
}

Value Rest(TemplateRun& run, Arguments arguments) {
  if (!IsList(run, arguments[0], "find rest")) return {};
  const List& list = arguments[0].list();
  if (list.empty()) return Value::Nil();
  return run.NewList(List(list.begin() + 1, list.end()));
}

Value Initial(TemplateRun& run, Arguments arguments) {
  if (!IsList(run, arguments[0], "find initial")) return {};
  const List& list = arguments[0].list();
  if (list.empty()) return Value::Nil();
  return run.NewList(List(list.begin(), list.end() - 1));
}

Value Append(TemplateRun& run, Arguments arguments) {
  if (!IsList(run, arguments[0], "push")) return {};
  List list = arguments[0].list();
  list.push_back(arguments[1]);
  return run.NewList(std::move(list));
}

Value Prepend(TemplateRun& run, Arguments arguments) {
  if (!IsList(run, arguments[0], "prepend")) return {};
  List list = arguments[0].list();
  list.insert(list.begin(), arguments[1]);
  return run.NewList(std::move(list));
}

Value Concat(TemplateRun& run, Arguments arguments) {
  List list;
  for (const Value& value : arguments) {
    if (!IsList(run, value, "concat")) return {};
    // Counted before it is made: one big list may be there many times.
    if (!run.Step(value.Size() * 256)) return {};
    list.insert(list.end(), value.list().begin(), value.list().end());
  }
  return run.NewList(std::move(list));
}

Value Reverse(TemplateRun& run, Arguments arguments) {
  if (!IsList(run, arguments[0], "find reverse")) return {};
  const List& list = arguments[0].list();
  return run.NewList(List(list.rbegin(), list.rend()));
}

Value Uniq(TemplateRun& run, Arguments arguments) {
  if (!IsList(run, arguments[0], "find uniq")) return {};
  List unique;
  for (const Value& value : arguments[0].list()) {
    if (!Contains(run, unique, value)) unique.push_back(value);
    if (run.failed()) return {};
  }
  return run.NewList(std::move(unique));
}

Value Without(TemplateRun& run, Arguments arguments) {
  if (!IsList(run, arguments[0], "find without")) return {};
  List kept;
  for (const Value& value : arguments[0].list()) {
    if (!Contains(run, arguments.subspan(1), value)) kept.push_back(value);
    if (run.failed()) return {};
  }
  return run.NewList(std::move(kept));
}

Value Has(TemplateRun& run, Arguments arguments) {
  if (arguments[1].IsNil()) return Value::Bool(false);
  if (!IsList(run, arguments[1], "find has")) return {};
  return Value::Bool(Contains(run, arguments[1].list(), arguments[0]));
}

Value Compact(TemplateRun& run, Arguments arguments) {
  if (!IsList(run, arguments[0], "compact")) return {};
  List kept;
  std::ranges::copy_if(arguments[0].list(), std::back_inserter(kept), &Value::Truth);
  return run.NewList(std::move(kept));
}

// What is no list is a list of one; nothing is a list of none.
Value ToStrings(TemplateRun& run, Arguments arguments) {
  List texts;
  const Value& value = arguments[0];
  const bool is_list = value.kind() == Kind::kList;
  for (const Value& element : is_list ? Arguments(value.list()) : arguments) {
    if (!element.IsNil()) texts.push_back(Value::Text(TextOf(run, element)));
    if (run.failed()) return {};
  }
  return run.NewList(std::move(texts));
}

Value SortAlpha(TemplateRun& run, Arguments arguments) {
  const Value texts = ToStrings(run, arguments);
  if (run.failed()) return {};
  // A comparison may read both texts whole.
  size_t bytes = 0;
  for (const Value& text : texts.list()) bytes += text.Size();
  if (!run.Step((bytes + texts.Size()) * 20)) return {};
  std::ranges::sort(texts.list(), {}, &Value::text);
  return texts;
}

Value Join(TemplateRun& run, Arguments arguments) {
  const Value texts = ToStrings(run, arguments.subspan(1));
  if (run.failed()) return {};
  TextBuilder joined(run);
  for (size_t i = 0; i < texts.Size() && !run.failed(); ++i) {
    if (i > 0) joined.Add(arguments[0].text());
    joined.Add(texts.list()[i].text());
  }
  return joined.Done();
}

constexpr Function kFunctions[] = {
    {"list", "*a", NewList},
    {"tuple", "*a", NewList},
    {"first", "a", First},
    {"mustFirst", "a", First},
    {"last", "a", LastOf},
    {"mustLast", "a", LastOf},
    {"rest", "a", Rest},
    {"mustRest", "a", Rest},
    {"initial", "a", Initial},
    {"mustInitial", "a", Initial},
    {"append", "aa", Append},
    {"push", "aa", Append},
    {"mustAppend", "aa", Append},
    {"mustPush", "aa", Append},
    {"prepend", "aa", Prepend},
    {"mustPrepend", "aa", Prepend},
    {"concat", "*a", Concat},
    {"reverse", "a", Reverse},
    {"mustReverse", "a", Reverse},
    {"uniq", "a", Uniq},
    {"mustUniq", "a", Uniq},
    {"without", "a*a", Without},
    {"mustWithout", "a*a", Without},
    {"has", "aa", Has},
    {"mustHas", "aa", Has},
    {"compact", "a", Compact},
    {"mustCompact", "a", Compact},
    {"toStrings", "a", ToStrings},
    {"sortAlpha", "a", SortAlpha},
    {"join", "sa", Join},
};

}  // namespace

std::span<const Function> ListFunctions() { return kFunctions; }

}  // namespace pedia::policy
