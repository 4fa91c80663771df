// A line with the JSONPath of a column and then any bytes as an object: the evaluation stays inside
// them and ends; on well-formed objects it finds JSON, and a printer makes a row of it.
// Sources: apiserver/json_path*.cc apiserver/field_tree.cc apiserver/table*.cc meta/*.cc
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "apiserver/field_tree.h"
#include "apiserver/json_path.h"
#include "apiserver/table_custom.h"
#include "meta/json_reader.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pedia::apiserver;
  // On the heap and without a byte to spare, so that reading past the end is seen.
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(input.find('\n'), size);
  const std::string_view text = input.substr(0, line);
  const std::string_view rest = input.substr(std::min(size, line + 1));
  const auto copy = std::make_unique<char[]>(rest.size());
  std::copy(rest.begin(), rest.end(), copy.get());
  const std::string_view object(copy.get(), rest.size());
  const bool valid = pedia::IsValidJson(object);

  if (const auto path = JsonPath::Parse(text); path.ok()) {
    FieldTree tree;
    tree.Add(path->members());
    std::string_view value;
    tree.Scan(object, {&value, 1});
    JsonPathBudget budget = 100'000;
    const std::string_view found = path->FindFirst(value, &budget);
    Check(budget <= 100'000);
    Check(!valid || found.empty() || pedia::IsValidJson(found));
  }

  std::string columns;
  for (const char* type : {"string", "integer", "number", "boolean", "date"}) {
    columns += columns.empty() ? "[" : ",";
    columns +=
        std::string("{\"type\":\"") + type + "\",\"jsonPath\":" + pedia::JsonString(text) + '}';
  }
  CustomTableBuilder builder("v1");
  builder.Add("c1", R"([{"name":"v1","additionalPrinterColumns":)" + columns + "]}]");
  const auto printer = builder.Build();
  Check(printer != nullptr && printer->columns().size() == 7);
  std::string cells;
  printer->AppendCells(object, 1'700'000'000, &cells);
  Check(!valid || pedia::IsValidJson(cells));
  return 0;
}
