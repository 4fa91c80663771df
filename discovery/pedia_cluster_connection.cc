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

// A value of authenticationFrom.
struct SecretKey {
  std::string name, key;
};

// The members of spec that matter here.
struct ConnectionSpec {
  std::string kubeconfig, apiserver, token, ca, cert, key;
  // authenticationFrom, if it is there.
  struct References {
    std::optional<SecretKey> kubeconfig, token, ca, cert, key;
  };
  std::optional<References> from;

  bool HasCredentials() const { return !token.empty() || (!cert.empty() && !key.empty()); }
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

using References = ConnectionSpec::References;
struct ReferenceField {
  std::string_view name;
  std::optional<SecretKey> References::*reference;
  std::string ConnectionSpec::*value;
};
constexpr std::array<ReferenceField, 5> kReferences = {
    {{"kubeconfig", &References::kubeconfig, &ConnectionSpec::kubeconfig},
     {"token", &References::token, &ConnectionSpec::token},
     {"ca", &References::ca, &ConnectionSpec::ca},
     {"cert", &References::cert, &ConnectionSpec::cert},
     {"key", &References::key, &ConnectionSpec::key}}};

Status WrongType(const std::string& path, const char* wanted) {
  return BadRequest(path + " must be " + wanted);
}

// Consumes the value that stands next; leaves `text` as it is for null.
Status ReadText(const std::string& path, JsonReader& reader, std::string* text) {
  const JsonType type = reader.Peek();
  std::string value = reader.ReadString();
  if (!reader.ok()) return BadRequest("not well-formed JSON");
  if (type == JsonType::kNull) return {};
  if (type != JsonType::kString) return WrongType(path, "a string");
  *text = std::move(value);
  return {};
}

Status ReadField(const Field& field, JsonReader& reader, ConnectionSpec* spec) {
  const std::string path = "spec." + std::string(field.name);
  std::string text;
  if (Status status = ReadText(path, reader, &text); !status.ok()) return status;
  if (field.base64) {
    std::optional<std::string> bytes = DecodeBase64(text);
    if (!bytes) return BadRequest(path + " is not base64");
    text = *std::move(bytes);
  }
  spec->*field.value = std::move(text);
  return {};
}

Status ReadReference(const std::string& path, JsonReader& reader,
                     std::optional<SecretKey>* reference) {
  if (reader.Peek() == JsonType::kNull) {
    reader.Skip();
    return {};
  }
  if (!reader.BeginObject()) return WrongType(path, "an object");
  SecretKey& found = reference->emplace();
  for (std::string_view key; reader.NextMember(&key);) {
    if (key != "name" && key != "key") {
      reader.Skip();
      continue;
    }
    const bool is_name = key == "name";
    Status status =
        ReadText(path + (is_name ? ".name" : ".key"), reader, is_name ? &found.name : &found.key);
    if (!status.ok()) return status;
  }
  return {};
}

Status ReadReferences(JsonReader& reader, ConnectionSpec* spec) {
  const std::string path = "spec.authenticationFrom";
  if (reader.Peek() == JsonType::kNull) {
    reader.Skip();
    return {};
  }
  if (!reader.BeginObject()) return WrongType(path, "an object");
  References& from = spec->from.emplace();
  for (std::string_view key; reader.NextMember(&key);) {
    const ReferenceField* known = nullptr;
    for (const ReferenceField& field : kReferences) {
      if (key == field.name) known = &field;
    }
    if (known == nullptr) {
      reader.Skip();
      continue;
    }
    Status status =
        ReadReference(path + "." + std::string(known->name), reader, &(from.*known->reference));
    if (!status.ok()) return status;
  }
  return {};
}

Status ReadMember(std::string_view key, JsonReader& reader, ConnectionSpec* spec) {
  for (const Field& field : kFields) {
    if (key == field.name) return ReadField(field, reader, spec);
  }
  if (key == "authenticationFrom") return ReadReferences(reader, spec);
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

// Puts what the Secrets hold where the object itself could have had it.
Status TakeFromSecrets(const CredentialSecrets& secrets, ConnectionSpec* spec) {
  for (const ReferenceField& field : kReferences) {
    const std::optional<SecretKey>& reference = (*spec->from).*field.reference;
    if (!reference) continue;
    auto value = secrets.Get(reference->name, reference->key);
    if (!value.ok()) return value.status();
    spec->*field.value = *std::move(value);
  }
  return {};
}

Result<kube::RestConfig> MakeConfig(ConnectionSpec spec) {
  if (!spec.kubeconfig.empty()) return kube::ParseInlineKubeconfig(spec.kubeconfig);
  if (spec.apiserver.empty()) return BadRequest("Cluster APIServer Endpoint is required");
  while (!spec.token.empty() && (spec.token.back() == '\n' || spec.token.back() == '\r'))
    spec.token.pop_back();
  if (!spec.HasCredentials()) return BadRequest("Cluster APIServer's Token or Cert is required");
  kube::RestConfig config;
  config.server = std::move(spec.apiserver);
  if (config.server.find("://") == std::string::npos) config.server = "https://" + config.server;
  config.token = std::move(spec.token);
  config.ca_pem = std::move(spec.ca);
  config.client_cert_pem = std::move(spec.cert);
  config.client_key_pem = std::move(spec.key);
  config.insecure_skip_tls_verify = config.ca_pem.empty();
  return config;
}

bool AsksSecrets(const ConnectionSpec& spec) {
  return spec.from && spec.kubeconfig.empty() && !spec.HasCredentials();
}

}  // namespace

Result<kube::RestConfig> ParsePediaClusterConnection(std::string_view object,
                                                     const CredentialSecrets* secrets) {
  Result<ConnectionSpec> spec = ReadSpec(object);
  if (!spec.ok()) return spec.status();
  if (!AsksSecrets(*spec)) return MakeConfig(*std::move(spec));
  if (secrets == nullptr) {
    return BadRequest(
        "cluster authentication secret listers is nil, perhaps you need to enable feature gate "
        "ClusterAuthenticationFromSecret");
  }
  Status status = TakeFromSecrets(*secrets, &*spec);
  Result<kube::RestConfig> config =
      status.ok() ? MakeConfig(*std::move(spec)) : Result<kube::RestConfig>(std::move(status));
  if (config.ok()) return config;
  return BadRequest("Cluster Authentication Error: " + config.status().message());
}

bool NamesSecrets(std::string_view object) {
  const Result<ConnectionSpec> spec = ReadSpec(object);
  return spec.ok() && AsksSecrets(*spec);
}

}  // namespace pedia::discovery
