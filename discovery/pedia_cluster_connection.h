// How a member cluster is reached, as its PediaCluster says.
// Source: cluster.clusterpedia.io/v1alpha2 ClusterSpec: kubeconfig, or apiserver with caData and
// tokenData or certData and keyData; or authenticationFrom, which names Secrets with these.
#pragma once
#include <string_view>

#include "discovery/credential_secrets.h"
#include "kube/rest_config.h"
#include "meta/result.h"

namespace pedia::discovery {

// `object`: the JSON of a PediaCluster. A kubeconfig wins over everything; files that it names are
// refused. Secrets count only if no kubeconfig, no token and no certificate with its key stand in the
// object itself; null: they may not be used (feature gate ClusterAuthenticationFromSecret). Without a
// CA the server's certificate is not verified, as Clusterpedia has it. Errors: BadRequest with
// Clusterpedia's texts for the condition Validated, or naming the field that cannot be read; no
// credentials. Pure.
Result<kube::RestConfig> ParsePediaClusterConnection(std::string_view object,
                                                     const CredentialSecrets* secrets);

// Whether the object names Secrets, so that the connection may change with them. Pure.
bool NamesSecrets(std::string_view object);

}  // namespace pedia::discovery
