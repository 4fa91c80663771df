// The kube-apiserver of the cluster that this process runs in, as a pod with a service account.
// Source: Kubernetes docs "Accessing the Kubernetes API from a Pod"; client-go/rest
// InClusterConfig.
#pragma once
#include <filesystem>

#include "kube/rest_config.h"
#include "meta/result.h"

namespace pedia::kube {

inline constexpr const char* kServiceAccountDirectory =
    "/var/run/secrets/kubernetes.io/serviceaccount";

// From $KUBERNETES_SERVICE_HOST and _PORT and the files token and ca.crt of `directory`; the token
// is read again as it changes. Errors: BadRequest saying what of it is not there.
Result<RestConfig> InClusterConfig(
    const std::filesystem::path& directory = kServiceAccountDirectory);

}  // namespace pedia::kube
