#include "apiserver/openapi_protobuf.h"

#include <bit>
#include <cstdint>
#include <cstdlib>

#include "apiserver/openapi_v2_model.h"
#include "apiserver/yaml_writer.h"
#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

using Field = OpenApiV2Field;
using Kind = OpenApiV2Field::Kind;
using Message = OpenApiV2Message;

// Of the messages NamedSchema, NamedPathItem, ..., and of NamedAny.
constexpr int kEntryName = 1;
constexpr int kEntryValue = 2;
constexpr int kAnyYaml = 2;

enum WireType { kVarint = 0, kFixed64 = 1, kBytes = 2 };

void PutVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

void PutTag(int number, WireType type, std::string* out) {
  PutVarint(static_cast<uint64_t>(number) << 3 | type, out);
}

void PutString(int number, std::string_view text, std::string* out) {
  PutTag(number, kBytes, out);
  PutVarint(text.size(), out);
  out->append(text);
}

void PutInt(int number, int64_t value, std::string* out) {
  PutTag(number, kVarint, out);
  PutVarint(static_cast<uint64_t>(value), out);
}

void PutDouble(int number, double value, std::string* out) {
  PutTag(number, kFixed64, out);
  const auto bits = std::bit_cast<uint64_t>(value);
  for (int shift = 0; shift < 64; shift += 8) out->push_back(static_cast<char>(bits >> shift));
}

// A message within another: its length is put in front of it when its end is known.
class Nested {
 public:
  Nested(int number, std::string* out) : out_(out) {
    PutTag(number, kBytes, out);
    start_ = out->size();
  }
  ~Nested() {
    std::string length;
    PutVarint(out_->size() - start_, &length);
    out_->insert(start_, length);
  }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  std::string* out_;
  size_t start_;
};

void PutMessage(JsonReader& reader, const Message& message, std::string* out);

void PutAny(int number, std::string_view json, std::string* out) {
  const Nested any(number, out);
  std::string yaml;
  AppendYaml(json, &yaml);
  PutString(kAnyYaml, yaml, out);
}

void PutNamedAny(int number, std::string_view raw_name, std::string_view json, std::string* out) {
  const Nested named(number, out);
  PutString(kEntryName, DecodeJsonString(raw_name), out);
  PutAny(kEntryValue, json, out);
}

// The next value, an object, as `number`; in one more message if `inner` is not 0.
void PutObject(JsonReader& reader, const Field& field, int number, std::string* out) {
  const Nested object(number, out);
  if (field.inner == 0) return PutMessage(reader, *field.message, out);
  const Nested inner(field.inner, out);
  PutMessage(reader, *field.message, out);
}

void PutMap(JsonReader& reader, const Field& field, std::string* out) {
  const Nested map(field.number, out);
  reader.BeginObject();
  for (std::string_view name; reader.NextMember(&name);) {
    if (reader.Peek() != JsonType::kObject) {
      reader.Skip();
      continue;
    }
    const Nested entry(field.entry, out);
    PutString(kEntryName, DecodeJsonString(name), out);
    PutObject(reader, field, kEntryValue, out);
  }
}

// {1: schema} or {2: bool}
void PutSchemaOrBool(JsonReader& reader, const Field& field, std::string* out) {
  if (reader.Peek() == JsonType::kObject) {
    const Nested item(field.number, out);
    PutObject(reader, field, 1, out);
  } else if (const std::optional<bool> value = reader.ReadBool()) {
    const Nested item(field.number, out);
    PutInt(2, *value ? 1 : 0, out);
  }
}

std::string PlaceOf(std::string_view parameter) {
  JsonReader reader(parameter);
  std::string place;
  if (!reader.BeginObject()) return place;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "in") {
      place = reader.ReadString();
    } else {
      reader.Skip();
    }
  }
  return place;
}

// ParametersItem{1: Parameter{2: NonBodyParameter{1: header | 3: query | 4: path}}}
void PutParameters(JsonReader& reader, const Field& field, std::string* out) {
  reader.BeginArray();
  while (reader.NextElement()) {
    const std::string_view json = reader.Skip();
    const std::string place = PlaceOf(json);
    const int number = place == "query" ? 3 : place == "path" ? 4 : place == "header" ? 1 : 0;
    if (number == 0) continue;
    const Nested item(field.number, out);
    const Nested parameter(1, out);
    const Nested other_than_body(2, out);
    const Nested what(number, out);
    JsonReader parameter_reader(json);
    PutMessage(parameter_reader, place == "query" ? kV2QueryParameter : kV2OtherParameter, out);
  }
}

void PutStrings(JsonReader& reader, int number, std::string* out) {
  if (reader.Peek() == JsonType::kString) return PutString(number, reader.ReadString(), out);
  if (!reader.BeginArray()) return;
  while (reader.NextElement()) {
    if (reader.Peek() == JsonType::kString) {
      PutString(number, reader.ReadString(), out);
    } else {
      reader.Skip();
    }
  }
}

void PutTypes(JsonReader& reader, int number, std::string* out) {
  const Nested types(number, out);
  PutStrings(reader, 1, out);
}

void PutAnys(JsonReader& reader, int number, std::string* out) {
  reader.BeginArray();
  while (reader.NextElement()) PutAny(number, reader.Skip(), out);
}

void PutScalar(JsonReader& reader, const Field& field, std::string* out) {
  if (field.kind == Kind::kString) return PutString(field.number, reader.ReadString(), out);
  if (field.kind == Kind::kNumber)
    return PutDouble(field.number, std::strtod(std::string(reader.Skip()).c_str(), nullptr), out);
  if (field.kind == Kind::kBool)
    return PutInt(field.number, reader.ReadBool().value_or(false) ? 1 : 0, out);
  if (const std::optional<int64_t> value = reader.ReadInt()) PutInt(field.number, *value, out);
}

void PutField(JsonReader& reader, const Field& field, std::string* out) {
  if (!field.Takes(reader.Peek())) {
    reader.Skip();
    return;
  }
  switch (field.kind) {
    case Kind::kString:
    case Kind::kInt:
    case Kind::kNumber:
    case Kind::kBool:
      return PutScalar(reader, field, out);
    case Kind::kStrings:
      return PutStrings(reader, field.number, out);
    case Kind::kAny:
      return PutAny(field.number, reader.Skip(), out);
    case Kind::kAnys:
      return PutAnys(reader, field.number, out);
    case Kind::kTypes:
      return PutTypes(reader, field.number, out);
    case Kind::kObject:
      return PutObject(reader, field, field.number, out);
    case Kind::kSchemaOrBool:
      return PutSchemaOrBool(reader, field, out);
    case Kind::kMap:
      return PutMap(reader, field, out);
    case Kind::kParameters:
      return PutParameters(reader, field, out);
  }
}

void PutMessage(JsonReader& reader, const Message& message, std::string* out) {
  if (!reader.BeginObject()) return;
  for (std::string_view key; reader.NextMember(&key);) {
    if (const Field* field = message.Find(key)) {
      PutField(reader, *field, out);
    } else if (key.starts_with("x-") && message.extensions != 0) {
      PutNamedAny(message.extensions, key, reader.Skip(), out);
    } else {
      reader.Skip();
    }
  }
}

}  // namespace

std::string OpenApiV2ToProtobuf(std::string_view swagger) {
  std::string out;
  out.reserve(swagger.size());
  JsonReader reader(swagger);
  PutMessage(reader, kV2Document, &out);
  return out;
}

}  // namespace pedia::apiserver
