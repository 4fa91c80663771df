// Objects. set, unset, merge and mergeOverwrite change their first argument, as sprig's do.
#include <algorithm>
#include <string>

#include "policy/template_format.h"
#include "policy/template_functions.h"

namespace pedia::policy {
namespace {

Value Dict(TemplateRun& run, Arguments arguments) {
  Map* map = run.NewMap();
  for (size_t i = 0; i < arguments.size(); i += 2) {
    const std::string_view key = TextOf(run, arguments[i]);
    run.Set(*map, key, i + 1 < arguments.size() ? arguments[i + 1] : Value::Text(""));
    if (run.failed()) return {};
  }
  return Value::Of(map);
}

Value Get(TemplateRun&, Arguments arguments) {
  const Map& map = arguments[0].map();
  const auto member = map.find(arguments[1].text());
  return member == map.end() ? Value::Text("") : member->second;
}

Value Set(TemplateRun& run, Arguments arguments) {
  run.Set(arguments[0].map(), arguments[1].text(), arguments[2]);
  return arguments[0];
}

Value Unset(TemplateRun&, Arguments arguments) {
  arguments[0].map().erase(arguments[1].text());
  return arguments[0];
}

Value HasKey(TemplateRun&, Arguments arguments) {
  return Value::Bool(arguments[0].map().contains(arguments[1].text()));
}

Value Pluck(TemplateRun& run, Arguments arguments) {
  List values;
  for (const Value& object : arguments.subspan(1)) {
    const auto member = object.map().find(arguments[0].text());
    if (member != object.map().end()) values.push_back(member->second);
  }
  return run.NewList(std::move(values));
}

Value Keys(TemplateRun& run, Arguments arguments) {
  List keys;
  for (const Value& object : arguments) {
    if (!run.Step(object.Size() * 256)) return {};
    for (const auto& [key, value] : object.map()) keys.push_back(Value::Text(key));
  }
  return run.NewList(std::move(keys));
}

Value Values(TemplateRun& run, Arguments arguments) {
  List values;
  for (const auto& [key, value] : arguments[0].map()) values.push_back(value);
  return run.NewList(std::move(values));
}

Value Pick(TemplateRun& run, Arguments arguments) {
  Map* picked = run.NewMap();
  for (const Value& key : arguments.subspan(1)) {
    const auto member = arguments[0].map().find(key.text());
    if (member != arguments[0].map().end()) run.Set(*picked, member->first, member->second);
  }
  return Value::Of(picked);
}

Value Omit(TemplateRun& run, Arguments arguments) {
  Map* kept = run.NewMap();
  for (const auto& [key, value] : arguments[0].map()) {
    run.Set(*kept, key, value);
    if (run.failed()) return {};
  }
  for (const Value& key : arguments.subspan(1)) kept->erase(key.text());
  return Value::Of(kept);
}

// Fills what is empty in `into`, or overwrites it with what is not empty in `from`.
void MergeInto(TemplateRun& run, Map& into, const Map& from, bool overwrites) {
  const TemplateRun::Level level(run);
  if (!run.Step(from.size()) || &into == &from) return;
  for (const auto& [key, value] : from) {
    if (!run.Step()) return;
    const auto member = into.find(key);
    if (member == into.end()) {
      run.Set(into, key, value);
    } else if (member->second.kind() == Kind::kMap && value.kind() == Kind::kMap) {
      MergeInto(run, member->second.map(), value.map(), overwrites);
    } else if (overwrites ? value.Truth() : !member->second.Truth()) {
      member->second = value;
    }
  }
}

template <bool kOverwrites>
Value Merge(TemplateRun& run, Arguments arguments) {
  for (const Value& from : arguments.subspan(1)) {
    MergeInto(run, arguments[0].map(), from.map(), kOverwrites);
  }
  return arguments[0];
}

// dig "key" "key" default object.
Value Dig(TemplateRun& run, Arguments arguments) {
  if (arguments.size() < 3) return run.Fail("dig needs at least three arguments");
  Value value = arguments.back();
  for (const Value& key : arguments.first(arguments.size() - 2)) {
    if (value.kind() != Kind::kMap || key.kind() != Kind::kString) {
      return run.Fail("dig looks for texts in objects, not for " + std::string(key.TypeName()) +
                      " in " + std::string(value.TypeName()));
    }
    const auto member = value.map().find(key.text());
    if (member == value.map().end()) return arguments[arguments.size() - 2];
    value = member->second;
  }
  return value;
}

constexpr Function kFunctions[] = {
    {"dict", "*a", Dict},
    {"get", "ds", Get},
    {"set", "dsa", Set},
    {"unset", "ds", Unset},
    {"hasKey", "ds", HasKey},
    {"pluck", "s*d", Pluck},
    {"keys", "*d", Keys},
    {"values", "d", Values},
    {"pick", "d*s", Pick},
    {"omit", "d*s", Omit},
    {"merge", "d*d", Merge<false>},
    {"mustMerge", "d*d", Merge<false>},
    {"mergeOverwrite", "d*d", Merge<true>},
    {"mustMergeOverwrite", "d*d", Merge<true>},
    {"dig", "*a", Dig},
};

}  // namespace

std::span<const Function> MapFunctions() { return kFunctions; }

}  // namespace pedia::policy
