// YAML text from JSON bytes, as Kubernetes writes it, e.g. {"spec":{"hosts":["a"]},"kind":"X"}
// becomes
//   kind: X
//   spec:
//     hosts:
//     - a
// Source: sigs.k8s.io/yaml (JSONToYAML on goyaml.v2): keys in natural order, block style, two
// spaces, sequences not indented below their key, strings quoted when a YAML reader would take them
// for something else, text of several lines as a literal block, long lines folded at spaces from
// column 80 on.
#pragma once
#include <string>
#include <string_view>

namespace pedia::apiserver {

// Appends `json` (well-formed, else what could be read of it) as a block that starts at column 0
// and ends with a newline.
void AppendYaml(std::string_view json, std::string* out);

// Appends `json` as one element of a sequence whose dashes stand at column `indent`: "- apiVersion:
// v1\n  kind: Pod\n". A list is then streamed as "apiVersion: v1\nitems:\n", its elements at indent
// 0, "kind: PodList\nmetadata: ...".
void AppendYamlListItem(std::string_view json, int indent, std::string* out);

}  // namespace pedia::apiserver
