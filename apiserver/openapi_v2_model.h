// What a swagger 2.0 document is made of: the members of its objects, their types, and their
// numbers in the protobuf messages that kubectl reads. Only what pedia writes. Source: OpenAPI
// Specification 2.0; openapi.v2.Document of gnostic.
#pragma once
#include <span>
#include <string_view>

#include "meta/json_reader.h"

namespace pedia::apiserver {

struct OpenApiV2Message;

struct OpenApiV2Field {
  enum class Kind {
    kString,
    kInt,
    kNumber,
    kBool,
    kStrings,       // An array of them.
    kAny,           // Any JSON; as text in YAML.
    kAnys,          // An array of any JSON.
    kTypes,         // "string" or ["string", ...].
    kObject,        // Of `message`.
    kSchemaOrBool,  // additionalProperties
    kMap,           // An object whose members are objects of `message`.
    kParameters,    // An array of parameters, each of which says in `in` what it is.
  };
  std::string_view key;  // "$ref"
  int number;
  Kind kind;
  const OpenApiV2Message* message = nullptr;
  int entry = 1;  // kMap: the number of the entries, {1: name, 2: value}.
  int inner = 0;  // If not 0, each object stands in one more message, as this number of it.

  // Whether a value of `type` may stand there.
  bool Takes(JsonType type) const;
};

struct OpenApiV2Message {
  std::span<const OpenApiV2Field> fields;
  int extensions = 0;  // The number of the members "x-...": {1: name, 2: any}. 0: it has none.

  // Null if there is none.
  const OpenApiV2Field* Find(std::string_view key) const;
};

extern const OpenApiV2Message kV2Document;
extern const OpenApiV2Message kV2Schema;
// Of parameters in a query; in a path, or a header.
extern const OpenApiV2Message kV2QueryParameter;
extern const OpenApiV2Message kV2OtherParameter;

}  // namespace pedia::apiserver
