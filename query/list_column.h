// ListColumn: what one key of `orderby` or `facets` names: "cluster", "status.phase",
// "metadata.labels['app']".
#pragma once
#include <string_view>
#include <vector>

#include "meta/result.h"
#include "query/field_path.h"
#include "query/list_options.h"

namespace pedia::query {

struct ListColumn {
  OrderColumn column;
  FieldPath field;  // As written, also where it leads to a column ("metadata.name": kName); empty
                    // for the name of a column.
};

// A single word is the name of a column; a field path has several steps, or begins with '.' or '['.
// Errors: BadRequest beginning with `where` and quoting `text`. Pure.
Result<ListColumn> ParseListColumn(std::string_view where, std::string_view text);

// The parts between commas, without blanks around them; commas within quotes do not count. Nothing
// but blanks gives no part; "a," gives {"a", ""}. Views into `text`.
std::vector<std::string_view> SplitListKeys(std::string_view text);

// The length of the first word of `text`, up to a blank that is not within quotes.
size_t ListKeyLength(std::string_view text);

}  // namespace pedia::query
