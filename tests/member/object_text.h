// The JSON texts of objects as a kube-apiserver writes them: which keys stand first, and where kind
// and apiVersion are. Source: metav1.ObjectMeta; k8s.io/apimachinery/pkg/watch.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "meta/group_version_resource.h"
#include "meta/result.h"

namespace pedia::member {

// Immutable. Built-in kinds: list items have neither kind nor apiVersion, and struct order; custom
// resources have both everywhere, and sorted keys.
struct ServedResource {
  GroupVersionResource gvr;
  std::string kind;
  bool namespaced = false;
  bool custom = false;

  // What stands before an object's stored text (which has neither the opening brace nor, for
  // built-in kinds, kind and apiVersion) when it is sent alone or in a watch event; within a list
  // it is "{".
  std::string ObjectPrefix() const;
};

// What the server adds or changes when it accepts an object.
struct ServerFields {
  uint64_t resource_version = 0;
  std::string uid;                 // Used if the object has none.
  std::string creation_timestamp;  // As uid.
};

struct ObjectName {
  std::string namespace_name;  // "" for cluster-scoped.
  std::string name;

  std::string Key() const { return namespace_name.empty() ? name : namespace_name + "/" + name; }
};

struct ObjectText {
  ObjectName name;
  std::string text;               // From after the opening brace to the closing one.
  uint64_t resource_version = 0;  // As found in the body; 0 if there is none.
};

// Brings `body` into the form that is stored. Without `fields` the body keeps its resourceVersion,
// uid and time. Errors: BadRequest for what is no object, has no name, or has the wrong scope.
Result<ObjectText> NormalizeObject(const ServedResource& resource, std::string_view body,
                                   const std::optional<ServerFields>& fields);

// The metadata of a whole object: uid and creationTimestamp, "" where absent.
ServerFields ServerFieldsOf(std::string_view object);

}  // namespace pedia::member
