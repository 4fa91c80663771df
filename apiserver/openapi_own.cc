#include "apiserver/openapi_own.h"

#include <array>

#include "discovery/openapi_text.h"
#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

using discovery::ObjectText;

constexpr std::array kListParameters = std::to_array<QueryParameter>({
    {"clusters", "string", "Only objects of these clusters, separated by commas."},
    {"namespaces", "string", "Only objects in these namespaces, separated by commas."},
    {"names", "string", "Only objects with these names, separated by commas."},
    {"labelSelector", "string",
     "Only objects with such labels. Keys that begin with search.clusterpedia.io/ are conditions "
     "of "
     "a search, with the names of the parameters of the URL; names that contain a text are found "
     "by "
     "internalstorage.clusterpedia.io/fuzzy-name."},
    {"fieldSelector", "string",
     "Only objects with such fields, of any path: status.phase!=Running,spec.replicas>3. Operators "
     "are =, ==, !=, in, notin, >, <; a path alone or behind an exclamation mark asks whether "
     "there "
     "is such a field."},
    {"since", "string",
     "Only objects created at this time or later: RFC 3339, a date, or Unix seconds or "
     "milliseconds."},
    {"before", "string", "Only objects created before this time."},
    {"ownerUID", "string",
     "Only objects of the controller with this UID. The clusters must be named; an asterisk names "
     "all."},
    {"ownerName", "string", "Only objects of controllers with this name."},
    {"ownerGR", "string", "The resource of the owner that is named: deployments.apps."},
    {"ownerSeniority", "integer",
     "0: the owner is the controller itself, 1: the controller of the controller, and so on."},
    {"orderby", "string",
     "Columns (cluster, namespace, name, created_at, resource_version) or field paths, separated "
     "by "
     "commas, each with or without desc behind it."},
    {"limit", "integer", "At most so many objects in one answer."},
    {"continue", "string",
     "The token of the page before, which says where this one begins; or how many objects stand "
     "before it."},
    {"withContinue", "boolean", "Whether the answer says where the next page begins."},
    {"withRemainingCount", "boolean", "Whether the answer says how many objects come after it."},
    {"onlyMetadata", "boolean", "Objects without anything but their kind and metadata."},
    {"injectEvents", "boolean", "Each object with its events, in an annotation."},
    {"facets", "string",
     "Counts of all objects that match, by columns (cluster, namespace, kind) and field paths, in "
     "an "
     "annotation of the list. With limit=0 there are only counts."},
    {"resourceVersion", "string", "The list is not older than this revision of the store."},
    {"resourceVersionMatch", "string", "NotOlderThan or Exact; needs a resourceVersion."},
    {"timeoutSeconds", "integer", "Accepted, as in Kubernetes."},
    {"includeObject", "string", "What of an object stands in a Table: None, Metadata or Object."},
    {"pretty", "string", "true: the JSON is indented."},
});

constexpr std::array kCollectionParameters = std::to_array<QueryParameter>({
    {"groups", "string",
     "Of a collection whose resources the request chooses: all resources of these groups, or "
     "<group>/<version>, separated by commas; an asterisk stands for everything."},
    {"resources", "string",
     "Of such a collection: these resources, <group>/<resource> or <group>/<version>/<resource>, "
     "separated by commas."},
});

// A place in a path: {name}.
struct PathParameter {
  std::string_view name;
  std::string_view description;
};
constexpr PathParameter kName = {"name", "Name of the CollectionResource."};
constexpr PathParameter kCluster = {"cluster", "Name of the member cluster."};
constexpr PathParameter kPath = {
    "path", "A path of the Kubernetes API, such as api/v1/pods or apis/apps/v1/deployments."};

struct Operation {
  std::string_view path;  // Below /apis/clusterpedia.io/v1beta1.
  std::string_view id;
  std::string_view description;
  std::string_view action;  // x-kubernetes-action
  std::string_view kind;
  std::string_view schema;  // Of the answer; "" if it is that of what is asked for.
  std::span<const PathParameter> places;
  bool lists = false;    // Takes the parameters of a list ...
  bool chooses = false;  // ... and those of a collection.
};

constexpr std::array kNamePlaces = {kName};
constexpr std::array kPathPlaces = {kPath};
constexpr std::array kClusterPlaces = {kCluster, kPath};
constexpr std::array kOperations = std::to_array<Operation>({
    {"/collectionresources",
     "listClusterpediaV1beta1CollectionResource",
     "List the collections of resources that can be searched at once.",
     "list",
     "CollectionResource",
     "CollectionResourceList",
     {}},
    {"/collectionresources/{name}", "readClusterpediaV1beta1CollectionResource",
     "Search all resources of a collection, over all clusters.", "get", "CollectionResource",
     "CollectionResource", kNamePlaces, true, true},
    {"/resources/{path}", "connectGetClusterpediaV1beta1Resources",
     "Read one path of the Kubernetes API over all clusters.", "connect", "Resources", "",
     kPathPlaces, true},
    {"/resources/clusters/{cluster}/{path}", "connectGetClusterpediaV1beta1ClusterResources",
     "Read one path of the Kubernetes API of one cluster.", "connect", "Resources", "",
     kClusterPlaces, true},
});

constexpr std::string_view kSchemas =
    R"({"io.clusterpedia.v1beta1.CollectionResource":{)"
    R"("description":"CollectionResource is a search over several resources.","type":"object","properties":{)"
    R"("apiVersion":{"type":"string"},"kind":{"type":"string"},"metadata":{"type":"object"},)"
    R"("resourceTypes":{"description":"Which resources are searched.","type":"array",)"
    R"("items":{"$ref":"#/components/schemas/io.clusterpedia.v1beta1.CollectionResourceType"}},)"
    R"("items":{"description":"The objects that were found.","type":"array","items":{"type":"object"}},)"
    R"("continue":{"description":"Where the next page begins.","type":"string"},)"
    R"("remainingItemCount":{"description":"How many objects come after this page.","type":"integer","format":"int64"}},)"
    R"("x-kubernetes-group-version-kind":[{"group":"clusterpedia.io","version":"v1beta1","kind":"CollectionResource"}]},)"
    R"("io.clusterpedia.v1beta1.CollectionResourceList":{)"
    R"("description":"CollectionResourceList is a list of CollectionResource.","type":"object","required":["items"],"properties":{)"
    R"("apiVersion":{"type":"string"},"kind":{"type":"string"},"metadata":{"type":"object"},)"
    R"("items":{"type":"array","items":{"$ref":"#/components/schemas/io.clusterpedia.v1beta1.CollectionResource"}}},)"
    R"("x-kubernetes-group-version-kind":[{"group":"clusterpedia.io","version":"v1beta1","kind":"CollectionResourceList"}]},)"
    R"("io.clusterpedia.v1beta1.CollectionResourceType":{)"
    R"("description":"CollectionResourceType names resources.","type":"object","properties":{)"
    R"("group":{"type":"string"},"version":{"type":"string"},"kind":{"type":"string"},"resource":{"type":"string"}}},)"
    R"("io.clusterpedia.v1beta1.Resources":{)"
    R"("description":"Resources stands for the Kubernetes API of the member clusters.","type":"object",)"
    R"("x-kubernetes-group-version-kind":[{"group":"clusterpedia.io","version":"v1beta1","kind":"Resources"}]}})";

void AppendParameter(std::string_view name, std::string_view place, std::string_view type,
                     std::string_view description, std::string* out) {
  if (out->back() == '}') out->push_back(',');
  out->append("{\"name\":").append(JsonString(name)).append(",\"in\":").append(JsonString(place));
  out->append(",\"description\":").append(JsonString(description));
  if (place == "path") out->append(",\"required\":true");
  out->append(",\"schema\":{\"type\":").append(JsonString(type));
  out->append(",\"uniqueItems\":true}}");
}

void AppendQuery(std::span<const QueryParameter> parameters, std::string* out) {
  for (const QueryParameter& parameter : parameters)
    AppendParameter(parameter.name, "query", parameter.type, parameter.description, out);
}

void AppendOperation(const Operation& operation, std::string* out) {
  out->append("{\"get\":{\"description\":").append(JsonString(operation.description));
  out->append(",\"operationId\":").append(JsonString(operation.id));
  out->append(",\"tags\":[\"clusterpediaIo_v1beta1\"],\"parameters\":[");
  if (operation.lists) AppendQuery(kListParameters, out);
  if (operation.chooses) AppendQuery(kCollectionParameters, out);
  out->append(
      R"(],"responses":{"200":{"description":"OK","content":{"application/json":{"schema":)");
  if (operation.schema.empty()) {
    out->append("{\"type\":\"object\"}");
  } else {
    out->append("{\"$ref\":\"#/components/schemas/io.clusterpedia.v1beta1.");
    out->append(operation.schema).append("\"}");
  }
  out->append(R"(}}},"401":{"description":"Unauthorized"}},"x-kubernetes-action":)");
  out->append(JsonString(operation.action)).append(",\"x-kubernetes-group-version-kind\":");
  out->append(R"({"group":"clusterpedia.io","version":"v1beta1","kind":)");
  out->append(JsonString(operation.kind)).append("}},\"parameters\":[");
  for (const PathParameter& place : operation.places)
    AppendParameter(place.name, "path", "string", place.description, out);
  out->append("]}");
}

}  // namespace

std::span<const QueryParameter> ListParameters() { return kListParameters; }
std::span<const QueryParameter> CollectionParameters() { return kCollectionParameters; }

std::string OwnOpenApi(std::string_view version) {
  std::string out = R"({"openapi":"3.0.0","info":{"title":"clusterpedia apiserver","version":)";
  out.append(JsonString(version)).append("},\"paths\":");
  ObjectText paths(&out);
  for (const Operation& operation : kOperations) {
    paths.Key("/" + std::string(kOwnOpenApiPath) + std::string(operation.path));
    AppendOperation(operation, &out);
  }
  paths.End();
  return out.append(",\"components\":{\"schemas\":").append(kSchemas).append("}}");
}

}  // namespace pedia::apiserver
