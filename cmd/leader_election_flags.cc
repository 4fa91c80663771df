#include "cmd/leader_election_flags.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "cmd/command_flags.h"
#include "kube/bounded_file.h"
#include "kube/in_cluster.h"

namespace pedia::cmd {
namespace {

constexpr const char* kGroup = "Leader election";

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

std::string RandomUuid() {
  std::random_device random;
  std::array<unsigned, 4> words{};
  for (unsigned& word : words) word = random();
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-4%03x-%04x-%04x%08x", words[0], words[1] >> 16,
                words[1] & 0xfff, 0x8000 | (words[2] >> 18), words[2] & 0xffff, words[3]);
  return text.data();
}

}  // namespace

void AddLeaderElection(CLI::App* command, LeaderElectionFlags* flags) {
  command
      ->add_flag("--leader-elect", flags->enabled,
                 "Work only while this process holds the Lease; --leader-elect=false if there is "
                 "certainly one process only")
      ->group(kGroup)
      ->default_str("true");
  AddDuration(command, {kGroup, "--leader-elect-lease-duration", &flags->times.duration},
              "Others take the Lease when it has not been renewed for so long");
  AddDuration(command, {kGroup, "--leader-elect-renew-deadline", &flags->times.renew_deadline},
              "The holder stops when it has not been able to renew it for so long");
  AddDuration(command, {kGroup, "--leader-elect-retry-period", &flags->times.retry_period},
              "Time between attempts");
  command->add_option("--leader-elect-resource-lock", flags->kind, "Only 'leases' are known")
      ->group(kGroup)
      ->capture_default_str();
  command->add_option("--leader-elect-resource-name", flags->lease, "Name of the Lease")
      ->group(kGroup)
      ->type_name("NAME")
      ->capture_default_str();
  command
      ->add_option("--leader-elect-resource-namespace", flags->name_space,
                   "Namespace of the Lease (default: $CLUSTERPEDIA_NAMESPACE, else that of this "
                   "pod, else clusterpedia-system)")
      ->group(kGroup)
      ->type_name("NAMESPACE");
}

Status CompleteLeaderElection(LeaderElectionFlags* flags) {
  if (flags->name_space.empty()) flags->name_space = OwnNamespace();
  if (!flags->enabled) return {};
  if (flags->kind != "leases")
    return BadRequest("--leader-elect-resource-lock: only \"leases\" is known, not \"" +
                      flags->kind + "\"");
  if (flags->lease.empty()) return BadRequest("--leader-elect-resource-name must not be empty");
  const kube::LeaseTimes& times = flags->times;
  if (times.duration < std::chrono::seconds(1))
    return BadRequest("--leader-elect-lease-duration must be one second at least");
  if (times.renew_deadline >= times.duration)
    return BadRequest(
        "--leader-elect-renew-deadline must be less than --leader-elect-lease-duration");
  if (times.retry_period.count() <= 0 || times.retry_period >= times.renew_deadline)
    return BadRequest(
        "--leader-elect-retry-period must be more than 0 and less than "
        "--leader-elect-renew-deadline");
  return {};
}

kube::LeaderElectorOptions ElectorOptions(const LeaderElectionFlags& flags) {
  return {flags.name_space, flags.lease, HostName() + "_" + RandomUuid(), flags.times};
}

std::string OwnNamespace() {
  if (const char* const name = std::getenv("CLUSTERPEDIA_NAMESPACE"); name != nullptr && *name != 0)
    return name;
  const auto file = std::filesystem::path(kube::kServiceAccountDirectory) / "namespace";
  const auto content = kube::ReadBoundedFile(file, 1 << 10);
  if (content.ok() && !content->empty()) return *content;
  return "clusterpedia-system";
}

}  // namespace pedia::cmd
