// Exec plugins: programs that print credentials, such as `aws eks get-token`, as
// {"kind":"ExecCredential","status":{...}}. Source: Kubernetes docs "client-go credential plugins";
// client.authentication.k8s.io v1 and v1beta1.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "kube/rest_config.h"
#include "meta/result.h"

namespace pedia::kube {

struct ExecCredential {
  std::string token;  // "" if the plugin gave certificates only.
  std::string client_cert_pem;
  std::string client_key_pem;
  std::optional<int64_t> expires;  // Unix seconds.
};

// The value of KUBERNETES_EXEC_INFO for `exec`: never interactive; the cluster of `config` where
// the plugin asks for it.
std::string FormatExecInfo(const ExecConfig& exec, const RestConfig& config);

// Takes a plugin's output. Errors: BadRequest naming what is wrong, never quoting the output.
Result<ExecCredential> ParseExecCredential(std::string_view json,
                                           std::string_view expected_api_version);

// Runs the plugin of `config` (its first `exec`) and waits for it: blocks. At most eight run at
// once in this process. A stop request or `timeout` kills it and its children. Errors:
// ServiceUnavailable naming the command, with the end of its standard error and the install hint.
// Thread-safe.
Result<ExecCredential> RunExecPlugin(const RestConfig& config, std::chrono::milliseconds timeout,
                                     const std::stop_token& stop);

}  // namespace pedia::kube
