#include "cmd/command_flags.h"

#include <CLI/CLI.hpp>

#include "meta/log.h"
#include "meta/time.h"

namespace pedia::cmd {
namespace {

constexpr const char* kIgnoredGroup = "Accepted for compatibility, without effect";

// Of "-v,--v" "--v".
std::string LongName(std::string_view name) { return std::string(name.substr(name.find("--"))); }

}  // namespace

void AddDuration(CLI::App* command, const DurationFlag& flag, const char* help) {
  command
      ->add_option_function<std::string>(
          flag.name,
          [flag](const std::string& text) {
            const auto value = ParseGoDuration(text);
            if (!value)
              throw CLI::ValidationError(flag.name, "must be a duration, as in 30s or 1m");
            *flag.value = *value;
          },
          help)
      ->type_name("DURATION")
      ->group(flag.group)
      ->default_str(std::to_string(flag.value->count() / 1000) + "s");
}

void AddIgnored(CLI::App* command, std::span<const char* const> flags,
                std::span<const char* const> switches, std::vector<std::string>* ignored) {
  for (const char* name : flags) {
    command
        ->add_option_function<std::string>(
            name, [name, ignored](const std::string&) { ignored->push_back(LongName(name)); }, "")
        ->group(kIgnoredGroup);
  }
  for (const char* name : switches) {
    command
        ->add_flag_function(
            name, [name, ignored](int64_t) { ignored->push_back(LongName(name)); }, "")
        ->group(kIgnoredGroup);
  }
}

void WarnAboutIgnored(const std::vector<std::string>& ignored) {
  for (const std::string& name : ignored) LogWarning(name + " has no effect here");
}

void AddManagementCluster(CLI::App* command, std::string* kubeconfig) {
  command
      ->add_option("--kubeconfig", *kubeconfig,
                   "Kubeconfig of the management cluster (default: the one this pod runs in)")
      ->type_name("FILE");
}

void AddStorageFlags(CLI::App* command, StorageFlags* flags) {
  command
      ->add_option("--storage-config", flags->config,
                   "Where the store is: a YAML file with type (postgres, mysql or sqlite), host, "
                   "user, database and so on; DB_* environment variables override it")
      ->type_name("FILE");
  command->add_option("--storage-name", flags->name, "Only 'internal' is known")
      ->capture_default_str();
}

Result<StorageConfig> ReadStorageFlags(const StorageFlags& flags) {
  if (flags.name != "internal")
    return BadRequest("--storage-name: only \"internal\" is known, not \"" + flags.name + "\"");
  if (flags.config.empty())
    return BadRequest("--storage-config is needed: it says where the store is");
  return ReadStorageConfig(flags.config);
}

void AddFeatureGates(CLI::App* command, std::vector<std::string>* feature_gates) {
  command->add_option("--feature-gates", *feature_gates, "NAME=true or NAME=false; may be repeated")
      ->delimiter(',');
}

Result<FeatureGates> ReadFeatureGates(const std::vector<std::string>& feature_gates,
                                      std::initializer_list<std::string_view> known) {
  auto gates = FeatureGates::Parse(feature_gates);
  if (!gates.ok()) return gates;
  for (const std::string& name : gates->Unknown(known))
    LogWarning("--feature-gates: " + name + " has no effect here");
  return gates;
}

void AddProxyFlags(CLI::App* command, apiserver::ProxyOptions* proxy,
                   std::vector<std::string>* subresources) {
  const char* group = "Requests to members (with --feature-gates AllowProxyRequestToClusters=true)";
  command
      ->add_option("--allowed-proxy-subresources", *subresources,
                   "Subresources of members to pass on: pods/log, pods/exec, pods/attach, "
                   "pods/portforward, pods/proxy, services/proxy, nodes/proxy")
      ->delimiter(',')
      ->group(group);
  command
      ->add_flag("--enable-proxy-path-for-forward-request", proxy->proxy_path,
                 "Pass .../clusters/<cluster>/proxy/<path> on")
      ->group(group);
  command
      ->add_flag("--allow-forward-unsync-resource-request", proxy->allow_unsynced,
                 "Also requests for resources that are not synced")
      ->group(group);
  command
      ->add_flag("--allow-pediacluster-config-for-proxy-request", proxy->allow_cluster_config,
                 "Use the credentials of the PediaCluster if the request brings none")
      ->group(group);
  command
      ->add_flag("--proxy-impersonate-user", proxy->impersonate_user,
                 "Impersonate the caller in the member, so that its RBAC decides")
      ->group(group);
  command
      ->add_flag("--allow-anonymous-proxy-request", proxy->allow_anonymous,
                 "Pass requests on without any credentials, as Clusterpedia does")
      ->group(group);
}

Status CompleteProxy(const std::vector<std::string>& subresources, const FeatureGates& gates,
                     apiserver::ProxyOptions* proxy) {
  proxy->enabled = gates.Enabled(kProxyGate);
  const bool wanted = !subresources.empty() || proxy->proxy_path || proxy->allow_unsynced ||
                      proxy->allow_cluster_config || proxy->impersonate_user ||
                      proxy->allow_anonymous;
  if (wanted && !proxy->enabled)
    return BadRequest(
        "please enable feature gate AllowProxyRequestToClusters "
        "(--feature-gates=AllowProxyRequestToClusters=true) to pass requests on to members");
  return proxy->AllowSubresources(subresources);
}

}  // namespace pedia::cmd
