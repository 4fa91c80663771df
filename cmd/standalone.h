// `pedia standalone`: sync and serve in one process, over every context of a kubeconfig, on
// embedded SQLite.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "apiserver/api_server.h"
#include "cmd/cluster_sources.h"
#include "cmd/console.h"
#include "meta/result.h"

namespace pedia::cmd {

struct StandaloneOptions {
  SourceOptions sources;
  std::filesystem::path data_directory;
  std::string bind_address = "127.0.0.1";
  uint16_t secure_port = 8443;           // 0 picks one.
  std::optional<uint16_t> metrics_port;  // Plain HTTP on bind_address; off unless given.
  bool progress_by_kind = false;
  apiserver::VersionInfo version;
};

// Runs until SIGTERM or SIGINT, which must be blocked in every thread, then stops within 2 seconds.
// Prints one line on standard output when it serves. Errors: why it could not start.
Status RunStandalone(const StandaloneOptions& options, Console& console);

}  // namespace pedia::cmd
