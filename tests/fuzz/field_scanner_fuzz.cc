// One line of field paths ("a.b[].c[2],x"), then any bytes as an object: the scanner stays inside
// them, and on well-formed documents finds what a DOM of another library finds.
// Sources: query/field_scanner.cc query/typed_value.cc meta/*.cc
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "meta/json_validator.h"
#include "query/field_scanner.h"

namespace pedia::query {
namespace {

using nlohmann::json;

void Check(bool holds) {
  if (!holds) std::abort();
}

// Takes anything: what is between dots and brackets is a name, a number in brackets an index.
FieldPath ReadPath(std::string_view text) {
  FieldPath path;
  while (!text.empty()) {
    if (text.front() == '[') {
      const size_t close = std::min(text.find(']'), text.size());
      const std::string_view inside = text.substr(1, close - 1);
      if (inside.empty()) {
        path.steps.push_back({FieldStep::Kind::kAnyElement, "", 0});
      } else {
        const auto index = static_cast<size_t>(static_cast<unsigned char>(inside.front())) % 8;
        path.steps.push_back({FieldStep::Kind::kElement, "", index});
      }
      text.remove_prefix(std::min(text.size(), close + 1));
      continue;
    }
    if (text.front() == '.') text.remove_prefix(1);
    const std::string_view name = text.substr(0, text.find_first_of(".["));
    path.steps.push_back({FieldStep::Kind::kMember, std::string(name), 0});
    text.remove_prefix(name.size());
  }
  return path;
}

std::vector<FieldPath> ReadPaths(std::string_view line) {
  std::vector<FieldPath> paths;
  while (true) {
    const size_t comma = line.find(',');
    FieldPath path = ReadPath(line.substr(0, comma));
    if (!path.steps.empty()) paths.push_back(std::move(path));
    if (comma == std::string_view::npos) return paths;
    line.remove_prefix(comma + 1);
  }
}

// The DOM in which the first of repeated keys counts; discarded if `text` is refused.
json Parse(std::string_view text) {
  std::map<int, std::set<std::string>> keys;  // Of the open objects, by depth.
  return json::parse(
      text.begin(), text.end(),
      [&](int depth, json::parse_event_t event, json& parsed) {
        if (event == json::parse_event_t::object_start) keys[depth + 1].clear();
        if (event != json::parse_event_t::key) return true;
        return keys[depth].insert(parsed.get<std::string>()).second;
      },
      false);
}

void Collect(const json& value, const FieldPath& path, size_t step, std::vector<json>* found) {
  if (step == path.steps.size()) {
    if (!value.is_null()) found->push_back(value);
    return;
  }
  const FieldStep& next = path.steps[step];
  if (next.kind == FieldStep::Kind::kMember) {
    if (value.is_object() && value.contains(next.name))
      Collect(value[next.name], path, step + 1, found);
    return;
  }
  if (!value.is_array()) return;
  for (size_t i = 0; i < value.size(); ++i) {
    if (next.kind == FieldStep::Kind::kAnyElement || next.index == i)
      Collect(value[i], path, step + 1, found);
  }
}

bool IsTextOf(std::string_view text, const json& value) {
  if (value.is_string()) return text == value.get<std::string>();
  return !text.empty() && text.front() != '"' && Parse(text) == value;
}

}  // namespace
}  // namespace pedia::query

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pedia::query;
  // On the heap and without a byte to spare, so that reading past the end is seen.
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(input.find('\n'), size);
  const std::vector<FieldPath> paths = ReadPaths(input.substr(0, line));
  const std::string_view rest = input.substr(std::min(size, line + 1));
  const auto copy = std::make_unique<char[]>(rest.size());
  for (size_t i = 0; i < rest.size(); ++i) copy[i] = rest[i];
  const std::string_view object(copy.get(), rest.size());

  std::vector<FieldTexts> texts;
  FieldScanner(paths).Scan(object, &texts);
  Check(texts.size() == paths.size());
  FieldSelector greater;
  for (const FieldPath& path : paths)
    greater.push_back({path, SelectorOperator::kGreaterThan, {"5"}});
  FieldMatcher(greater).Matches(object);

  if (!pedia::IsValidJson(object)) return 0;
  const json document = Parse(object);
  if (document.is_discarded()) return 0;  // Numbers beyond a double.
  for (size_t i = 0; i < paths.size(); ++i) {
    std::vector<json> expected;
    Collect(document, paths[i], 0, &expected);
    Check(texts[i].size() == expected.size());
    for (size_t k = 0; k < expected.size(); ++k) Check(IsTextOf(texts[i][k], expected[k]));
  }
  return 0;
}
