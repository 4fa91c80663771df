// Version 2 describes all of a cluster in one document, with `definitions` that everything refers
// to. What one group version's document needs of it is found by following the references.
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "discovery/openapi.h"
#include "discovery/openapi_text.h"
#include "meta/json_reader.h"

namespace pedia::discovery {
namespace {

constexpr std::string_view kDefinitions = "#/definitions/";
constexpr size_t kMaxBytes = 64 << 20;  // Of all the documents made of one.

// The parts of the document that count, as the bytes they are.
struct Parts {
  std::string_view info = R"({"title":"Kubernetes","version":"unversioned"})";
  std::map<std::string_view, std::string_view> definitions;
  // What stands below the paths that are asked for, by these.
  std::map<std::string, std::vector<std::pair<std::string_view, std::string_view>>, std::less<>>
      items;
};

// The definitions that are referred to; each is in `todo` once.
struct References {
  std::set<std::string_view> seen;
  std::vector<std::string_view> todo;

  void Add(std::string_view name) {
    if (seen.insert(name).second) todo.push_back(name);
  }
};

void ReadPaths(JsonReader& reader, Parts* parts) {
  if (!reader.BeginObject()) return;
  for (std::string_view path; reader.NextMember(&path);) {
    const std::string_view item = reader.Skip();
    const auto wanted = parts->items.find(GroupVersionPathOf(path));
    if (wanted != parts->items.end() && !IsWatchPath(path)) wanted->second.emplace_back(path, item);
  }
}

Status ReadParts(std::string_view json, Parts* parts) {
  JsonReader reader(json);
  bool is_version_2 = false;
  if (!reader.BeginObject()) return BadRequest("the OpenAPI document is no object");
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "swagger") {
      is_version_2 = reader.ReadRawString().starts_with('2');
    } else if (key == "info" && reader.Peek() == JsonType::kObject) {
      parts->info = reader.Skip();
    } else if (key == "definitions") {
      if (!reader.BeginObject()) continue;
      for (std::string_view name; reader.NextMember(&name);)
        parts->definitions[name] = reader.Skip();
    } else if (key == "paths") {
      ReadPaths(reader, parts);
    } else {
      reader.Skip();
    }
  }
  return is_version_2 ? Status() : BadRequest("not a document of OpenAPI version 2");
}

void AppendReference(std::string_view name, std::string* out) {
  out->append("\"#/components/schemas/").append(name).append("\"");
}

// References are rewritten. Beside one nothing else counts in version 3, so what stands there makes
// it an allOf.
void AppendSchema(JsonReader& reader, References* references, std::string* out) {
  if (reader.Peek() == JsonType::kArray && reader.BeginArray()) {
    out->push_back('[');
    for (bool first = true; reader.NextElement(); first = false) {
      if (!first) out->push_back(',');
      AppendSchema(reader, references, out);
    }
    out->push_back(']');
    return;
  }
  if (reader.Peek() != JsonType::kObject || !reader.BeginObject()) {
    out->append(reader.Skip());
    return;
  }
  ObjectText schema(out);
  std::string_view name;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "$ref" && reader.Peek() == JsonType::kString) {
      const std::string_view target = reader.ReadRawString();
      if (target.starts_with(kDefinitions)) name = target.substr(kDefinitions.size());
      continue;
    }
    schema.Key(key);
    AppendSchema(reader, references, out);
  }
  if (!name.empty()) {
    references->Add(name);
    const bool alone = schema.empty();
    schema.Key(alone ? "$ref" : "allOf");
    if (!alone) out->append("[{\"$ref\":");
    AppendReference(name, out);
    if (!alone) out->append("}]");
  }
  schema.End();
}

// Version 2 has a parameter's type beside its name; a body is no parameter any more.
bool AppendParameter(std::string_view json, References* references, std::string* out) {
  JsonReader reader(json);
  if (!reader.BeginObject()) return false;
  ObjectText parameter(out);
  std::string type;
  ObjectText schema(&type);
  bool named = false;
  for (std::string_view key; reader.NextMember(&key);) {
    const std::string_view value = reader.Skip();
    if (key == "in" && (value == "\"body\"" || value == "\"formData\"")) return false;
    named = named || key == "name";
    const bool kept = key == "name" || key == "in" || key == "description" || key == "required";
    (kept ? parameter : schema).Key(key);
    JsonReader value_reader(value);
    AppendSchema(value_reader, references, kept ? out : &type);
  }
  schema.End();
  parameter.Key("schema");
  out->append(type);
  parameter.End();
  return named;
}

void AppendParameters(JsonReader& reader, References* references, std::string* out) {
  out->push_back('[');
  const size_t start = out->size();
  if (reader.BeginArray()) {
    while (reader.NextElement()) {
      const size_t before = out->size();
      if (before > start) out->push_back(',');
      if (!AppendParameter(reader.Skip(), references, out)) out->resize(before);
    }
  }
  out->push_back(']');
}

void AppendResponse(JsonReader& reader, References* references, std::string* out) {
  ObjectText response(out);
  if (reader.BeginObject()) {
    for (std::string_view key; reader.NextMember(&key);) {
      if (key == "schema") {
        response.Key("content");
        out->append(R"({"application/json":{"schema":)");
        AppendSchema(reader, references, out);
        out->append("}}");
      } else if (key == "description") {
        response.Key(key);
        out->append(reader.Skip());
      } else {
        reader.Skip();
      }
    }
  }
  response.End();
}

void AppendOperation(JsonReader& reader, References* references, std::string* out) {
  ObjectText operation(out);
  if (reader.BeginObject()) {
    for (std::string_view key; reader.NextMember(&key);) {
      if (key == "parameters") {
        operation.Key(key);
        AppendParameters(reader, references, out);
      } else if (key == "responses" && reader.Peek() == JsonType::kObject) {
        operation.Key(key);
        ObjectText responses(out);
        reader.BeginObject();
        for (std::string_view code; reader.NextMember(&code);) {
          responses.Key(code);
          AppendResponse(reader, references, out);
        }
        responses.End();
      } else if (key == "description" || key == "operationId" || key == "tags" ||
                 key.starts_with("x-")) {
        operation.Key(key);
        AppendCompactJson(reader.Skip(), out);
      } else {
        reader.Skip();
      }
    }
  }
  operation.End();
}

// False if it has no `get`: then what was appended is to be dropped.
bool AppendItem(std::string_view json, References* references, std::string* out) {
  JsonReader reader(json);
  if (!reader.BeginObject()) return false;
  ObjectText item(out);
  bool readable = false;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "get" && reader.Peek() == JsonType::kObject) {
      readable = true;
      item.Key(key);
      AppendOperation(reader, references, out);
    } else if (key == "parameters") {
      item.Key(key);
      AppendParameters(reader, references, out);
    } else {
      reader.Skip();
    }
  }
  item.End();
  return readable;
}

// Nothing: larger than `limit`.
std::optional<std::string> MakeDocument(
    const Parts& parts, const std::vector<std::pair<std::string_view, std::string_view>>& items,
    size_t limit) {
  std::string out = R"({"openapi":"3.0.0","info":)";
  AppendCompactJson(parts.info, &out);
  out.append(",\"paths\":");
  ObjectText paths(&out);
  References references;
  for (const auto& [path, item] : items) {
    const ObjectText before = paths;
    const size_t size = out.size();
    paths.Key(path);
    if (AppendItem(item, &references, &out)) continue;
    paths = before;
    out.resize(size);
  }
  paths.End();
  std::map<std::string_view, std::string> schemas;
  for (size_t size = out.size(); !references.todo.empty();) {
    const std::string_view name = references.todo.back();
    references.todo.pop_back();
    const auto found = parts.definitions.find(name);
    if (found == parts.definitions.end()) continue;
    JsonReader reader(found->second);
    AppendSchema(reader, &references, &schemas[name]);
    size += schemas[name].size() + name.size();
    if (size > limit) return std::nullopt;
  }
  out.append(",\"components\":{\"schemas\":");
  ObjectText components(&out);
  for (const auto& [name, schema] : schemas) {
    components.Key(name);
    out.append(schema);
  }
  components.End();
  out.append("}}");
  return out;
}

}  // namespace

Result<std::map<std::string, std::string>> SplitOpenApiV2(std::string_view json,
                                                          const std::vector<std::string>& paths) {
  if (!IsValidJson(json)) return BadRequest("the OpenAPI document is no well-formed JSON");
  Parts parts;
  for (const std::string& path : paths) parts.items.try_emplace(path);
  if (Status status = ReadParts(json, &parts); !status.ok()) return status;
  std::map<std::string, std::string> documents;
  size_t left = kMaxBytes;
  for (const auto& [path, items] : parts.items) {
    if (items.empty()) continue;
    std::optional<std::string> document = MakeDocument(parts, items, left);
    if (!document || document->size() > left)
      return BadRequest("the OpenAPI document refers to too much");
    left -= document->size();
    documents.emplace(path, std::move(*document));
  }
  return documents;
}

}  // namespace pedia::discovery
