// Flags that several commands have.
#pragma once
#include <chrono>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/proxy_options.h"
#include "cmd/feature_gates.h"
#include "cmd/storage_config.h"
#include "meta/result.h"

namespace CLI {
class App;
}

namespace pedia::cmd {

struct DurationFlag {
  const char* group;
  const char* name;
  std::chrono::milliseconds* value;  // Whole seconds at first.
};
// As Go programs take it: "30s", "1m30s".
void AddDuration(CLI::App* command, const DurationFlag& flag, const char* help);

// Flags that others know and that mean nothing here: with a value, or without. Those that are given
// are added to `ignored`.
void AddIgnored(CLI::App* command, std::span<const char* const> flags,
                std::span<const char* const> switches, std::vector<std::string>* ignored);
void WarnAboutIgnored(const std::vector<std::string>& ignored);

// --kubeconfig of a command that works for a management cluster.
void AddManagementCluster(CLI::App* command, std::string* kubeconfig);

// --storage-name and --storage-config of a command that has no store of its own. Must outlive the
// CLI::App.
struct StorageFlags {
  std::string config;
  std::string name = "internal";
};
void AddStorageFlags(CLI::App* command, StorageFlags* flags);
// Errors: BadRequest.
Result<StorageConfig> ReadStorageFlags(const StorageFlags& flags);

void AddFeatureGates(CLI::App* command, std::vector<std::string>* feature_gates);
// Warns of gates that are not among `known`. Errors: BadRequest.
Result<FeatureGates> ReadFeatureGates(const std::vector<std::string>& feature_gates,
                                      std::initializer_list<std::string_view> known);

inline constexpr std::string_view kProxyGate = "AllowProxyRequestToClusters";
inline constexpr std::string_view kSecretsGate = "ClusterAuthenticationFromSecret";

// What of members may be reached through pedia.
void AddProxyFlags(CLI::App* command, apiserver::ProxyOptions* proxy,
                   std::vector<std::string>* subresources);
// Errors: BadRequest for flags without their feature gate, and for unknown subresources.
Status CompleteProxy(const std::vector<std::string>& subresources, const FeatureGates& gates,
                     apiserver::ProxyOptions* proxy);

}  // namespace pedia::cmd
