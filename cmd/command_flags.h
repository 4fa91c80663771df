// Flags that several commands have.
#pragma once
#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "apiserver/proxy_options.h"
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

// --storage-name and --storage-config of a command that has no store of its own. Errors: BadRequest.
Result<StorageConfig> ReadStorageFlags(const std::string& name, const std::string& file);

// What of members may be reached through pedia.
void AddProxyFlags(CLI::App* command, apiserver::ProxyOptions* proxy,
                   std::vector<std::string>* subresources, std::vector<std::string>* feature_gates);
// Errors: BadRequest for flags without their feature gate, and for unknown subresources.
Status CompleteProxy(const std::vector<std::string>& subresources,
                     const std::vector<std::string>& feature_gates, apiserver::ProxyOptions* proxy);

}  // namespace pedia::cmd
