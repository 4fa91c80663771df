// Any text as an inline kubeconfig: it is refused or gives a config that names no file and runs no
// program.
// Sources: kube/kubeconfig.cc kube/kubeconfig_resolver.cc kube/yaml_document.cc kube/bounded_file.cc kube/pem.cc kube/server_url.cc certs/key_pair.cc meta/*.cc -lyaml-cpp -lcrypto
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kube/kubeconfig.h"
#include "kube/server_url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto config =
      pedia::kube::ParseInlineKubeconfig({reinterpret_cast<const char*>(data), size});
  if (!config.ok()) return 0;
  if (!config->token_file.empty() || !config->exec.empty()) std::abort();
  if (!pedia::kube::ParseServerUrl(config->server).ok()) std::abort();
  if (pedia::kube::HasControlCharacters(config->token)) std::abort();
  return 0;
}
