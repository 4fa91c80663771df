#include "kube/exec_plugin.h"

#include <condition_variable>
#include <mutex>

#include "kube/child_process.h"
#include "kube/pem.h"
#include "meta/base64.h"
#include "meta/json_reader.h"
#include "meta/time.h"

namespace pedia::kube {
namespace {

// Plugins are often Python programs that take half a second of CPU: hundreds of clusters must not
// start all at once.
class PluginSlots {
 public:
  // False if stopped before there was one.
  bool Take(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!freed_.wait(lock, stop, [this] { return free_ > 0; })) return false;
    --free_;
    return true;
  }
  void Give() {
    {
      std::scoped_lock lock(mutex_);
      ++free_;
    }
    freed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any freed_;
  int free_ = 8;
};

PluginSlots& Slots() {
  static PluginSlots slots;
  return slots;
}

void AppendField(std::string_view name, std::string_view value, std::string* json) {
  if (json->back() != '{') json->push_back(',');
  AppendJsonString(name, json);
  json->push_back(':');
  AppendJsonString(value, json);
}

std::string FormatCluster(const RestConfig& config) {
  std::string json = "{";
  AppendField("server", config.server, &json);
  if (!config.tls_server_name.empty())
    AppendField("tls-server-name", config.tls_server_name, &json);
  if (config.insecure_skip_tls_verify) json += ",\"insecure-skip-tls-verify\":true";
  if (!config.ca_pem.empty())
    AppendField("certificate-authority-data", EncodeBase64(config.ca_pem), &json);
  if (!config.proxy_url.empty()) AppendField("proxy-url", config.proxy_url, &json);
  if (!config.exec.front().cluster_config_json.empty())
    json += ",\"config\":" + config.exec.front().cluster_config_json;
  return json + "}";
}

Status ReadStatusMember(std::string_view key, JsonReader& reader, ExecCredential* credential) {
  if (key == "token") {
    credential->token = reader.ReadString();
  } else if (key == "clientCertificateData") {
    credential->client_cert_pem = reader.ReadString();
  } else if (key == "clientKeyData") {
    credential->client_key_pem = reader.ReadString();
  } else if (key == "expirationTimestamp") {
    const std::string text = reader.ReadString();
    credential->expires = ParseRfc3339(text);
    if (!text.empty() && !credential->expires)
      return BadRequest("its status.expirationTimestamp is not a time");
  } else {
    reader.Skip();
  }
  return Status();
}

Status CheckCredential(const ExecCredential& credential) {
  if (credential.client_cert_pem.empty() != credential.client_key_pem.empty()) {
    return BadRequest("it printed only one of clientCertificateData and clientKeyData");
  }
  if (credential.token.empty() && credential.client_cert_pem.empty()) {
    return BadRequest("it printed neither a token nor a client certificate");
  }
  if (credential.client_cert_pem.empty()) return Status();
  if (const Status status = CheckCertificatePem(credential.client_cert_pem); !status.ok()) {
    return BadRequest("its clientCertificateData " + status.message());
  }
  if (const Status status = CheckPrivateKeyPem(credential.client_key_pem); !status.ok()) {
    return BadRequest("its clientKeyData " + status.message());
  }
  return Status();
}

std::string Printable(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  text = text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
  std::string line;
  for (const char c : text)
    line.push_back(static_cast<unsigned char>(c) < ' ' || c == 0x7f ? ' ' : c);
  return line;
}

Status Failure(const ExecConfig& exec, const std::string& why) {
  std::string message = "exec plugin " + JsonString(exec.command) + " failed: " + why;
  if (!exec.install_hint.empty()) message += "; " + Printable(exec.install_hint);
  return ServiceUnavailable(message);
}

}  // namespace

std::string FormatExecInfo(const ExecConfig& exec, const RestConfig& config) {
  std::string json =
      "{\"kind\":\"ExecCredential\",\"apiVersion\":" + JsonString(exec.api_version) + ",\"spec\":{";
  if (exec.provide_cluster_info) json += "\"cluster\":" + FormatCluster(config) + ",";
  return json + "\"interactive\":false}}";
}

Result<ExecCredential> ParseExecCredential(std::string_view json,
                                           std::string_view expected_api_version) {
  if (!IsValidJson(json)) return BadRequest("it printed no well-formed JSON");
  ExecCredential credential;
  std::string kind, api_version;
  JsonReader reader(json);
  if (!reader.BeginObject()) return BadRequest("it printed no ExecCredential");
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "kind") {
      kind = reader.ReadString();
    } else if (key == "apiVersion") {
      api_version = reader.ReadString();
    } else if (key == "status" && reader.Peek() == JsonType::kObject && reader.BeginObject()) {
      for (std::string_view field; reader.NextMember(&field);) {
        if (const Status status = ReadStatusMember(field, reader, &credential); !status.ok())
          return status;
      }
    } else if (key != "status") {
      reader.Skip();
    } else {
      return BadRequest("it printed an ExecCredential without status");
    }
  }
  if (kind != "ExecCredential") return BadRequest("it printed no ExecCredential");
  if (api_version != expected_api_version) {
    return BadRequest("it printed an ExecCredential of another apiVersion than " +
                      std::string(expected_api_version));
  }
  if (const Status status = CheckCredential(credential); !status.ok()) return status;
  return credential;
}

Result<ExecCredential> RunExecPlugin(const RestConfig& config, std::chrono::milliseconds timeout,
                                     const std::stop_token& stop) {
  const ExecConfig& exec = config.exec.front();
  ChildProcess child;
  child.command = exec.command;
  child.args = exec.args;
  child.env = exec.env;
  child.env.emplace_back("KUBERNETES_EXEC_INFO", FormatExecInfo(exec, config));
  child.timeout = timeout;
  if (!Slots().Take(stop)) return Failure(exec, "it was stopped");
  const Result<ChildOutput> output = RunChild(child, stop);
  Slots().Give();
  if (!output.ok()) return Failure(exec, output.status().message());
  if (output->exit_code != 0) {
    const std::string tail = Printable(output->error_tail);
    return Failure(
        exec, "exit code " + std::to_string(output->exit_code) + (tail.empty() ? "" : ": " + tail));
  }
  Result<ExecCredential> credential = ParseExecCredential(output->out, exec.api_version);
  if (!credential.ok()) return Failure(exec, credential.status().message());
  return credential;
}

}  // namespace pedia::kube
