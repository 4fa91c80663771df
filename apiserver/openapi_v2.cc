#include "apiserver/openapi_v2.h"

#include "apiserver/openapi_v2_model.h"
#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

using discovery::ObjectText;

constexpr std::string_view kDefaultInfo = R"({"title":"Kubernetes","version":"unversioned"})";

// Members of `json` that stand in version 2 as they are.
void AppendKept(const std::vector<OpenApiMember>& members, std::string_view kept,
                ObjectText* object, std::string* out) {
  for (const OpenApiMember& member : members) {
    if (member.key != kept || member.value.empty()) continue;
    object->Key(member.key);
    out->append(member.value);
  }
}

std::vector<OpenApiMember> ReadMembers(std::string_view json) {
  std::vector<OpenApiMember> members;
  JsonReader reader(json);
  if (!reader.BeginObject()) return members;
  for (std::string_view key; reader.NextMember(&key);) members.push_back({key, reader.Skip()});
  return reader.ok() ? members : std::vector<OpenApiMember>();
}

std::string_view Find(const std::vector<OpenApiMember>& members, std::string_view key) {
  for (const OpenApiMember& member : members) {
    if (member.key == key) return member.value;
  }
  return "";
}

// In version 2 a parameter's type stands beside its name. False for what cannot be said.
bool AppendParameter(std::string_view json, std::string* out) {
  const std::vector<OpenApiMember> members = ReadMembers(json);
  const std::string_view place = Find(members, "in");
  if (place != "\"query\"" && place != "\"path\"" && place != "\"header\"") return false;
  if (!Find(members, "name").starts_with('"')) return false;
  ObjectText parameter(out);
  for (const char* key : {"name", "in", "description", "required"})
    AppendKept(members, key, &parameter, out);
  const std::vector<OpenApiMember> schema = ReadMembers(Find(members, "schema"));
  for (const char* key : {"format", "uniqueItems"}) AppendKept(schema, key, &parameter, out);
  const std::string_view type = Find(schema, "type");
  parameter.Key("type");
  out->append(type.starts_with('"') && type != "\"object\"" ? type : "\"string\"");
  if (type == "\"array\"") {
    parameter.Key("items");
    out->append(R"({"type":"string"})");
  }
  parameter.End();
  return true;
}

void AppendParameters(std::string_view json, ObjectText* object, std::string* out) {
  JsonReader reader(json);
  if (!reader.BeginArray()) return;
  object->Key("parameters");
  out->push_back('[');
  const size_t start = out->size();
  while (reader.NextElement()) {
    const size_t before = out->size();
    if (before > start) out->push_back(',');
    if (!AppendParameter(reader.Skip(), out)) out->resize(before);
  }
  out->push_back(']');
}

// One schema for whatever form the answer has; `*produced` gets the forms, JSON strings.
void AppendResponse(std::string_view json, SchemaNames* references,
                    std::set<std::string_view>* produced, std::string* out) {
  const std::vector<OpenApiMember> members = ReadMembers(json);
  ObjectText response(out);
  response.Key("description");
  const std::string_view description = Find(members, "description");
  out->append(description.starts_with('"') ? description : "\"\"");
  std::string_view schema;
  for (const OpenApiMember& content : ReadMembers(Find(members, "content"))) {
    produced->insert(content.key);
    if (schema.empty() || content.key == "application/json")
      schema = Find(ReadMembers(content.value), "schema");
  }
  if (!schema.empty()) {
    response.Key("schema");
    AppendV2Schema(schema, references, out);
  }
  response.End();
}

void AppendResponses(std::string_view json, SchemaNames* references, ObjectText* operation,
                     std::string* out) {
  std::set<std::string_view> produced;
  operation->Key("responses");
  ObjectText responses(out);
  for (const OpenApiMember& response : ReadMembers(json)) {
    responses.Key(response.key);
    AppendResponse(response.value, references, &produced, out);
  }
  responses.End();
  operation->Key("produces");
  std::string separator = "[\"";
  for (const std::string_view type : produced) {
    out->append(separator).append(type);
    separator = "\",\"";
  }
  out->append(produced.empty() ? "[]" : "\"]");
}

void AppendOperation(std::string_view json, SchemaNames* references, std::string* out) {
  const std::vector<OpenApiMember> members = ReadMembers(json);
  ObjectText operation(out);
  for (const char* key : {"description", "operationId", "tags"})
    AppendKept(members, key, &operation, out);
  for (const OpenApiMember& member : members) {
    if (!member.key.starts_with("x-")) continue;
    operation.Key(member.key);
    out->append(member.value);
  }
  operation.Key("consumes");
  out->append("[\"*/*\"]");
  operation.Key("schemes");
  out->append("[\"https\"]");
  AppendParameters(Find(members, "parameters"), &operation, out);
  AppendResponses(Find(members, "responses"), references, &operation, out);
  operation.End();
}

}  // namespace

void OpenApiV2Builder::Add(std::string_view document) {
  const OpenApiParts parts = ReadOpenApiParts(document);
  if (info_.empty()) info_ = Find(parts.members, "info");
  for (const OpenApiMember& path : parts.paths) AddPath(path);
  for (const OpenApiMember& schema : parts.schemas) {
    if (!defined_.emplace(schema.key).second) continue;
    definitions_.Key(schema.key);
    AppendV2Schema(schema.value, &references_, &definitions_text_);
  }
}

void OpenApiV2Builder::AddPath(const OpenApiMember& path) {
  const std::vector<OpenApiMember> members = ReadMembers(path.value);
  const std::string_view get = Find(members, "get");
  if (!get.starts_with('{') || !seen_paths_.emplace(path.key).second) return;
  paths_.Key(path.key);
  ObjectText item(&paths_text_);
  item.Key("get");
  AppendOperation(get, &references_, &paths_text_);
  AppendParameters(Find(members, "parameters"), &item, &paths_text_);
  item.End();
}

std::string OpenApiV2Builder::Finish() {
  for (const std::string& name : references_) {
    if (!defined_.insert(name).second) continue;
    definitions_.Key(name);
    definitions_text_.append("{}");
  }
  paths_.End();
  definitions_.End();
  std::string out = R"({"swagger":"2.0","info":)";
  out.append(info_.starts_with('{') ? std::string_view(info_) : kDefaultInfo);
  out.append(",\"paths\":").append(paths_text_);
  paths_text_ = std::string();
  return out.append(",\"definitions\":").append(definitions_text_).append("}");
}

}  // namespace pedia::apiserver
