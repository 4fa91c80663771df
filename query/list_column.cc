#include "query/list_column.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "query/comma_list.h"
#include "query/strconv.h"

namespace pedia::query {
namespace {

using NamedColumn = std::pair<std::string_view, OrderColumn>;

constexpr std::array<NamedColumn, 14> kColumns{{
    {"cluster", OrderColumn::kCluster},
    {"namespace", OrderColumn::kNamespace},
    {"name", OrderColumn::kName},
    {"created_at", OrderColumn::kCreatedAt},
    {"resource_version", OrderColumn::kResourceVersion},
    {"uid", OrderColumn::kUid},
    {"owner_uid", OrderColumn::kOwnerUid},
    {"synced_at", OrderColumn::kSyncedAt},
    {"deleted_at", OrderColumn::kDeletedAt},
    {"group", OrderColumn::kGroup},
    {"version", OrderColumn::kVersion},
    {"resource", OrderColumn::kResource},
    {"kind", OrderColumn::kKind},
    {"id", OrderColumn::kId},
}};

constexpr std::array<NamedColumn, 6> kColumnsOfFields{{
    {"metadata.name", OrderColumn::kName},
    {"metadata.namespace", OrderColumn::kNamespace},
    {"metadata.uid", OrderColumn::kUid},
    {"metadata.creationTimestamp", OrderColumn::kCreatedAt},
    {"metadata.resourceVersion", OrderColumn::kResourceVersion},
    {"metadata.deletionTimestamp", OrderColumn::kDeletedAt},
}};

template <size_t N>
const NamedColumn* Find(const std::array<NamedColumn, N>& columns, std::string_view name) {
  for (const NamedColumn& column : columns) {
    if (column.first == name) return &column;
  }
  return nullptr;
}

// The first of `stops` that is not within quotes; the text's end if there is none.
size_t FindUnquoted(std::string_view text, std::string_view stops) {
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (stops.find(c) != std::string_view::npos) {
      return i;
    }
  }
  return text.size();
}

}  // namespace

Result<ListColumn> ParseListColumn(std::string_view where, std::string_view text) {
  if (const NamedColumn* named = Find(kColumns, text)) return ListColumn{named->second, {}};
  if (text.find_first_of(".[") == std::string_view::npos) {
    return BadRequest(std::string(where) + ": unknown column " + QuoteShort(text) +
                      "; a field path has several fields or begins with a dot");
  }
  Result<FieldPath> field = ParseFieldPath(where, text);
  if (!field.ok()) return field.status();
  const NamedColumn* named = Find(kColumnsOfFields, field->Text());
  return ListColumn{named ? named->second : OrderColumn::kField, *std::move(field)};
}

std::vector<std::string_view> SplitListKeys(std::string_view text) {
  std::vector<std::string_view> keys;
  if (TrimBlanks(text).empty()) return keys;
  for (;;) {
    const size_t comma = FindUnquoted(text, ",");
    keys.push_back(TrimBlanks(text.substr(0, comma)));
    if (comma == text.size()) return keys;
    text.remove_prefix(comma + 1);
  }
}

size_t ListKeyLength(std::string_view text) { return FindUnquoted(text, " \t\r\n"); }

}  // namespace pedia::query
