// RestConfig: how to reach and authenticate to one kube-apiserver.
// Source: k8s.io/client-go/rest Config; the kubeconfig (v1) reference.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "meta/result.h"

namespace pedia::kube {

// users[].user.exec of a kubeconfig.
struct ExecConfig {
  std::string api_version;  // client.authentication.k8s.io/v1 or v1beta1.
  std::string command;  // Absolute, relative to the kubeconfig's folder if it contains '/', else
                        // looked up in PATH.
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string install_hint;
  bool provide_cluster_info = false;
  std::string cluster_config_json;  // clusters[].cluster.extensions
                                    // "client.authentication.k8s.io/exec"; "" = none.
  bool operator==(const ExecConfig&) const = default;
};

// A value type. Credentials never appear in logs or error messages.
struct RestConfig {
  std::string server;  // "https://10.0.0.1:6443", a path prefix is allowed ("https://host/k8s/c1").
  std::string tls_server_name;  // "" = the host of `server`.
  bool insecure_skip_tls_verify = false;
  std::string ca_pem;           // "" = the system's roots.
  std::string client_cert_pem;  // With client_key_pem, or both "".
  std::string client_key_pem;
  std::string token;
  std::string token_file;  // Re-read at most once a minute; wins over `token` while readable.
  std::string username;    // Basic authentication, with password.
  std::string password;
  std::vector<ExecConfig> exec;  // 0 or 1.
  std::string proxy_url;         // "" = the environment's (HTTPS_PROXY, NO_PROXY).
  std::string impersonate_user;  // users[].user.as; "" = none.
  std::vector<std::string> impersonate_groups;
  std::string impersonate_uid;
  std::vector<std::pair<std::string, std::string>>
      impersonate_extra;  // {"scopes", "view"}; keys may repeat.

  bool operator==(const RestConfig&) const = default;
};

}  // namespace pedia::kube
