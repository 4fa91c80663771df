#include "discovery/pedia_cluster_connection.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "kube/kubeconfig.h"
#include "meta/base64.h"
#include "meta/json_reader.h"

namespace pedia::discovery {
namespace {

// The members of spec that matter here.
struct ConnectionSpec {
  std::string kubeconfig, apiserver, token, ca, cert, key;
  bool from_secret = false;
};

struct Field {
  std::string_view name;
  std::string ConnectionSpec::*value;
  bool base64;
};
constexpr std::array<Field, 6> kFields = {{{"kubeconfig", &ConnectionSpec::kubeconfig, true},
                                           {"apiserver", &ConnectionSpec::apiserver, false},
                                           {"tokenData", &ConnectionSpec::token, true},
                                           {"caData", &ConnectionSpec::ca, true},
                                           {"certData", &ConnectionSpec::cert, true},
                                           {"keyData", &ConnectionSpec::key, true}}};

// Consumes the value that stands next.
Status ReadField(const Field& field, JsonReader& reader, ConnectionSpec* spec) {
  const JsonType type = reader.Peek();
  std::string text = reader.ReadString();
  if (!reader.ok()) return BadRequest("not well-formed JSON");
  if (type == JsonType::kNull) return {};
  const std::string path = "spec." + std::string(field.name);
  if (type != JsonType::kString) return BadRequest(path + " must be a string");
  if (field.base64) {
    std::optional<std::string> bytes = DecodeBase64(text);
    if (!bytes) return BadRequest(path + " is not base64");
    text = *std::move(bytes);
  }
  spec->*field.value = std::move(text);
  return {};
}

Status ReadMember(std::string_view key, JsonReader& reader, ConnectionSpec* spec) {
  for (const Field& field : kFields) {
    if (key == field.name) return ReadField(field, reader, spec);
  }
  if (key == "authenticationFrom") spec->from_secret = reader.Peek() == JsonType::kObject;
  reader.Skip();
  return {};
}

Result<ConnectionSpec> ReadSpec(std::string_view object) {
  ConnectionSpec spec;
  JsonReader reader(object);
  if (!reader.BeginObject()) return BadRequest("not an object");
  for (std::string_view key; reader.NextMember(&key);) {
    if (key != "spec" || !reader.BeginObject()) {
      if (key != "spec") reader.Skip();
      continue;
    }
    while (reader.NextMember(&key)) {
      if (Status status = ReadMember(key, reader, &spec); !status.ok()) return status;
    }
  }
  if (!reader.ok()) return BadRequest("not well-formed JSON");
  return spec;
}

}  // namespace

Result<kube::RestConfig> ParsePediaClusterConnection(std::string_view object) {
  Result<ConnectionSpec> spec = ReadSpec(object);
  if (!spec.ok()) return spec.status();
  if (!spec->kubeconfig.empty()) return kube::ParseInlineKubeconfig(spec->kubeconfig);
  kube::RestConfig config;
  config.server = spec->apiserver;
  config.token = std::move(spec->token);
  config.ca_pem = std::move(spec->ca);
  config.client_cert_pem = std::move(spec->cert);
  config.client_key_pem = std::move(spec->key);
  config.insecure_skip_tls_verify = config.ca_pem.empty();
  while (!config.token.empty() && (config.token.back() == '\n' || config.token.back() == '\r'))
    config.token.pop_back();
  if (config.server.empty())
    return BadRequest("invalid cluster config: Cluster APIServer Endpoint is required");
  if (config.server.find("://") == std::string::npos) config.server = "https://" + config.server;
  const bool has_certificate = !config.client_cert_pem.empty() && !config.client_key_pem.empty();
  if (config.token.empty() && !has_certificate) {
    return BadRequest(
        spec->from_secret
            ? "invalid cluster config: authenticationFrom is not supported yet"
            : "invalid cluster config: Cluster APIServer's Token or Cert is required");
  }
  return config;
}

}  // namespace pedia::discovery
