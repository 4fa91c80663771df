#include "kube/kubeconfig_resolver.h"

#include <algorithm>

#include "certs/key_pair.h"
#include "kube/bounded_file.h"
#include "kube/pem.h"
#include "kube/server_url.h"
#include "meta/base64.h"
#include "meta/json_reader.h"

namespace pedia::kube {
namespace {

constexpr size_t kMaxFileBytes = 4 << 20;
constexpr std::string_view kExecExtension = "client.authentication.k8s.io/exec";

std::string Quoted(std::string_view name) { return JsonString(name); }

Status CheckTokenText(std::string_view token) {
  if (HasControlCharacters(token))
    return BadRequest("has characters that cannot stand in a header");
  return Status();
}

}  // namespace

// Typed access to the members of one entry; failures name it: `user "admin": token is not a text`.
class KubeconfigResolver::Fields {
 public:
  Fields(const YamlNode& node, std::string subject, std::filesystem::path folder)
      : node_(node), subject_(std::move(subject)), folder_(std::move(folder)) {}

  const YamlNode& node() const { return node_; }
  const std::filesystem::path& folder() const { return folder_; }
  Status Failure(std::string_view why) const {
    return BadRequest(subject_ + ": " + std::string(why));
  }
  Status Failure(std::string_view key, std::string_view why) const {
    return Failure(std::string(key) + " " + std::string(why));
  }

  // Whether all of `keys` that are present are scalars, so that Text() can be trusted.
  Status RequireTexts(std::initializer_list<std::string_view> keys) const {
    for (const std::string_view key : keys) {
      const YamlNode* const value = node_.Find(key);
      if (value != nullptr && value->kind != YamlNode::Kind::kScalar)
        return Failure(key, "is not a text");
    }
    return Status();
  }
  std::string Text(std::string_view key) const {
    const YamlNode* const value = node_.Find(key);
    return value == nullptr ? "" : value->text;
  }
  Result<bool> Bool(std::string_view key) const {
    const YamlNode* const value = node_.Find(key);
    if (value == nullptr) return false;
    if (value->text == "true" || value->text == "True" || value->text == "TRUE") return true;
    if (value->text == "false" || value->text == "False" || value->text == "FALSE") return false;
    return Failure(key, "is neither true nor false");
  }
  Result<std::vector<std::string>> Texts(std::string_view key) const {
    std::vector<std::string> texts;
    const YamlNode* const list = node_.Find(key);
    if (list == nullptr) return texts;
    if (list->kind != YamlNode::Kind::kSequence) return Failure(key, "is not a list");
    for (const auto& element : list->elements) {
      if (element->kind != YamlNode::Kind::kScalar)
        return Failure(key, "has an element that is not a text");
      texts.push_back(element->text);
    }
    return texts;
  }

 private:
  const YamlNode& node_;
  std::string subject_;
  std::filesystem::path folder_;
};

Result<RestConfig> KubeconfigResolver::Resolve(const std::string& context_name) {
  const auto found = merged_.contexts.find(context_name);
  if (found == merged_.contexts.end())
    return BadRequest("context " + Quoted(context_name) + " is not defined");
  const Fields context(*found->second.body, "context " + Quoted(context_name),
                       found->second.folder);
  if (const Status status = context.RequireTexts({"cluster", "user"}); !status.ok()) return status;
  const std::string cluster_name = context.Text("cluster");
  const std::string user_name = context.Text("user");
  if (cluster_name.empty()) return context.Failure("it names no cluster");
  const auto cluster = merged_.clusters.find(cluster_name);
  if (cluster == merged_.clusters.end())
    return context.Failure("cluster " + Quoted(cluster_name) + " is not defined");

  RestConfig config;
  const Fields cluster_fields(*cluster->second.body, "cluster " + Quoted(cluster_name),
                              cluster->second.folder);
  if (const Status status = ReadCluster(cluster_fields, &config); !status.ok()) return status;
  if (user_name.empty()) return config;  // Anonymous, as in kubectl.
  const auto user = merged_.users.find(user_name);
  if (user == merged_.users.end())
    return context.Failure("user " + Quoted(user_name) + " is not defined");
  const Fields user_fields(*user->second.body, "user " + Quoted(user_name), user->second.folder);
  if (const Status status = ReadUser(user_fields, &config); !status.ok()) return status;
  if (!config.exec.empty() && config.exec.front().provide_cluster_info) {
    const YamlNode* const extensions = cluster_fields.node().Find("extensions");
    for (const auto& extension :
         extensions == nullptr ? decltype(extensions->elements){} : extensions->elements) {
      const YamlNode* const name = extension->Find("name");
      const YamlNode* const body = extension->Find("extension");
      if (name == nullptr || body == nullptr || name->text != kExecExtension) continue;
      config.exec.front().cluster_config_json = FormatJson(*body);
    }
  }
  return config;
}

Status KubeconfigResolver::ReadCluster(const Fields& cluster, RestConfig* config) {
  if (const Status status = cluster.RequireTexts(
          {"server", "tls-server-name", "proxy-url", "insecure-skip-tls-verify",
           "certificate-authority", "certificate-authority-data"});
      !status.ok()) {
    return status;
  }
  config->server = cluster.Text("server");
  if (config->server.empty()) return cluster.Failure("it has no server");
  const Result<bool> insecure = cluster.Bool("insecure-skip-tls-verify");
  if (!insecure.ok()) return insecure.status();
  config->insecure_skip_tls_verify = *insecure;
  Result<std::string> ca =
      ReadDataOrFile(cluster, "certificate-authority-data", "certificate-authority");
  if (!ca.ok()) return ca.status();
  config->ca_pem = *std::move(ca);
  if (!config->ca_pem.empty()) {
    if (config->insecure_skip_tls_verify) {
      return cluster.Failure(
          "certificate-authority and insecure-skip-tls-verify exclude each other");
    }
    Status status = CheckCertificatePem(config->ca_pem);
    if (status.ok() && !certs::ReadCertificate(config->ca_pem).ok())
      status = BadRequest("is not a certificate");
    if (!status.ok()) return cluster.Failure("certificate-authority", status.message());
  }
  if (config->server.find("://") == std::string::npos) {
    const bool tls = !config->ca_pem.empty() || config->insecure_skip_tls_verify;
    config->server.insert(0, tls ? "https://" : "http://");
  }
  if (const auto url = ParseServerUrl(config->server); !url.ok())
    return cluster.Failure("server", url.status().message());
  config->tls_server_name = cluster.Text("tls-server-name");
  if (!config->tls_server_name.empty()) {
    const auto name = ParseServerUrl("https://" + config->tls_server_name);
    if (!name.ok() || name->host != config->tls_server_name)
      return cluster.Failure("tls-server-name", "is not a host name");
  }
  config->proxy_url = cluster.Text("proxy-url");
  if (config->proxy_url.empty()) return Status();
  const Status proxy = CheckProxyUrl(config->proxy_url);
  return proxy.ok() ? proxy : cluster.Failure("proxy-url", proxy.message());
}

Status KubeconfigResolver::ReadUser(const Fields& user, RestConfig* config) {
  if (const Status status =
          user.RequireTexts({"token", "tokenFile", "username", "password", "client-certificate",
                             "client-certificate-data", "client-key", "client-key-data"});
      !status.ok()) {
    return status;
  }
  if (const YamlNode* const provider = user.node().Find("auth-provider"); provider != nullptr) {
    const YamlNode* const name = provider->Find("name");
    return user.Failure("auth-provider " + Quoted(name == nullptr ? "" : name->text) +
                        " is not supported; kubectl has given up auth-providers for exec plugins");
  }
  if (const Status status = ReadClientCertificate(user, config); !status.ok()) return status;

  config->token = user.Text("token");
  if (const Status status = CheckTokenText(config->token); !status.ok())
    return user.Failure("token", status.message());
  if (const std::string token_file = user.Text("tokenFile"); !token_file.empty()) {
    const Result<std::filesystem::path> path = ResolvePath(user, "tokenFile", token_file);
    if (!path.ok()) return path.status();
    const Result<std::string> content = ReadFile(user, "tokenFile", token_file);
    if (!content.ok() && config->token.empty()) return content.status();
    config->token_file = path->string();
  }
  config->username = user.Text("username");
  config->password = user.Text("password");
  if (config->username.find(':') != std::string::npos)
    return user.Failure("username", "has a colon");
  const bool basic = !config->username.empty() || !config->password.empty();
  if (basic && (!config->token.empty() || !config->token_file.empty())) {
    return user.Failure("it has both a token and a username or password");
  }
  if (const Status status = ReadImpersonation(user, config); !status.ok()) return status;
  const YamlNode* const exec = user.node().Find("exec");
  if (exec == nullptr) return Status();
  return ReadExec(Fields(*exec, user.Failure("exec").message(), user.folder()), config);
}

Status KubeconfigResolver::ReadClientCertificate(const Fields& user, RestConfig* config) {
  Result<std::string> certificate =
      ReadDataOrFile(user, "client-certificate-data", "client-certificate");
  if (!certificate.ok()) return certificate.status();
  Result<std::string> key = ReadDataOrFile(user, "client-key-data", "client-key");
  if (!key.ok()) return key.status();
  if (certificate->empty() && key->empty()) return Status();
  if (key->empty()) return user.Failure("it has a client-certificate but no client-key");
  if (certificate->empty()) return user.Failure("it has a client-key but no client-certificate");
  if (const Status status = CheckCertificatePem(*certificate); !status.ok()) {
    return user.Failure("client-certificate", status.message());
  }
  if (const Status status = CheckPrivateKeyPem(*key); !status.ok())
    return user.Failure("client-key", status.message());
  if (!certs::CheckKeyPair({*certificate, *key}).ok()) {
    return user.Failure(
        "client-certificate and client-key are not well-formed or do not belong together");
  }
  config->client_cert_pem = *std::move(certificate);
  config->client_key_pem = *std::move(key);
  return Status();
}

Status KubeconfigResolver::ReadImpersonation(const Fields& user, RestConfig* config) {
  if (const Status status = user.RequireTexts({"as", "as-uid"}); !status.ok()) return status;
  config->impersonate_user = user.Text("as");
  config->impersonate_uid = user.Text("as-uid");
  Result<std::vector<std::string>> groups = user.Texts("as-groups");
  if (!groups.ok()) return groups.status();
  config->impersonate_groups = *std::move(groups);
  if (const YamlNode* const extra = user.node().Find("as-user-extra"); extra != nullptr) {
    if (extra->kind != YamlNode::Kind::kMap)
      return user.Failure("as-user-extra", "is not a map of lists");
    const Fields fields(*extra, user.Failure("as-user-extra").message(), user.folder());
    for (const auto& [key, ignored] : extra->members) {
      const Result<std::vector<std::string>> values = fields.Texts(key);
      if (!values.ok()) return values.status();
      for (const std::string& value : *values) config->impersonate_extra.emplace_back(key, value);
    }
  }
  bool valid = !HasControlCharacters(config->impersonate_user) &&
               !HasControlCharacters(config->impersonate_uid);
  for (const std::string& group : config->impersonate_groups)
    valid = valid && !HasControlCharacters(group);
  for (const auto& [key, value] : config->impersonate_extra) {
    valid = valid && !HasControlCharacters(key) && !HasControlCharacters(value);
  }
  if (!valid) return user.Failure("as", "has characters that cannot stand in a header");
  const bool anything = !config->impersonate_groups.empty() || !config->impersonate_uid.empty() ||
                        !config->impersonate_extra.empty();
  if (anything && config->impersonate_user.empty())
    return user.Failure("as-groups, as-uid and as-user-extra need as");
  return Status();
}

Status KubeconfigResolver::ReadExec(const Fields& exec, RestConfig* config) {
  if (!allow_files_) return exec.Failure("programs cannot be run from an inline kubeconfig");
  if (exec.node().kind != YamlNode::Kind::kMap) return exec.Failure("it is not a map");
  if (const Status status = exec.RequireTexts(
          {"apiVersion", "command", "installHint", "interactiveMode", "provideClusterInfo"});
      !status.ok()) {
    return status;
  }
  ExecConfig result;
  result.api_version = exec.Text("apiVersion");
  if (result.api_version.empty()) return exec.Failure("it has no apiVersion");
  if (result.api_version != "client.authentication.k8s.io/v1" &&
      result.api_version != "client.authentication.k8s.io/v1beta1") {
    return exec.Failure("apiVersion " + Quoted(result.api_version) +
                        " is not supported (v1 and v1beta1 are)");
  }
  result.command = exec.Text("command");
  if (result.command.empty()) return exec.Failure("it has no command");
  if (result.command.find('/') != std::string::npos) {
    result.command = (exec.folder() / result.command).lexically_normal().string();
  }
  const std::string mode = exec.Text("interactiveMode");
  if (mode == "Always") return exec.Failure("interactiveMode is Always, and there is no terminal");
  if (!mode.empty() && mode != "Never" && mode != "IfAvailable")
    return exec.Failure("interactiveMode", "is not known");
  Result<std::vector<std::string>> args = exec.Texts("args");
  if (!args.ok()) return args.status();
  result.args = *std::move(args);
  const YamlNode* const env = exec.node().Find("env");
  for (const auto& variable : env == nullptr ? decltype(env->elements){} : env->elements) {
    const YamlNode* const name = variable->Find("name");
    const YamlNode* const value = variable->Find("value");
    const bool valid = name != nullptr && !name->text.empty() &&
                       name->text.find('=') == std::string::npos &&
                       (value == nullptr || value->kind == YamlNode::Kind::kScalar);
    if (!valid) return exec.Failure("env", "has an element without a valid name or value");
    result.env.emplace_back(name->text, value == nullptr ? "" : value->text);
  }
  result.install_hint = exec.Text("installHint");
  const Result<bool> cluster_info = exec.Bool("provideClusterInfo");
  if (!cluster_info.ok()) return cluster_info.status();
  result.provide_cluster_info = *cluster_info;
  config->exec.push_back(std::move(result));
  return Status();
}

Result<std::string> KubeconfigResolver::ReadDataOrFile(const Fields& fields,
                                                       std::string_view data_key,
                                                       std::string_view file_key) {
  if (const std::string data = fields.Text(data_key); !data.empty()) {
    std::optional<std::string> bytes = DecodeBase64(data);
    if (!bytes) return fields.Failure(data_key, "is not base64");
    return *std::move(bytes);
  }
  const std::string file = fields.Text(file_key);
  if (file.empty()) return std::string();
  Result<std::string> content = ReadFile(fields, file_key, file);
  if (content.ok() && content->empty())
    return fields.Failure(file_key, Quoted(file) + ": the file is empty");
  return content;
}

Result<std::filesystem::path> KubeconfigResolver::ResolvePath(const Fields& fields,
                                                              std::string_view key,
                                                              const std::string& value) {
  if (!allow_files_) return fields.Failure(key, "names a file; an inline kubeconfig cannot");
  return (fields.folder() / value).lexically_normal();
}

Result<std::string> KubeconfigResolver::ReadFile(const Fields& fields, std::string_view key,
                                                 const std::string& value) {
  const Result<std::filesystem::path> path = ResolvePath(fields, key, value);
  if (!path.ok()) return path.status();
  if (std::find(files_.begin(), files_.end(), *path) == files_.end()) files_.push_back(*path);
  Result<std::string> content = ReadBoundedFile(*path, kMaxFileBytes);
  if (!content.ok())
    return fields.Failure(key, Quoted(path->string()) + ": " + content.status().message());
  return content;
}

}  // namespace pedia::kube
