#include "apiserver/openapi_document.h"

#include <unordered_set>

#include "discovery/openapi_text.h"
#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

using discovery::ObjectText;
using Keys = std::unordered_set<std::string_view>;

void ReadMembers(JsonReader& reader, std::vector<OpenApiMember>* members) {
  if (!reader.BeginObject()) return;
  for (std::string_view key; reader.NextMember(&key);) members->push_back({key, reader.Skip()});
}

void ReadComponents(JsonReader& reader, OpenApiParts* parts) {
  if (!reader.BeginObject()) return;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "schemas") {
      ReadMembers(reader, &parts->schemas);
    } else {
      parts->components.push_back({key, reader.Skip()});
    }
  }
}

void Append(const std::vector<OpenApiMember>& members, ObjectText* object, std::string* out) {
  for (const OpenApiMember& member : members) {
    object->Key(member.key);
    out->append(member.value);
  }
}

void AppendNew(const std::vector<OpenApiMember>& members, Keys* seen, ObjectText* object,
               std::string* out) {
  for (const OpenApiMember& member : members) {
    if (!seen->insert(member.key).second) continue;
    object->Key(member.key);
    out->append(member.value);
  }
}

// An object with the members that some documents have there.
void AppendUnion(const std::vector<OpenApiParts>& all,
                 std::vector<OpenApiMember> OpenApiParts::*members, std::string* out) {
  ObjectText object(out);
  Keys seen;
  for (const OpenApiParts& parts : all) AppendNew(parts.*members, &seen, &object, out);
  object.End();
}

}  // namespace

OpenApiParts ReadOpenApiParts(std::string_view document) {
  OpenApiParts parts;
  JsonReader reader(document);
  if (!reader.BeginObject()) return parts;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "paths") {
      ReadMembers(reader, &parts.paths);
    } else if (key == "components") {
      ReadComponents(reader, &parts);
    } else {
      parts.members.push_back({key, reader.Skip()});
    }
  }
  return reader.ok() ? parts : OpenApiParts();
}

std::string MergeOpenApi(std::span<const std::string> documents) {
  std::vector<OpenApiParts> all;
  for (const std::string& document : documents) all.push_back(ReadOpenApiParts(document));
  std::string out;
  ObjectText merged(&out);
  if (!all.empty()) Append(all[0].members, &merged, &out);
  merged.Key("paths");
  AppendUnion(all, &OpenApiParts::paths, &out);
  merged.Key("components");
  ObjectText components(&out);
  components.Key("schemas");
  AppendUnion(all, &OpenApiParts::schemas, &out);
  if (!all.empty()) Append(all[0].components, &components, &out);
  components.End();
  merged.End();
  return out;
}

}  // namespace pedia::apiserver
