// Endpoint: what all requests to one kube-apiserver have in common, in the form that libcurl wants
// it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "kube/rest_config.h"
#include "meta/result.h"

namespace pedia::kube {

// Immutable.
struct Endpoint {
  std::shared_ptr<const RestConfig> config;
  std::string display_url;  // "https://10.0.0.1:6443", for messages.
  std::string base_url;     // The same, or with tls-server-name as its host.
  std::string connect_to;   // "" or "name:6443:10.0.0.1:6443": where to connect to instead of
                            // base_url's host.
  std::string proxy_url;    // "" = none.
  std::string no_proxy;     // Hosts that the proxy is not for.
  std::vector<std::string> headers;  // "Name: value".
};

// Errors: ServiceUnavailable naming the field of `config` that is not usable.
Result<Endpoint> MakeEndpoint(std::shared_ptr<const RestConfig> config);

}  // namespace pedia::kube
