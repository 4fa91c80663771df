#include "apiserver/openapi_v2_schema.h"

#include <vector>

#include "apiserver/openapi_document.h"
#include "apiserver/openapi_v2_model.h"
#include "discovery/openapi_text.h"
#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

using discovery::ObjectText;

constexpr std::string_view kSchemas = "#/components/schemas/";

// What counts of one schema.
struct Schema {
  std::vector<OpenApiMember> members;  // That version 2 knows too.
  std::string_view reference;          // The name behind it.
  std::string_view type;               // JSON.
  bool nullable = false;
  bool open = false;             // May have fields that are not described.
  bool one_may_be_text = false;  // It is one of several types, text among them.
};

std::string_view NameOf(std::string_view reference) {
  return reference.starts_with(kSchemas) ? reference.substr(kSchemas.size()) : "";
}

// The name behind [{"$ref":"..."}], else "".
std::string_view OnlyReference(std::string_view all_of) {
  JsonReader reader(all_of);
  std::string_view name;
  if (!reader.BeginArray()) return "";
  for (size_t count = 0; reader.NextElement(); ++count) {
    if (count > 0 || !reader.BeginObject()) return "";
    for (std::string_view key; reader.NextMember(&key);) {
      if (key != "$ref") return "";
      name = NameOf(reader.ReadRawString());
    }
  }
  return name;
}

bool HasText(std::string_view one_of) {
  JsonReader reader(one_of);
  if (!reader.BeginArray()) return false;
  bool found = false;
  while (reader.NextElement()) {
    if (!reader.BeginObject()) continue;
    for (std::string_view key; reader.NextMember(&key);)
      found = reader.Skip() == "\"string\"" || found;
  }
  return found;
}

void Read(std::string_view key, JsonType json_type, std::string_view value, Schema* schema) {
  if (key == "$ref") {
    schema->reference = NameOf(value.substr(1, value.size() - 2));
  } else if (key == "allOf") {
    schema->reference = OnlyReference(value);
  } else if (key == "oneOf") {
    schema->one_may_be_text = HasText(value);
  } else if (key == "nullable") {
    schema->nullable = value == "true";
  } else if (key.starts_with("x-")) {
    schema->open =
        schema->open || (key == "x-kubernetes-preserve-unknown-fields" && value == "true");
    schema->members.push_back({key, value});
  } else if (const OpenApiV2Field* field = kV2Schema.Find(key); field && field->Takes(json_type)) {
    if (key == "type") schema->type = value;

    schema->members.push_back({key, value});
  }
}

Schema ReadSchema(std::string_view json) {
  Schema schema;
  JsonReader reader(json);
  if (!reader.BeginObject()) return schema;
  for (std::string_view key; reader.NextMember(&key);) {
    const JsonType type = reader.Peek();
    const std::string_view value = reader.Skip();
    if (!reader.ok()) break;
    if (key != "$ref" || type == JsonType::kString) Read(key, type, value, &schema);
  }
  return schema;
}

bool SaysWhatItIs(std::string_view key) {
  return key == "type" || key == "items" || key == "properties" || key == "additionalProperties" ||
         key == "required" || key == "format" || key == "enum";
}

bool IsLeftOut(const Schema& schema, std::string_view key) {
  if (!schema.reference.empty()) return key != "description" && !key.starts_with("x-");
  if (schema.nullable) return SaysWhatItIs(key);
  return schema.open && (key == "items" || key == "properties");
}

void AppendSchemas(std::string_view json, SchemaNames* references, std::string* out) {
  JsonReader reader(json);
  ObjectText schemas(out);
  if (reader.BeginObject()) {
    for (std::string_view name; reader.NextMember(&name);) {
      schemas.Key(name);
      AppendV2Schema(reader.Skip(), references, out);
    }
  }
  schemas.End();
}

void AppendValue(const OpenApiMember& member, SchemaNames* references, std::string* out) {
  if (member.key == "properties") return AppendSchemas(member.value, references, out);
  const bool is_schema = (member.key == "items" || member.key == "additionalProperties") &&
                         member.value.starts_with('{');
  if (is_schema) return AppendV2Schema(member.value, references, out);
  out->append(member.value);
}

}  // namespace

void AppendV2Schema(std::string_view json, SchemaNames* references, std::string* out) {
  const Schema schema = ReadSchema(json);
  ObjectText object(out);
  if (!schema.reference.empty()) {
    references->emplace(schema.reference);
    object.Key("$ref");
    out->append("\"#/definitions/").append(schema.reference).append("\"");
  }
  bool items_written = false;
  for (const OpenApiMember& member : schema.members) {
    if (IsLeftOut(schema, member.key)) continue;
    items_written = items_written || member.key == "items";
    object.Key(member.key);
    AppendValue(member, references, out);
  }
  const bool untyped = !schema.reference.empty() || schema.nullable;
  if (!untyped && schema.type.empty() && schema.one_may_be_text) {
    object.Key("type");
    out->append("\"string\"");
  }
  // Clients refuse a list of which nothing is said.
  if (!untyped && schema.type == "\"array\"" && !items_written) {
    object.Key("items");
    out->append("{}");
  }
  object.End();
}

}  // namespace pedia::apiserver
