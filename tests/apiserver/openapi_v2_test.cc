// Documents of OpenAPI v3 as version 2, in JSON and in protobuf.
#include "apiserver/openapi_v2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "apiserver/openapi_protobuf.h"
#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Json = nlohmann::json;

Json V2(const std::string& schema) {
  SchemaNames references;
  std::string out;
  AppendV2Schema(schema, &references, &out);
  return Json::parse(out, nullptr, false);
}

struct Case {
  std::string what;
  std::string schema;
  std::string expected;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.what; }

class V2SchemaTest : public ::testing::TestWithParam<Case> {};
TEST_P(V2SchemaTest, IsWhatKubeApiserverSays) {
  EXPECT_EQ(V2(GetParam().schema), Json::parse(GetParam().expected)) << GetParam().what;
}
INSTANTIATE_TEST_SUITE_P(
    All, V2SchemaTest,
    ::testing::Values(
        Case{"scalars stay",
             R"({"type":"string","format":"date","description":"d","enum":["a",1]})",
             R"({"type":"string","format":"date","description":"d","enum":["a",1]})"},
        Case{"limits stay",
             R"({"type":"integer","maximum":5.5,"exclusiveMinimum":true,"minLength":2})",
             R"({"type":"integer","maximum":5.5,"exclusiveMinimum":true,"minLength":2})"},
        Case{"a reference", R"({"$ref":"#/components/schemas/a.B"})",
             R"({"$ref":"#/definitions/a.B"})"},
        Case{"a reference with a description and a default",
             R"({"allOf":[{"$ref":"#/components/schemas/a.B"}],"default":{},"description":"d"})",
             R"({"$ref":"#/definitions/a.B","description":"d"})"},
        Case{"extensions beside a reference",
             R"({"allOf":[{"$ref":"#/components/schemas/a.B"}],"x-kubernetes-list-type":"atomic"})",
             R"({"$ref":"#/definitions/a.B","x-kubernetes-list-type":"atomic"})"},
        Case{"a reference to elsewhere", R"({"$ref":"other.json#/a","description":"d"})",
             R"({"description":"d"})"},
        Case{"several of allOf go",
             R"({"type":"object","allOf":[{"required":["a"]},{"type":"x"}]})",
             R"({"type":"object"})"},
        Case{"several references of allOf go",
             R"({"allOf":[{"$ref":"#/components/schemas/A"},{"$ref":"#/components/schemas/B"}]})",
             "{}"},
        Case{"alternatives go", R"({"type":"object","anyOf":[{}],"not":{},"oneOf":[{}]})",
             R"({"type":"object"})"},
        Case{"text or number", R"({"oneOf":[{"type":"string"},{"type":"number"}]})",
             R"({"type":"string"})"},
        Case{"integer or text",
             R"({"format":"int-or-string","oneOf":[{"type":"integer"},{"type":"string"}]})",
             R"({"format":"int-or-string","type":"string"})"},
        Case{
            "integer or text of a custom resource",
            R"({"anyOf":[{"type":"integer"},{"type":"string"}],"x-kubernetes-int-or-string":true})",
            R"({"x-kubernetes-int-or-string":true})"},
        Case{"lists", R"({"type":"array","items":{"allOf":[{"$ref":"#/components/schemas/B"}]}})",
             R"({"type":"array","items":{"$ref":"#/definitions/B"}})"},
        Case{"a list of nothing in particular", R"({"type":"array"})",
             R"({"type":"array","items":{}})"},
        Case{"maps", R"({"type":"object","additionalProperties":{"type":"string","default":"x"}})",
             R"({"type":"object","additionalProperties":{"type":"string"}})"},
        Case{"maps of anything", R"({"type":"object","additionalProperties":true})",
             R"({"type":"object","additionalProperties":true})"},
        Case{"members",
             R"({"type":"object","required":["a"],"properties":{"a":{"type":"string",)"
             R"("default":"x"},"$ref":{"type":"integer"}}})",
             R"({"type":"object","required":["a"],"properties":{"a":{"type":"string"},)"
             R"("$ref":{"type":"integer"}}})"},
        Case{"what may be null is of any type",
             R"({"type":"object","nullable":true,"description":"d","properties":{"a":{}}})",
             R"({"description":"d"})"},
        Case{
            "what may have unknown fields has none that are known",
            R"({"type":"object","properties":{"a":{}},"x-kubernetes-preserve-unknown-fields":true})",
            R"({"type":"object","x-kubernetes-preserve-unknown-fields":true})"},
        Case{"keywords of a wrong type go",
             R"({"type":5,"description":[],"properties":3,"items":[],"maximum":"5","$ref":7})",
             R"({})"},
        Case{"no schema", "[1]", "{}"}, Case{"nothing", "", "{}"}));

constexpr char kPods[] =
    R"({"openapi":"3.0.0","info":{"title":"Kubernetes","version":"1.32"},"paths":{
 "/api/v1/pods":{"get":{"description":"list","operationId":"listPods","tags":["core_v1"],
   "parameters":[{"name":"limit","in":"query","schema":{"type":"integer","uniqueItems":true}},
                 {"name":"session","in":"cookie","schema":{"type":"string"}},
                 {"name":"fields","in":"query","schema":{"type":"array"}}],
   "responses":{"200":{"description":"OK","content":{
      "application/json":{"schema":{"$ref":"#/components/schemas/v1.PodList"}},
      "application/yaml":{"schema":{"$ref":"#/components/schemas/v1.PodList"}}}},
     "401":{"description":"Unauthorized"}},
   "x-kubernetes-action":"list","x-kubernetes-group-version-kind":{"group":"","kind":"Pod","version":"v1"}},
  "parameters":[{"name":"pretty","in":"query","description":"p","schema":{"type":"string"}},
                {"name":"name","in":"path","required":true,"schema":{"type":"string"}}]},
 "/api/v1/bindings":{"post":{}}},
"components":{"schemas":{
 "v1.PodList":{"type":"object","properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/v1.Pod"}},
    "metadata":{"$ref":"#/components/schemas/v1.ListMeta"}}},
 "v1.Pod":{"type":"object","description":"Pod \"one\"\n","required":["spec"],
   "properties":{"spec":{"description":"s","type":"object","additionalProperties":false,"minProperties":-3,"maximum":0.5}},
   "x-kubernetes-group-version-kind":[{"group":"","kind":"Pod","version":"v1"}]}}}})";

std::string Build(const std::vector<std::string>& documents) {
  OpenApiV2Builder builder;
  for (const std::string& document : documents) builder.Add(document);
  return builder.Finish();
}

TEST(OpenApiV2BuilderTest, MakesAPathWithItsParametersAndAnswers) {
  const Json swagger = Json::parse(Build({kPods}));
  EXPECT_EQ(swagger["swagger"], "2.0");
  EXPECT_EQ(swagger["info"]["version"], "1.32");
  ASSERT_EQ(swagger["paths"].size(), 1u) << "only what can be read";
  const Json& path = swagger["paths"]["/api/v1/pods"];
  const Json& get = path["get"];
  EXPECT_EQ(get["operationId"], "listPods");
  EXPECT_EQ(get["produces"], Json::parse(R"(["application/json","application/yaml"])"));
  EXPECT_EQ(get["responses"]["200"]["schema"]["$ref"], "#/definitions/v1.PodList");
  EXPECT_EQ(get["responses"]["401"], Json::parse(R"({"description":"Unauthorized"})"));
  EXPECT_EQ(get["x-kubernetes-action"], "list");
  EXPECT_EQ(get["parameters"], Json::parse(R"([
      {"name":"limit","in":"query","type":"integer","uniqueItems":true},
      {"name":"fields","in":"query","type":"array","items":{"type":"string"}}])"));
  EXPECT_EQ(path["parameters"], Json::parse(R"([
      {"name":"pretty","in":"query","description":"p","type":"string"},
      {"name":"name","in":"path","required":true,"type":"string"}])"));
}

TEST(OpenApiV2BuilderTest, EveryReferenceLeadsSomewhere) {
  const Json definitions = Json::parse(Build({kPods}))["definitions"];
  EXPECT_EQ(definitions["v1.PodList"]["properties"]["metadata"]["$ref"],
            "#/definitions/v1.ListMeta");
  EXPECT_EQ(definitions["v1.ListMeta"], Json::object());
}

TEST(OpenApiV2BuilderTest, TheFirstDocumentSaysWhatAThingIs) {
  const std::string other = R"({"openapi":"3.0.0","info":{"title":"Other"},"paths":{
      "/api/v1/pods":{"get":{"operationId":"other"}},"/api/v1/nodes":{"get":{"operationId":"nodes"}}},
      "components":{"schemas":{"v1.Pod":{"type":"string"},"v1.ListMeta":{"type":"object"}}}})";
  const Json swagger = Json::parse(Build({kPods, other}));
  EXPECT_EQ(swagger["info"]["title"], "Kubernetes");
  EXPECT_EQ(swagger["paths"]["/api/v1/pods"]["get"]["operationId"], "listPods");
  EXPECT_EQ(swagger["paths"]["/api/v1/nodes"]["get"]["operationId"], "nodes");
  EXPECT_EQ(swagger["definitions"]["v1.Pod"]["type"], "object");
  EXPECT_EQ(swagger["definitions"]["v1.ListMeta"]["type"], "object");
}

TEST(OpenApiV2BuilderTest, WhatIsNoDocumentAddsNothing) {
  const std::string nothing = Build({});
  EXPECT_TRUE(IsValidJson(nothing)) << nothing;
  for (const char* document : {"", "[]", "{", "5", R"({"paths":[],"components":{"schemas":7}})",
                               R"({"paths":{"/a":{"get":[]}},"components":[]})"})
    EXPECT_EQ(Build({document}), nothing) << document;
}

// The fields of a protobuf message: numbers as text, the rest as its bytes. Nothing if it is none.
using Fields = std::multimap<uint64_t, std::string>;

std::optional<uint64_t> TakeVarint(std::string_view* bytes) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return {};
}

std::optional<Fields> Parse(std::string_view bytes) {
  Fields fields;
  while (!bytes.empty()) {
    const auto tag = TakeVarint(&bytes);
    if (!tag) return {};
    if ((*tag & 7) == 0) {
      const auto value = TakeVarint(&bytes);
      if (!value) return {};
      fields.emplace(*tag >> 3, std::to_string(static_cast<int64_t>(*value)));
      continue;
    }
    const auto length = (*tag & 7) == 1 ? 8 : TakeVarint(&bytes);
    if (!length || *length > bytes.size()) return {};
    fields.emplace(*tag >> 3, bytes.substr(0, *length));
    bytes.remove_prefix(*length);
  }
  return fields;
}

// All that stands at a path of field numbers; {} of what does not follow the format.
std::vector<std::string> At(const std::string& bytes, const std::vector<uint64_t>& path) {
  std::vector<std::string> found = {bytes};
  for (const uint64_t number : path) {
    std::vector<std::string> next;
    for (const std::string& message : found) {
      const auto fields = Parse(message);
      if (!fields) return {"not a message"};
      const auto [begin, end] = fields->equal_range(number);
      for (auto field = begin; field != end; ++field) next.push_back(field->second);
    }
    found = std::move(next);
  }
  return found;
}

class ProtobufTest : public ::testing::Test {
 protected:
  const std::string document_ = OpenApiV2ToProtobuf(Build({kPods}));
  // Of definition `name`.
  std::string Schema(const std::string& name) {
    for (const std::string& entry : At(document_, {9, 1})) {
      if (At(entry, {1}) == std::vector<std::string>{name}) return At(entry, {2}).at(0);
    }
    return "";
  }
};

TEST_F(ProtobufTest, NamesTheDocument) {
  EXPECT_THAT(At(document_, {1}), ElementsAre("2.0"));
  EXPECT_THAT(At(document_, {2, 1}), ElementsAre("Kubernetes"));
  EXPECT_THAT(At(document_, {9, 1, 1}), ElementsAre("v1.PodList", "v1.Pod", "v1.ListMeta"));
}

TEST_F(ProtobufTest, HasSchemasWithTheirMembers) {
  const std::string list = Schema("v1.PodList");
  EXPECT_THAT(At(list, {22, 1}), ElementsAre("object"));
  EXPECT_THAT(At(list, {25, 1, 1}), ElementsAre("items", "metadata"));
  EXPECT_THAT(At(list, {25, 1, 2, 22, 1}), ElementsAre("array"));
  EXPECT_THAT(At(list, {25, 1, 2, 23, 1, 1}), ElementsAre("#/definitions/v1.Pod"));
  EXPECT_THAT(At(list, {25, 1, 2, 1}), ElementsAre("#/definitions/v1.ListMeta"));
  EXPECT_THAT(At(Schema("v1.ListMeta"), {22}), IsEmpty());
}

TEST_F(ProtobufTest, HasScalarsOfAllTypes) {
  const std::string pod = Schema("v1.Pod");
  EXPECT_THAT(At(pod, {4}), ElementsAre("Pod \"one\"\n"));
  EXPECT_THAT(At(pod, {19}), ElementsAre("spec"));
  const std::vector<std::string> spec = At(pod, {25, 1, 2});
  ASSERT_EQ(spec.size(), 1u);
  EXPECT_THAT(At(spec[0], {21, 2}), ElementsAre("0"));
  EXPECT_THAT(At(spec[0], {18}), ElementsAre("-3"));
  EXPECT_THAT(At(spec[0], {7}), ElementsAre(std::string("\0\0\0\0\0\0\xe0\x3f", 8)));
}

TEST_F(ProtobufTest, HasExtensionsAsYaml) {
  const std::string pod = Schema("v1.Pod");
  EXPECT_THAT(At(pod, {31, 1}), ElementsAre("x-kubernetes-group-version-kind"));
  EXPECT_THAT(At(pod, {31, 2, 2}), ElementsAre("- group: \"\"\n  kind: Pod\n  version: v1\n"));
}

TEST_F(ProtobufTest, HasPathsWithTheirParametersAndAnswers) {
  EXPECT_THAT(At(document_, {8, 2, 1}), ElementsAre("/api/v1/pods"));
  const std::string get = At(document_, {8, 2, 2, 2}).at(0);
  EXPECT_THAT(At(get, {5}), ElementsAre("listPods"));
  EXPECT_THAT(At(get, {6}), ElementsAre("application/json", "application/yaml"));
  EXPECT_THAT(At(get, {8, 1, 2, 3, 4}), ElementsAre("limit", "fields"));
  EXPECT_THAT(At(get, {8, 1, 2, 3, 6}), ElementsAre("integer", "array"));
  EXPECT_THAT(At(get, {8, 1, 2, 3, 20}), ElementsAre("1"));
  EXPECT_THAT(At(get, {9, 1, 1}), ElementsAre("200", "401"));
  EXPECT_THAT(At(get, {9, 1, 2, 1, 1}), ElementsAre("OK", "Unauthorized"));
  EXPECT_THAT(At(get, {9, 1, 2, 1, 2, 1, 1}), ElementsAre("#/definitions/v1.PodList"));
  EXPECT_THAT(At(get, {13, 2, 2}), ElementsAre("list\n", "group: \"\"\nkind: Pod\nversion: v1\n"));
  const std::string path = At(document_, {8, 2, 2}).at(0);
  EXPECT_THAT(At(path, {9, 1, 2, 3, 4}), ElementsAre("pretty"));
  EXPECT_THAT(At(path, {9, 1, 2, 4, 4}), ElementsAre("name"));
  EXPECT_THAT(At(path, {9, 1, 2, 4, 5}), ElementsAre("string"));
}

TEST(OpenApiV2ToProtobufTest, LeavesOutWhatIsOfAWrongType) {
  EXPECT_EQ(OpenApiV2ToProtobuf(R"({"swagger":2,"info":[],"paths":{"/a":5},"definitions":{"A":
      {"type":"object","items":[],"required":[1,"b"],"enum":{},"maxLength":1.5}},"other":{}})"),
            OpenApiV2ToProtobuf(
                R"({"paths":{},"definitions":{"A":{"type":"object","required":["b"]}}})"));
  const std::string head = R"({"paths":{"/a":{"get":{"parameters":[)";
  EXPECT_EQ(OpenApiV2ToProtobuf(head + R"({"name":"a","in":"cookie"},5]}}}})"),
            OpenApiV2ToProtobuf(head + "]}}}}"));
  EXPECT_EQ(OpenApiV2ToProtobuf(""), "");
  EXPECT_EQ(OpenApiV2ToProtobuf("[]"), "");
}

}  // namespace
}  // namespace pedia::apiserver
