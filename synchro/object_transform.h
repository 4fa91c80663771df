// What is done to an object's bytes before they are stored: pruned, annotated with its cluster,
// completed with its type.
// {"metadata":{"name":"a","managedFields":[...]}} of cluster c1 becomes
// {"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","annotations":{"shadow.clusterpedia.io/cluster-name":"c1"}}}
// Source: Clusterpedia's pruning and its cluster annotation; metav1.ObjectMeta.
#pragma once
#include <string>
#include <string_view>

#include "meta/group_version_resource.h"
#include "meta/result.h"

namespace pedia::synchro {

inline constexpr std::string_view kClusterAnnotation = "shadow.clusterpedia.io/cluster-name";

// Which type and cluster the objects of one reflector have.
struct ObjectContext {
  std::string cluster;
  GroupVersionResource gvr;
  std::string kind;
};

// `object` without metadata.managedFields and the last-applied annotation, with the cluster
// annotation (last in its map), and with kind and apiVersion in front where they lack, as in the
// items of a typed list: so list and watch store equal bytes. Key order and every other byte of a
// value are kept. Errors: BadRequest if it is no object or has no metadata. Pure.
Result<std::string> TransformObject(const ObjectContext& context, std::string_view object);

}  // namespace pedia::synchro
