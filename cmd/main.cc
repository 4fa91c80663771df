// pedia: one binary, a subcommand per role.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>

#include "cmd/apiserver_flags.h"
#include "cmd/command_flags.h"
#include "cmd/controller_flags.h"
#include "cmd/data_directory.h"
#include "cmd/standalone.h"
#include "cmd/stop_signals.h"
#include "cmd/storage_command.h"
#include "cmd/synchro_flags.h"
#include "cmd/version.h"

namespace pedia::cmd {
namespace {

constexpr const char* kExamples = R"(
Examples:
  # Sync every cluster of the kubeconfig and search them all at once:
  pedia standalone
  kubectl --kubeconfig ~/.local/share/pedia/pedia.kubeconfig get pods -A
  # Only two contexts, only pods and deployments:
  pedia standalone --context prod --context staging --sync pods --sync deployments.apps
  # Clusters from PediaCluster manifests:
  pedia standalone --clusters clusters/
  # The store on PostgreSQL:
  pedia standalone --storage-config storage.yaml
  # A set of resources of your own, to be listed as one:
  pedia standalone --collections collections.yaml
)";

// In whichever group of Kubernetes.
const std::vector<std::string> kDefaultSkip = {"leases", "events", "secrets", "endpointslices"};

// Flags as the user gives them; turned into StandaloneOptions when the command line is complete.
struct StandaloneFlags {
  StandaloneOptions options;
  std::vector<std::string> manifests;
  std::string collections;
  std::vector<std::string> sync = {"*"};
  std::vector<std::string> skip;
  std::string data_directory = DefaultDataDirectory().string();
  std::string storage_config;
  uint16_t metrics_port = 0;
  std::vector<std::string> proxy_subresources;
  std::vector<std::string> feature_gates;
};

void AddDataDirectoryFlag(CLI::App* command, std::string* directory) {
  command
      ->add_option("--data-dir", *directory,
                   "Folder for the certificates, pedia.kubeconfig and, unless --storage-config "
                   "says otherwise, the database")
      ->type_name("DIR")
      ->capture_default_str();
}

void AddStorageConfigFlag(CLI::App* command, std::string* file) {
  command
      ->add_option("--storage-config", *file,
                   "Where the store is: a YAML file with type (postgres, mysql or sqlite), host, "
                   "user, database and so on; DB_* environment variables override it (default: "
                   "SQLite in the data directory)")
      ->type_name("FILE");
}

CLI::App* AddStandalone(CLI::App& app, StandaloneFlags* flags) {
  CLI::App* command = app.add_subcommand("standalone", "Sync and serve in one process");
  StandaloneOptions& options = flags->options;
  command
      ->add_option("--kubeconfig", options.sources.kubeconfig,
                   "Kubeconfig file (default: $KUBECONFIG, then ~/.kube/config)")
      ->type_name("FILE");
  command
      ->add_option("--context", options.sources.contexts,
                   "Context to sync; may be repeated (default: every context)")
      ->type_name("NAME");
  command
      ->add_option("--clusters", flags->manifests,
                   "PediaCluster manifests, a file or a folder; may be repeated. Without "
                   "--kubeconfig and --context no kubeconfig is read then")
      ->type_name("FILE|DIR");
  command
      ->add_option("--collections", flags->collections,
                   "CollectionResource manifests: sets of resources that can be listed as one, "
                   "beside the built-in any, workloads and kuberesources")
      ->type_name("FILE");
  command
      ->add_option("--sync", flags->sync,
                   "What to sync of contexts: RESOURCE, RESOURCE.GROUP or '*'; may be repeated, or "
                   "separated by commas")
      ->delimiter(',')
      ->type_name("RESOURCE")
      ->capture_default_str();
  command
      ->add_option("--skip", flags->skip,
                   "What not to sync of contexts, as for --sync; 'none' for nothing (default: "
                   "leases, events, secrets, endpointslices, unless --sync names them)")
      ->delimiter(',')
      ->type_name("RESOURCE");
  AddDataDirectoryFlag(command, &flags->data_directory);
  AddStorageConfigFlag(command, &flags->storage_config);
  command->add_option("--bind-address", options.bind_address, "Address to listen on")
      ->capture_default_str();
  command->add_option("--secure-port", options.secure_port, "HTTPS port; 0 picks a free one")
      ->capture_default_str();
  command->add_option(
      "--metrics-port", flags->metrics_port,
      "Plain HTTP port of /metrics and /healthz; 0 picks a free one (default: off)");
  command->add_flag("--progress-by-kind", options.progress_by_kind,
                    "Show the progress of the first sync for each kind");
  AddFeatureGates(command, &flags->feature_gates);
  AddProxyFlags(command, &options.proxy, &flags->proxy_subresources);
  command->footer(kExamples);
  return command;
}

Status Complete(const CLI::App& command, StandaloneFlags* flags) {
  StandaloneOptions& options = flags->options;
  options.data_directory = flags->data_directory;
  options.collections = flags->collections;
  if (command.count("--metrics-port") > 0) options.metrics_port = flags->metrics_port;
  options.sources.manifests.assign(flags->manifests.begin(), flags->manifests.end());
  options.sources.use_kubeconfig = flags->manifests.empty() || command.count("--kubeconfig") > 0 ||
                                   command.count("--context") > 0;
  auto rules = ParseSyncFlag(flags->sync);
  if (!rules.ok()) return rules.status();
  options.sources.sync = *std::move(rules);
  if (command.count("--skip") == 0) {
    for (const std::string& resource : kDefaultSkip) {
      const auto names_it = [&](const std::string& wanted) {
        return wanted == resource || wanted.starts_with(resource + ".");
      };
      if (std::none_of(flags->sync.begin(), flags->sync.end(), names_it))
        options.sources.skip.push_back(resource);
    }
  } else if (flags->skip != std::vector<std::string>{"none"}) {
    options.sources.skip = flags->skip;
  }
  const auto gates = ReadFeatureGates(flags->feature_gates, {kProxyGate});
  if (!gates.ok()) return gates.status();
  return CompleteProxy(flags->proxy_subresources, *gates, &options.proxy);
}

// The store that the flags of a command name.
Result<StorageConfig> FindStorage(const CLI::App& command, const std::string& storage_config,
                                  const std::string& data_directory) {
  if (command.count("--storage-config") > 0) return ReadStorageConfig(storage_config);
  return DefaultStorageConfig(data_directory);
}

int Fail(const Status& status) {
  std::fprintf(stderr, "pedia: %s\n", status.message().c_str());
  return 1;
}

int PrintKubeconfig(const std::string& data_directory) {
  const auto path = std::filesystem::path(data_directory) / kKubeconfigName;
  auto text = ReadFile(path);
  if (!text.ok())
    return Fail(Status(StatusReason::kNotFound,
                       text.status().message() + " (pedia standalone writes it when it starts)"));
  std::fwrite(text->data(), 1, text->size(), stdout);
  return 0;
}

// The log of a command, on its console.
class CommandLog {
 public:
  CommandLog() {
    SetLogSink([this](LogLevel level, std::string_view message) {
      if (level != LogLevel::kDebug) console_.Log(level, message);
    });
  }
  ~CommandLog() { SetLogSink({}); }
  CommandLog(const CommandLog&) = delete;
  CommandLog& operator=(const CommandLog&) = delete;
  Console& console() { return console_; }

 private:
  Console console_;
};

int RunStandaloneCommand(const CLI::App& command, StandaloneFlags* flags) {
  if (Status status = Complete(command, flags); !status.ok()) return Fail(status);
  flags->options.version = BuildVersion();
  CommandLog log;
  auto storage = FindStorage(command, flags->storage_config, flags->data_directory);
  if (!storage.ok()) return Fail(storage.status());
  flags->options.storage = *std::move(storage);
  BlockStopSignals();
  const Status status = RunStandalone(flags->options, log.console());
  return status.ok() ? 0 : Fail(status);
}

int RunApiserverCommand(const CLI::App& command, ApiserverFlags* flags) {
  CommandLog log;
  if (Status status = CompleteApiserver(command, flags); !status.ok()) return Fail(status);
  flags->options.version = BuildVersion();
  BlockStopSignals();
  const Status status = RunApiserver(flags->options);
  return status.ok() ? 0 : Fail(status);
}

int RunSynchroManagerCommand(SynchroManagerFlags* flags) {
  const CommandLog log;
  if (Status status = CompleteSynchroManager(flags); !status.ok()) return Fail(status);
  flags->options.version = BuildVersion();
  BlockStopSignals();
  const Status status = RunSynchroManager(flags->options);
  return status.ok() ? 0 : Fail(status);
}

int RunControllerManagerCommand(const CLI::App& command, ControllerManagerFlags* flags) {
  const CommandLog log;
  if (Status status = CompleteControllerManager(command, flags); !status.ok()) return Fail(status);
  BlockStopSignals();
  const Status status = RunControllerManager(flags->options);
  return status.ok() ? 0 : Fail(status);
}

// `pedia storage` and what stands behind it.
struct StorageCommands {
  CLI::App* storage;
  CLI::App* migrate;
  CLI::App* check;
  CLI::App* size;
  CLI::App* prune;
  std::string storage_config;
  std::string data_directory = DefaultDataDirectory().string();
  bool yes = false;
};

void AddStorage(CLI::App& app, StorageCommands* commands) {
  CLI::App* storage = app.add_subcommand("storage", "Look after the store");
  storage->require_subcommand(1);
  commands->storage = storage;
  commands->migrate = storage->add_subcommand("migrate", "Make or upgrade the tables");
  commands->check = storage->add_subcommand(
      "check", "Verify that what is searched is what the objects say; exit code 1 if not");
  commands->size = storage->add_subcommand("size", "Show objects and bytes per kind and cluster");
  commands->prune = storage->add_subcommand(
      "prune", "Show the objects of clusters that are not synced any more, and remove them");
  commands->prune->add_flag("--yes", commands->yes, "Remove them");
  for (CLI::App* command : {commands->migrate, commands->check, commands->size, commands->prune}) {
    AddStorageConfigFlag(command, &commands->storage_config);
    AddDataDirectoryFlag(command, &commands->data_directory);
  }
}

int RunStorageCommand(const StorageCommands& commands) {
  CommandLog log;
  std::signal(SIGPIPE, SIG_IGN);
  const auto config = FindStorage(*commands.storage->get_subcommands().front(),
                                  commands.storage_config, commands.data_directory);
  if (!config.ok()) return Fail(config.status());
  const auto run = [&]() -> Result<int> {
    if (commands.migrate->parsed()) return MigrateStorage(*config, log.console(), std::cout);
    if (commands.check->parsed()) return CheckStorage(*config, log.console(), std::cout);
    if (commands.size->parsed()) return ShowStorageSize(*config, std::cout);
    return PruneStorage(*config, commands.yes, std::cout);
  };
  const Result<int> code = run();
  std::cout.flush();
  return code.ok() ? *code : Fail(code.status());
}

int Main(int argc, char** argv) {
  // Many threads allocate and free in bursts: without this, glibc keeps an arena for each of them.
  mallopt(M_ARENA_MAX, 4);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  CLI::App app("pedia: search the objects of many Kubernetes clusters with kubectl", "pedia");
  app.require_subcommand(1);
  app.footer("Run 'pedia COMMAND --help' for the flags of a command.");
  StandaloneFlags flags;
  CLI::App* standalone = AddStandalone(app, &flags);
  ApiserverFlags apiserver_flags;
  CLI::App* apiserver = AddApiserver(app, &apiserver_flags);
  SynchroManagerFlags manager_flags;
  CLI::App* manager = AddSynchroManager(app, &manager_flags);
  ControllerManagerFlags controller_flags;
  CLI::App* controller = AddControllerManager(app, &controller_flags);
  CLI::App* kubeconfig =
      app.add_subcommand("kubeconfig", "Print the kubeconfig that reaches a running pedia");
  AddDataDirectoryFlag(kubeconfig, &flags.data_directory);
  StorageCommands storage;
  AddStorage(app, &storage);
  CLI::App* version = app.add_subcommand("version", "Print the version");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  if (version->parsed()) {
    std::printf("pedia %s (commit %s)\n", BuildVersion().git_version.c_str(),
                BuildVersion().git_commit.c_str());
    return 0;
  }
  if (kubeconfig->parsed()) return PrintKubeconfig(flags.data_directory);
  if (storage.storage->parsed()) return RunStorageCommand(storage);
  if (manager->parsed()) return RunSynchroManagerCommand(&manager_flags);
  if (controller->parsed()) return RunControllerManagerCommand(*controller, &controller_flags);
  if (apiserver->parsed()) return RunApiserverCommand(*apiserver, &apiserver_flags);
  return RunStandaloneCommand(*standalone, &flags);
}

}  // namespace
}  // namespace pedia::cmd

int main(int argc, char** argv) {
  try {
    return pedia::cmd::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pedia: %s\n", error.what());
    return 1;
  }
}
