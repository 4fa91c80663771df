#include "apiserver/openapi_v2_model.h"

#include <algorithm>
#include <array>

namespace pedia::apiserver {
namespace {

using Field = OpenApiV2Field;
using enum OpenApiV2Field::Kind;

constexpr std::array kSchema = std::to_array<Field>({
    {"$ref", 1, kString},
    {"format", 2, kString},
    {"title", 3, kString},
    {"description", 4, kString},
    {"multipleOf", 6, kNumber},
    {"maximum", 7, kNumber},
    {"exclusiveMaximum", 8, kBool},
    {"minimum", 9, kNumber},
    {"exclusiveMinimum", 10, kBool},
    {"maxLength", 11, kInt},
    {"minLength", 12, kInt},
    {"pattern", 13, kString},
    {"maxItems", 14, kInt},
    {"minItems", 15, kInt},
    {"uniqueItems", 16, kBool},
    {"maxProperties", 17, kInt},
    {"minProperties", 18, kInt},
    {"required", 19, kStrings},
    {"enum", 20, kAnys},
    {"additionalProperties", 21, kSchemaOrBool, &kV2Schema},
    {"type", 22, kTypes},
    {"items", 23, kObject, &kV2Schema, 1, 1},
    {"properties", 25, kMap, &kV2Schema},
    {"readOnly", 27, kBool},
    {"example", 30, kAny},
});

constexpr std::array kItems = std::to_array<Field>({{"type", 1, kString}, {"format", 2, kString}});
constexpr OpenApiV2Message kItemsMessage = {kItems};

constexpr std::array kQueryParameter = std::to_array<Field>({{"required", 1, kBool},
                                                             {"in", 2, kString},
                                                             {"description", 3, kString},
                                                             {"name", 4, kString},
                                                             {"type", 6, kString},
                                                             {"format", 7, kString},
                                                             {"items", 8, kObject, &kItemsMessage},
                                                             {"uniqueItems", 20, kBool}});
constexpr std::array kOtherParameter = std::to_array<Field>({{"required", 1, kBool},
                                                             {"in", 2, kString},
                                                             {"description", 3, kString},
                                                             {"name", 4, kString},
                                                             {"type", 5, kString},
                                                             {"format", 6, kString},
                                                             {"items", 7, kObject, &kItemsMessage},
                                                             {"uniqueItems", 19, kBool}});

constexpr std::array kResponse =
    std::to_array<Field>({{"description", 1, kString}, {"schema", 2, kObject, &kV2Schema, 1, 1}});
constexpr OpenApiV2Message kResponseMessage = {kResponse, 5};
constexpr std::array kOperation =
    std::to_array<Field>({{"tags", 1, kStrings},
                          {"summary", 2, kString},
                          {"description", 3, kString},
                          {"operationId", 5, kString},
                          {"produces", 6, kStrings},
                          {"consumes", 7, kStrings},
                          {"parameters", 8, kParameters},
                          {"responses", 9, kMap, &kResponseMessage, 1, 1},
                          {"schemes", 10, kStrings},
                          {"deprecated", 11, kBool}});
constexpr OpenApiV2Message kOperationMessage = {kOperation, 13};
constexpr std::array kPath =
    std::to_array<Field>({{"get", 2, kObject, &kOperationMessage}, {"parameters", 9, kParameters}});
constexpr OpenApiV2Message kPathMessage = {kPath, 10};

constexpr std::array kInfo = std::to_array<Field>(
    {{"title", 1, kString}, {"version", 2, kString}, {"description", 3, kString}});
constexpr OpenApiV2Message kInfoMessage = {kInfo, 7};
constexpr std::array kDocument = std::to_array<Field>({{"swagger", 1, kString},
                                                       {"info", 2, kObject, &kInfoMessage},
                                                       {"paths", 8, kMap, &kPathMessage, 2},
                                                       {"definitions", 9, kMap, &kV2Schema}});

}  // namespace

const OpenApiV2Message kV2Document = {kDocument, 16};
const OpenApiV2Message kV2Schema = {kSchema, 31};
const OpenApiV2Message kV2QueryParameter = {kQueryParameter, 23};
const OpenApiV2Message kV2OtherParameter = {kOtherParameter, 22};

bool OpenApiV2Field::Takes(JsonType type) const {
  switch (kind) {
    case kString:
      return type == JsonType::kString;
    case kInt:
    case kNumber:
      return type == JsonType::kNumber;
    case kBool:
      return type == JsonType::kBool;
    case kStrings:
    case kAnys:
    case kParameters:
      return type == JsonType::kArray;
    case kAny:
      return type != JsonType::kEnd;
    case kTypes:
      return type == JsonType::kString || type == JsonType::kArray;
    case kObject:
    case kMap:
      return type == JsonType::kObject;
    case kSchemaOrBool:
      return type == JsonType::kObject || type == JsonType::kBool;
  }
  return false;
}

const OpenApiV2Field* OpenApiV2Message::Find(std::string_view key) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const OpenApiV2Field& field) { return field.key == key; });
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace pedia::apiserver
