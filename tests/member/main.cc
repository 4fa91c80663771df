// pedia-member: simulated member clusters to try and test pedia with.
#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/member/churn.h"
#include "tests/member/member_server.h"
#include "tests/member/recorded_world.h"
#include "tests/member/synthetic.h"

namespace {

using pedia::Result;
using pedia::Status;
using namespace pedia::member;  // NOLINT: this program is nothing but its user.

struct Flags {
  int clusters = 3;
  std::vector<std::string> names;
  std::string world = PEDIA_SOURCE_ROOT "/tests/testdata/world/world.json.gz";
  bool identical = false;
  uint32_t pods = 0;
  uint32_t namespaces = 10;
  bool pods_only = false;
  uint32_t notes = 0;
  uint32_t widget_kinds = 0;
  uint32_t widgets = 200;
  uint64_t seed = 1;
  double churn = 0;
  uint16_t port = 0;
  bool plain = false;
  int bookmark_ms = 5000;
  bool legacy_discovery = false;
  OpenApiOffer openapi = OpenApiOffer::kVersion3;
  std::string kubeconfig_out;
};

struct Member {
  std::unique_ptr<World> world;
  std::unique_ptr<Churn> churn;
  std::unique_ptr<MemberServer> server;
};

void AddFlags(CLI::App& app, Flags& flags) {
  app.add_option("--clusters", flags.clusters, "How many clusters")->capture_default_str();
  app.add_option(
         "--names", flags.names,
         "Their names, comma separated, instead of --clusters; default member-1, member-2, ...")
      ->delimiter(',');
  app.add_option("--world", flags.world, "Recorded world that each serves, or 'none'")
      ->capture_default_str();
  app.add_flag("--identical", flags.identical,
               "Serve the recorded world with its own uids and node names");
  app.add_option("--pods", flags.pods, "Synthetic pods per cluster")->capture_default_str();
  app.add_option("--namespaces", flags.namespaces, "Namespaces of the synthetic pods")
      ->capture_default_str();
  app.add_flag("--pods-only", flags.pods_only, "No synthetic objects besides pods");
  app.add_option("--notes", flags.notes, "Bytes of an annotation that makes synthetic pods longer")
      ->capture_default_str();
  app.add_option("--widget-kinds", flags.widget_kinds,
                 "Kinds of synthetic custom resources of about 1 KB")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  app.add_option("--widgets", flags.widgets, "Objects of each of these kinds per cluster")
      ->capture_default_str();
  app.add_option("--seed", flags.seed, "Seed of the synthetic objects and of churn")
      ->capture_default_str();
  app.add_option("--churn", flags.churn, "Changes per second and cluster")->capture_default_str();
  app.add_option("--port", flags.port, "Port of the first cluster, the others follow; 0 picks")
      ->capture_default_str();
  app.add_flag("--plain", flags.plain, "HTTP without TLS; behind something that has it");
  app.add_option("--bookmark-ms", flags.bookmark_ms, "Silence before a watch gets a bookmark")
      ->capture_default_str();
  app.add_flag("--legacy-discovery", flags.legacy_discovery, "Do not offer aggregated discovery");
  const std::map<std::string, OpenApiOffer> offers = {{"v3", OpenApiOffer::kVersion3},
                                                      {"v2", OpenApiOffer::kVersion2},
                                                      {"none", OpenApiOffer::kNone}};
  app.add_option("--openapi", flags.openapi,
                 "Newest version of OpenAPI offered: v3, v2 as before Kubernetes 1.24, or none")
      ->transform(CLI::CheckedTransformer(offers));
  app.add_option("--kubeconfig-out", flags.kubeconfig_out,
                 "Write a kubeconfig with a context per cluster");
}

Result<Member> StartMember(const Flags& flags, const std::string& name, uint16_t port) {
  Member member;
  member.world = std::make_unique<World>();
  if (flags.world != "none") {
    Status status = LoadRecordedWorld(*member.world, {flags.world, flags.identical ? "" : name});
    if (!status.ok()) return status;
  }
  auto cluster = std::make_shared<const SyntheticCluster>(SyntheticOptions{
      name, flags.seed, flags.pods, flags.namespaces, flags.pods_only || flags.pods == 0,
      flags.notes, flags.widget_kinds, flags.widgets});
  Status status = LoadSynthetic(*member.world, cluster);
  if (!status.ok()) return status;
  member.churn = std::make_unique<Churn>(*member.world, cluster, flags.seed);
  MemberOptions options{name, port};
  options.control = true;
  options.tls = !flags.plain;
  options.churn = member.churn.get();
  options.aggregated_discovery = !flags.legacy_discovery;
  options.openapi = flags.openapi;
  options.bookmark_interval = std::chrono::milliseconds(flags.bookmark_ms);
  Result<std::unique_ptr<MemberServer>> server = MemberServer::Start(*member.world, options);
  if (!server.ok()) return server.status();
  member.server = std::move(*server);
  member.churn->SetRate(flags.churn);
  return member;
}

Status StartAll(const Flags& flags, std::vector<Member>* members) {
  std::vector<KubeconfigEntry> entries;
  for (const std::string& name : flags.names) {
    const auto port = static_cast<uint16_t>(flags.port == 0 ? 0 : flags.port + members->size());
    Result<Member> member = StartMember(flags, name, port);
    if (!member.ok()) return member.status();
    // Both ways to authenticate are in use: tokens and client certificates take turns.
    entries.push_back(member->server->kubeconfig_entry(flags.plain || members->size() % 2 == 0));
    std::cout << name << " " << member->server->url() << " token=" << member->server->token()
              << std::endl;
    members->push_back(std::move(*member));
  }
  return flags.kubeconfig_out.empty() ? Status() : WriteKubeconfig(flags.kubeconfig_out, entries);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Simulated member clusters for pedia. The control endpoint of each (/__faults ...) is for "
      "loopback only.");
  Flags flags;
  AddFlags(app, flags);
  CLI11_PARSE(app, argc, argv);
  if (flags.names.empty()) {
    for (int i = 1; i <= flags.clusters; ++i) flags.names.push_back("member-" + std::to_string(i));
  }
  // Blocked before any thread starts, so that only sigwait sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<Member> members;
  const Status status = StartAll(flags, &members);
  if (!status.ok()) {
    std::cerr << "pedia-member: " << status.ToString() << std::endl;
    return 1;
  }
  std::cout << "ready" << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}
