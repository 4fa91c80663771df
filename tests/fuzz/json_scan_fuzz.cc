// Any bytes as a JSON document: the reader stays inside them, and agrees with the strict check on
// what is well-formed.
// Sources: meta/json_bytes.cc meta/json_reader.cc meta/json_string.cc meta/json_validator.cc
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "meta/json_reader.h"

namespace pedia {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

// Reads one value by the way that fits its type, all the way down.
void Walk(JsonReader* reader) {
  switch (reader->Peek()) {
    case JsonType::kObject:
      if (!reader->BeginObject()) return;
      for (std::string_view key; reader->NextMember(&key);) {
        DecodeJsonString(key);
        Walk(reader);
      }
      return;
    case JsonType::kArray:
      if (!reader->BeginArray()) return;
      while (reader->NextElement()) Walk(reader);
      return;
    case JsonType::kString:
      Check(IsValidJson(JsonString(reader->ReadString())));
      return;
    case JsonType::kNumber:
      reader->ReadInt();
      return;
    case JsonType::kBool:
      reader->ReadBool();
      return;
    default:
      reader->Skip();
  }
}

// Leaves every container after its first member or element.
void WalkHalf(JsonReader* reader) {
  std::string_view key;
  if (reader->Peek() == JsonType::kObject && reader->BeginObject()) {
    if (!reader->NextMember(&key)) return;
    WalkHalf(reader);
    reader->SkipRest();
  } else if (reader->Peek() == JsonType::kArray && reader->BeginArray()) {
    if (!reader->NextElement()) return;
    WalkHalf(reader);
    reader->SkipRest();
  } else {
    reader->ReadScalarText();
  }
}

}  // namespace
}  // namespace pedia

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pedia;
  // On the heap and without a byte to spare, so that reading past the end is seen.
  const auto copy = std::make_unique<char[]>(size);
  for (size_t i = 0; i < size; ++i) copy[i] = static_cast<char>(data[i]);
  const std::string_view document(copy.get(), size);
  const bool valid = IsValidJson(document);

  JsonReader walker(document);
  Walk(&walker);
  const bool walked = walker.ok() && walker.Peek() == JsonType::kEnd && walker.ok();
  Check(walker.offset() <= size);
  if (valid) Check(walked);

  JsonReader half(document);
  WalkHalf(&half);
  Check(half.offset() <= size);
  if (valid) Check(half.ok() && half.Peek() == JsonType::kEnd && half.ok());

  JsonReader skipper(document);
  const std::string_view value = skipper.Skip();
  Check(skipper.offset() <= size);
  if (valid)
    Check(skipper.ok() && skipper.Peek() == JsonType::kEnd && skipper.ok() && IsValidJson(value));

  Check(IsValidJson(JsonString(document)));
  DecodeJsonString(document);
  return 0;
}
