// The vocabulary of table printers: columns and cells that many kinds share, and reading of small
// pieces of JSON. Source: kube-apiserver v1.32, pkg/printers/internalversion. Everything here is
// pure; "raw" is the JSON text of one value, "" if it is absent. Wrong types read as absent.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/table_definition.h"
#include "meta/json_reader.h"

namespace pedia::apiserver {

// Columns.
ColumnDefinition NameColumn();
ColumnDefinition AgeColumn();  // "5m", from metadata.creationTimestamp.
ColumnDefinition ContainersColumn(
    const char* path);  // Of a list of containers; ImagesColumn() must follow.
ColumnDefinition ImagesColumn();
ColumnDefinition LabelSelectorColumn(
    const char* path);  // "Selector" of a metav1.LabelSelector; "<none>" if empty.

// Cells of one value, for ColumnDefinition::write.
void TextCell(RawValues values, CellWriter* cells);         // "" if absent.
void TextOrNoneCell(RawValues values, CellWriter* cells);   // "<none>" if absent or empty.
void TextOrUnsetCell(RawValues values, CellWriter* cells);  // "<unset>" if absent.
void IntegerCell(RawValues values, CellWriter* cells);      // 0 if absent.
void BoolCell(RawValues values, CellWriter* cells);         // false if absent.
void CountCell(RawValues values,
               CellWriter* cells);  // How many elements or members all values have together.
void AgeCell(RawValues values, CellWriter* cells);     // "<unknown>" if absent.
void LabelsCell(RawValues values, CellWriter* cells);  // "a=1,b=2", "<none>" if empty.
void LabelSelectorCell(RawValues values, CellWriter* cells);
void ContainersAndImagesCells(RawValues values, CellWriter* cells);
void ReadyOfDesiredCell(RawValues values, CellWriter* cells);  // "2/3" from {ready, desired}.

// Reading.
std::string Text(std::string_view raw);  // A string, decoded; "" if absent.
std::string TextOr(std::string_view raw, std::string_view absent_or_empty);
bool IsText(std::string_view raw, std::string_view text);
int64_t Integer(std::string_view raw);                 // 0 if absent.
bool Bool(std::string_view raw);                       // false if absent.
std::optional<int64_t> Time(std::string_view raw);     // Unix seconds.
std::string Age(std::string_view raw, int64_t now);    // "<unknown>" if absent.
int64_t Count(std::string_view raw);                   // Elements or members.
std::vector<std::string> Texts(std::string_view raw);  // Of an array of strings.
std::string Join(const std::vector<std::string>& texts, std::string_view separator);

// The values of an object's members `names`, raw, in that order; "" where absent or null.
template <typename... Names>
std::array<std::string_view, sizeof...(Names)> Members(std::string_view raw, Names... names) {
  std::array<std::string_view, sizeof...(Names)> values;
  if (raw.empty()) return values;
  JsonReader reader(raw);
  if (!reader.BeginObject()) return values;
  for (std::string_view key; reader.NextMember(&key);) {
    const std::string_view value = reader.Skip();
    size_t i = 0;
    // The last of equal keys counts, as in Go.
    ((key == names ? void(values[i] = value == "null" ? std::string_view() : value) : void(), ++i),
     ...);
  }
  return values;
}

template <typename Name>
std::string_view Member(std::string_view raw, Name name) {
  return Members(raw, name)[0];
}

// Calls `f(raw element)` for each element of an array.
template <typename F>
void ForEachElement(std::string_view raw, F&& f) {
  if (raw.empty()) return;
  JsonReader reader(raw);
  if (!reader.BeginArray()) return;
  while (reader.NextElement()) {
    const std::string_view element = reader.Skip();
    if (!reader.ok()) return;
    f(element);
  }
}

// Calls `f(raw key, raw value)` for each member of an object.
template <typename F>
void ForEachMember(std::string_view raw, F&& f) {
  JsonReader reader(raw);
  if (!reader.BeginObject()) return;
  for (std::string_view key; reader.NextMember(&key);) {
    const std::string_view value = reader.Skip();
    if (!reader.ok()) return;
    f(key, value);
  }
}

// The raw `status` of the first condition of type `type` in a list of conditions; "" without one.
std::string_view ConditionStatus(std::string_view raw_conditions, std::string_view type);
bool IsConditionTrue(std::string_view raw_conditions, std::string_view type);

// "a=1,b=2", sorted; `empty` if there are none. Source: labels.FormatLabels.
std::string FormatLabels(std::string_view raw, std::string_view empty = "<none>");
// "app=web,tier in (a,b),!old"; `empty` if it has no requirement, "<error>" if it is invalid.
// Source: metav1.FormatLabelSelector.
std::string FormatLabelSelector(std::string_view raw, std::string_view empty = "<none>");
// "a,b,c + 2 more..." of `shown` out of `count`.
std::string ListWithMore(const std::vector<std::string>& shown, int64_t count);

}  // namespace pedia::apiserver
