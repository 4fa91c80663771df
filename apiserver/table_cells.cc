#include "apiserver/table_cells.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "meta/time.h"

namespace pedia::apiserver {
namespace {

bool IsJsonText(std::string_view raw) { return raw.size() >= 2 && raw.front() == '"'; }

std::string_view Unquote(std::string_view raw) { return raw.substr(1, raw.size() - 2); }

// One requirement of a label selector as text, with the key to sort by.
struct Requirement {
  std::string key;
  std::string text;
};

// Empty if the expression is invalid.
std::optional<Requirement> FormatExpression(std::string_view raw) {
  const auto [raw_key, raw_operator, raw_values] = Members(raw, "key", "operator", "values");
  const std::string key = Text(raw_key);
  std::vector<std::string> values = Texts(raw_values);
  const bool in = IsText(raw_operator, "In");
  if (in || IsText(raw_operator, "NotIn")) {
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    return Requirement{key, key + (in ? " in (" : " notin (") + Join(values, ",") + ")"};
  }
  if (!values.empty()) return {};
  if (IsText(raw_operator, "Exists")) return Requirement{key, key};
  if (IsText(raw_operator, "DoesNotExist")) return Requirement{key, "!" + key};
  return {};
}

}  // namespace

void CellWriter::Separate() {
  if (!first_) *out_ += ',';
  first_ = false;
}

void CellWriter::Text(std::string_view text) {
  Separate();
  AppendJsonString(text, out_);
}

void CellWriter::RawText(std::string_view json_text) {
  Separate();
  *out_ += IsJsonText(json_text) ? json_text : "\"\"";
}

void CellWriter::Integer(int64_t value) {
  Separate();
  char buffer[24];
  out_->append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

void CellWriter::Bool(bool value) {
  Separate();
  *out_ += value ? "true" : "false";
}

void CellWriter::Number(std::string_view json_number) {
  Separate();
  *out_ += json_number;
}

void CellWriter::Null() {
  Separate();
  *out_ += "null";
}

ColumnDefinition NameColumn() { return {"Name", "string", 0, {"metadata.name"}, TextCell}; }

ColumnDefinition AgeColumn() {
  return {"Age", "string", 0, {"metadata.creationTimestamp"}, AgeCell};
}

ColumnDefinition ContainersColumn(const char* path) {
  return {"Containers", "string", 1, {path}, ContainersAndImagesCells};
}

ColumnDefinition ImagesColumn() { return {"Images", "string", 1}; }

ColumnDefinition LabelSelectorColumn(const char* path) {
  return {"Selector", "string", 1, {path}, LabelSelectorCell};
}

void TextCell(RawValues values, CellWriter* cells) { cells->RawText(values[0]); }

void TextOrNoneCell(RawValues values, CellWriter* cells) {
  cells->Text(TextOr(values[0], "<none>"));
}

void TextOrUnsetCell(RawValues values, CellWriter* cells) {
  if (values[0].empty()) {
    cells->Text("<unset>");
  } else {
    cells->RawText(values[0]);
  }
}

void IntegerCell(RawValues values, CellWriter* cells) { cells->Integer(Integer(values[0])); }

void BoolCell(RawValues values, CellWriter* cells) { cells->Bool(Bool(values[0])); }

void CountCell(RawValues values, CellWriter* cells) {
  int64_t count = 0;
  for (const std::string_view value : values) count += Count(value);
  cells->Integer(count);
}

void AgeCell(RawValues values, CellWriter* cells) { cells->Text(Age(values[0], cells->now())); }

void LabelsCell(RawValues values, CellWriter* cells) { cells->Text(FormatLabels(values[0])); }

void LabelSelectorCell(RawValues values, CellWriter* cells) {
  cells->Text(FormatLabelSelector(values[0]));
}

void ContainersAndImagesCells(RawValues values, CellWriter* cells) {
  std::string names;
  std::string images;
  bool first = true;
  ForEachElement(values[0], [&](std::string_view container) {
    const auto [name, image] = Members(container, "name", "image");
    if (!first) {
      names += ',';
      images += ',';
    }
    first = false;
    names += Text(name);
    images += Text(image);
  });
  cells->Text(names);
  cells->Text(images);
}

void ReadyOfDesiredCell(RawValues values, CellWriter* cells) {
  cells->Text(std::to_string(Integer(values[0])) + "/" + std::to_string(Integer(values[1])));
}

std::string Text(std::string_view raw) {
  if (!IsJsonText(raw)) return {};
  const std::string_view text = Unquote(raw);
  return text.find('\\') == std::string_view::npos ? std::string(text) : DecodeJsonString(text);
}

std::string TextOr(std::string_view raw, std::string_view absent_or_empty) {
  std::string text = Text(raw);
  if (text.empty()) text = absent_or_empty;
  return text;
}

bool IsText(std::string_view raw, std::string_view text) {
  return IsJsonText(raw) && Unquote(raw) == text;
}

int64_t Integer(std::string_view raw) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  return error == std::errc() && end == raw.data() + raw.size() ? value : 0;
}

bool Bool(std::string_view raw) { return raw == "true"; }

std::optional<int64_t> Time(std::string_view raw) {
  if (!IsJsonText(raw)) return {};
  return ParseRfc3339(Unquote(raw));
}

std::string Age(std::string_view raw, int64_t now) {
  const std::optional<int64_t> time = Time(raw);
  return time ? HumanDuration(std::chrono::seconds(now - *time)) : "<unknown>";
}

int64_t Count(std::string_view raw) {
  int64_t count = 0;
  if (raw.starts_with('{')) {
    ForEachMember(raw, [&](std::string_view, std::string_view) { ++count; });
  } else {
    ForEachElement(raw, [&](std::string_view) { ++count; });
  }
  return count;
}

std::vector<std::string> Texts(std::string_view raw) {
  std::vector<std::string> texts;
  ForEachElement(raw, [&](std::string_view element) { texts.push_back(Text(element)); });
  return texts;
}

std::string Join(const std::vector<std::string>& texts, std::string_view separator) {
  std::string joined;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i != 0) joined += separator;
    joined += texts[i];
  }
  return joined;
}

std::string_view ConditionStatus(std::string_view raw_conditions, std::string_view type) {
  std::string_view found;
  bool done = false;
  ForEachElement(raw_conditions, [&](std::string_view condition) {
    if (done) return;
    const auto [raw_type, status] = Members(condition, "type", "status");
    if (!IsText(raw_type, type)) return;
    found = status;
    done = true;
  });
  return found;
}

bool IsConditionTrue(std::string_view raw_conditions, std::string_view type) {
  return IsText(ConditionStatus(raw_conditions, type), "True");
}

std::string FormatLabels(std::string_view raw, std::string_view empty) {
  std::vector<std::string> labels;
  ForEachMember(raw, [&](std::string_view key, std::string_view value) {
    labels.push_back(DecodeJsonString(key) + "=" + Text(value));
  });
  if (labels.empty()) return std::string(empty);
  std::sort(labels.begin(), labels.end());
  return Join(labels, ",");
}

std::string FormatLabelSelector(std::string_view raw, std::string_view empty) {
  const auto [labels, expressions] = Members(raw, "matchLabels", "matchExpressions");
  std::vector<Requirement> requirements;
  ForEachMember(labels, [&](std::string_view raw_key, std::string_view value) {
    const std::string key = DecodeJsonString(raw_key);
    requirements.push_back({key, key + "=" + Text(value)});
  });
  bool valid = true;
  ForEachElement(expressions, [&](std::string_view expression) {
    if (auto requirement = FormatExpression(expression)) {
      requirements.push_back(std::move(*requirement));
    } else {
      valid = false;
    }
  });
  if (!valid) return "<error>";
  if (requirements.empty()) return std::string(empty);
  std::stable_sort(requirements.begin(), requirements.end(),
                   [](const Requirement& a, const Requirement& b) { return a.key < b.key; });
  std::string text;
  for (const Requirement& requirement : requirements) {
    if (!text.empty()) text += ',';
    text += requirement.text;
  }
  return text;
}

std::string ListWithMore(const std::vector<std::string>& shown, int64_t count) {
  std::string text = Join(shown, ",");
  const int64_t more = count - static_cast<int64_t>(shown.size());
  if (more > 0) text += " + " + std::to_string(more) + " more...";
  return text;
}

}  // namespace pedia::apiserver
