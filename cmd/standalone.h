// `pedia standalone`: sync and serve in one process, over every context of a kubeconfig, on
// embedded SQLite or a database server.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apiserver/api_server.h"
#include "apiserver/collection_catalog.h"
#include "apiserver/proxy_options.h"
#include "cmd/cluster_sources.h"
#include "cmd/console.h"
#include "cmd/storage_config.h"
#include "meta/result.h"

namespace pedia::cmd {

struct StandaloneOptions {
  SourceOptions sources;
  std::filesystem::path collections;  // Manifests of collection resources; empty = none.
  std::filesystem::path data_directory;
  std::optional<StorageConfig> storage;  // Where the store is; SQLite in data_directory if empty.
  std::string bind_address = "127.0.0.1";
  uint16_t secure_port = 8443;           // 0 picks one.
  std::optional<uint16_t> metrics_port;  // Plain HTTP on bind_address; off unless given.
  bool progress_by_kind = false;
  apiserver::ProxyOptions proxy;
  apiserver::VersionInfo version;
};

// The collection resources that `file` defines. Errors: naming file, document and field.
Result<std::vector<apiserver::Collection>> ReadCollections(const std::filesystem::path& file);

// Runs until SIGTERM or SIGINT, which must be blocked in every thread, then stops within 2 seconds.
// Prints one line on standard output when it serves. Errors: why it could not start.
Status RunStandalone(const StandaloneOptions& options, Console& console);

}  // namespace pedia::cmd
