// What is done to an object's bytes before they are stored: pruned, annotated with its cluster,
// completed with its type, a Secret's data cut down.
// {"metadata":{"name":"a","managedFields":[...]}} of cluster c1 becomes
// {"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","annotations":{"shadow.clusterpedia.io/cluster-name":"c1"}}}
// Source: Clusterpedia's pruning and its cluster annotation; metav1.ObjectMeta; core/v1 Secret.
#pragma once
#include <string>
#include <string_view>

#include "meta/group_version_resource.h"
#include "meta/result.h"
#include "synchro/sync_rules.h"

namespace pedia::synchro {

inline constexpr std::string_view kClusterAnnotation = "shadow.clusterpedia.io/cluster-name";

// Which type and cluster the objects of one reflector have, and what of them is kept.
struct ObjectContext {
  std::string cluster;
  GroupVersionResource gvr;
  std::string kind;
  bool prune_managed_fields = true;
  bool prune_last_applied = true;
  SecretData secret_data = SecretData::kFull;  // Anything else: the objects are core Secrets.
};

// `object` without metadata.managedFields and the last-applied annotation, with the cluster
// annotation (last in its map), and with kind and apiVersion in front where they lack, as in the
// items of a typed list: so list and watch store equal bytes. Key order and every other byte of a
// value are kept. Errors: BadRequest if it is no object or has no metadata. Pure.
//
// Of a Secret whose data is not kept in full only what is known to hold none of it remains: its
// metadata without the last-applied annotation, its type, and the keys of data and stringData. A
// value becomes "" (kKeysOnly), or the base64 of "sha256:" and the hex digest of the bytes that it
// stands for (kHash).
Result<std::string> TransformObject(const ObjectContext& context, std::string_view object);

}  // namespace pedia::synchro
