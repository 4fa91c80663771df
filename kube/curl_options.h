// What libcurl is told about every connection to a kube-apiserver: proxy, TLS, time limits.
#pragma once
#include <curl/curl.h>

#include "kube/credentials.h"
#include "kube/endpoint.h"

namespace pedia::kube {

void SetConnectionOptions(CURL* easy, const Endpoint& endpoint);
// `config` and `credential` must stay as long as the handle.
void SetTlsOptions(CURL* easy, const RestConfig& config, const Credential& credential);

}  // namespace pedia::kube
