// Any text as a PediaCluster, and as the ClusterSyncResources and the Secret that it may name: the
// cluster stays one, with a connection that names no file and runs no program, or a reason why there
// is none; and what is written back is JSON.
// Sources: synchro/cluster_inventory.cc synchro/pedia_cluster.cc synchro/sync_rules.cc synchro/label_selector.cc discovery/credential_secrets.cc discovery/pedia_cluster_connection.cc discovery/pedia_cluster_marks.cc discovery/pedia_cluster_status.cc discovery/registry.cc discovery/cluster_catalog.cc discovery/json_members.cc kube/kubeconfig.cc kube/kubeconfig_resolver.cc kube/yaml_document.cc kube/bounded_file.cc kube/pem.cc kube/server_url.cc kube/object_identity.cc certs/key_pair.cc meta/*.cc -lyaml-cpp -lcrypto
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "discovery/pedia_cluster_marks.h"
#include "discovery/pedia_cluster_status.h"
#include "meta/json_reader.h"
#include "meta/log.h"
#include "synchro/cluster_inventory.h"

namespace {

void Check(bool good) {
  if (!good) std::abort();
}

void CheckMarks(std::string_view text) {
  const auto marks = pedia::discovery::ReadMarks(text);
  for (const bool yes : {false, true}) {
    const std::string finalizers = pedia::discovery::MakeFinalizerPatch(marks, yes);
    Check(pedia::IsValidJson(finalizers));
    Check(pedia::discovery::ReadMarks(finalizers).HasFinalizer() == yes);
    Check(pedia::IsValidJson(pedia::discovery::MakeConditionsPatch(marks, marks.conditions, yes)));
  }
  const auto state = pedia::discovery::ParsePediaClusterStatus(text);
  if (!state.ok()) return;
  const std::string patch = pedia::discovery::MakeStatusPatch(*state, text, "a");
  Check(patch.empty() || pedia::IsValidJson(patch));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool silent = (pedia::SetLogSink([](pedia::LogLevel, std::string_view) {}), true);
  Check(silent);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckMarks(text);
  pedia::synchro::ClusterInventory inventory({true, true, true, true});
  inventory.SetPediaCluster("c1", text);
  inventory.SetSecret("s", text);
  inventory.Refresh();
  inventory.SetSyncResources("r", text);
  inventory.Refresh();
  Check(inventory.specs().size() == 1);
  const pedia::synchro::ClusterSpec& spec = inventory.specs().at("c1");
  Check(spec.name == "c1");
  if (!spec.config.ok()) return 0;
  Check(spec.config->token_file.empty() && spec.config->exec.empty());
  return 0;
}
