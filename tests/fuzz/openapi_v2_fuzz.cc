// Any bytes as an OpenAPI v3 document: making version 2 of it, in JSON and protobuf, stays inside
// them and ends; well-formed documents give well-formed ones.
// Sources: apiserver/openapi_v2*.cc apiserver/openapi_document.cc apiserver/openapi_protobuf.cc apiserver/yaml_*.cc discovery/openapi_text.cc meta/*.cc
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/openapi_document.h"
#include "apiserver/openapi_protobuf.h"
#include "apiserver/openapi_v2.h"
#include "meta/json_reader.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

uint64_t TakeVarint(std::string_view* bytes) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    Check(!bytes->empty() && shift < 70);
    const auto byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

// The values of one field of a message, which must be one.
std::vector<std::string_view> Values(std::string_view message, uint64_t number) {
  std::vector<std::string_view> values;
  while (!message.empty()) {
    const uint64_t tag = TakeVarint(&message);
    Check((tag & 7) <= 2 && (tag >> 3) >= 1 && (tag >> 3) <= 31);
    const uint64_t length = (tag & 7) == 0   ? (TakeVarint(&message), 0)
                            : (tag & 7) == 1 ? 8
                                             : TakeVarint(&message);
    Check(length <= message.size());
    if (tag >> 3 == number) values.push_back(message.substr(0, length));
    message.remove_prefix(length);
  }
  return values;
}

// A Schema, and those in it.
void CheckSchema(std::string_view schema) {
  for (const std::string_view items : Values(schema, 23)) {
    for (const std::string_view item : Values(items, 1)) CheckSchema(item);
  }
  for (const std::string_view properties : Values(schema, 25)) {
    for (const std::string_view property : Values(properties, 1)) {
      Check(Values(property, 1).size() == 1);
      for (const std::string_view value : Values(property, 2)) CheckSchema(value);
    }
  }
}

void CheckDocument(std::string_view document) {
  for (const std::string_view paths : Values(document, 8)) {
    for (const std::string_view path : Values(paths, 2)) {
      for (const std::string_view item : Values(path, 2)) {
        for (const std::string_view get : Values(item, 2)) Values(get, 9);
      }
    }
  }
  for (const std::string_view definitions : Values(document, 9)) {
    for (const std::string_view entry : Values(definitions, 1)) {
      for (const std::string_view schema : Values(entry, 2)) CheckSchema(schema);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pedia::apiserver;
  // On the heap and without a byte to spare, so that reading past the end is seen.
  const auto copy = std::make_unique<char[]>(size);
  std::copy(data, data + size, copy.get());
  const std::string_view document(copy.get(), size);
  const bool valid = pedia::IsValidJson(document);

  OpenApiV2Builder builder;
  builder.Add(document);
  builder.Add(document);
  const std::string swagger = builder.Finish();
  Check(!valid || pedia::IsValidJson(swagger));
  CheckDocument(OpenApiV2ToProtobuf(swagger));
  CheckDocument(OpenApiV2ToProtobuf(document));
  const std::vector<std::string> twice(2, std::string(document));
  Check(!valid || pedia::IsValidJson(MergeOpenApi(twice)));
  return 0;
}
