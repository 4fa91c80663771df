// A template, a line with "---", and the data for it: parsing and executing end, in bounds, whatever
// both are. A template gives the same whenever it is executed, and errors name a place in it.
// Sources: policy/template*.cc meta/*.cc -lcrypto
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "policy/template.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

constexpr std::string_view kData =
    R"({"source":{"metadata":{"name":"c1","labels":{"a/b":"x"}},"spec":{"n":3,"f":1.5,"no":null,)"
    R"("list":["a","b",{"c":[1,2]}],"yes":true}},"references":{"secret":{"data":{"token":"dG9rZW4="}}}})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using pedia::policy::Template;
  // On the heap and without a byte to spare, so that reading past the end is seen.
  const auto copy = std::make_unique<char[]>(size);
  for (size_t i = 0; i < size; ++i) copy[i] = static_cast<char>(data[i]);
  const std::string_view input(copy.get(), size);
  constexpr std::string_view kLine = "\n---\n";
  const size_t line = input.find(kLine);
  const bool has_data = line != std::string_view::npos;
  const auto parsed = Template::Parse(input.substr(0, line));
  if (!parsed.ok()) {
    Check(parsed.status().message().starts_with("template: "));
    return 0;
  }
  const std::string_view object = has_data ? input.substr(line + kLine.size()) : kData;
  const auto output = parsed->Execute(object);
  if (output.ok()) {
    constexpr size_t kMost = size_t{1} << 20;
    Check(output->size() <= kMost && parsed->IsTrue(object).ok());
  } else {
    Check(output.status().message().starts_with("template: "));
    Check(parsed->Execute(object).status().message() == output.status().message());
  }
  return 0;
}
