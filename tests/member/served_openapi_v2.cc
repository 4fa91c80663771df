#include "tests/member/served_openapi_v2.h"

#include <string>
#include <utility>

namespace pedia::member {
namespace {

using Json = nlohmann::ordered_json;

// References as version 2 has them; it knows no allOf around one.
Json Downgraded(const Json& value) {
  constexpr std::string_view kSchemas = "#/components/schemas/";
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& element : value) out.push_back(Downgraded(element));
    return out;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [key, member] : value.items()) {
    if (key == "$ref" && member.is_string()) {
      out[key] = "#/definitions/" + member.get<std::string>().substr(kSchemas.size());
    } else if (key == "allOf" && member.is_array() && member.size() == 1) {
      out.update(Downgraded(member[0]));
    } else {
      out[key] = Downgraded(member);
    }
  }
  return out;
}

Json Parameters(const Json& parameters) {
  Json out = Json::array();
  for (const Json& parameter : parameters) {
    Json one = parameter;
    one.erase("schema");
    one.update(Downgraded(parameter.value("schema", Json::object())));
    out.push_back(std::move(one));
  }
  return out;
}

Json Operation(const Json& operation) {
  Json out = operation;
  if (out.contains("parameters")) out["parameters"] = Parameters(out["parameters"]);
  if (out.contains("requestBody")) {
    const Json& content = operation["requestBody"]["content"].front();
    out["parameters"].push_back(
        {{"in", "body"}, {"name", "body"}, {"schema", Downgraded(content["schema"])}});
    out.erase("requestBody");
  }
  for (auto& [code, response] : out["responses"].items()) {
    if (!response.contains("content")) continue;
    response["schema"] = Downgraded(response["content"].front()["schema"]);
    response.erase("content");
  }
  out["produces"] = {"application/json"};
  return out;
}

}  // namespace

void AddToVersion2(const Json& document, Json* all) {
  for (const auto& [name, schema] : document.at("components").at("schemas").items()) {
    if (!all->at("definitions").contains(name)) (*all)["definitions"][name] = Downgraded(schema);
  }
  for (const auto& [path, item] : document.at("paths").items()) {
    Json& out = (*all)["paths"][path];
    for (const auto& [key, member] : item.items())
      out[key] = key == "parameters" ? Parameters(member) : Operation(member);
  }
}

}  // namespace pedia::member
