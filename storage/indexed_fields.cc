#include "storage/indexed_fields.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstdio>

namespace pedia::storage {
namespace {

constexpr size_t kMaxValue = 190;
constexpr size_t kKeptOfLongValue = 173;

constexpr std::array kGeneric = {std::string_view("status.phase")};
constexpr std::array kPods = {
    std::string_view("spec.hostNetwork"),
    std::string_view("spec.nodeName"),
    std::string_view("spec.serviceAccountName"),
    std::string_view("status.nominatedNodeName"),
    std::string_view("status.phase"),
    std::string_view("status.podIP"),
};
constexpr std::array kNodes = {std::string_view("spec.unschedulable")};
constexpr std::array kServices = {std::string_view("spec.clusterIP"),
                                  std::string_view("spec.type")};
constexpr std::array kSecrets = {std::string_view("type")};
constexpr std::array kCoreEvents = {
    std::string_view("involvedObject.kind"),
    std::string_view("involvedObject.name"),
    std::string_view("involvedObject.namespace"),
    std::string_view("involvedObject.uid"),
    std::string_view("reason"),
    std::string_view("type"),
};
constexpr std::array kEvents = {
    std::string_view("reason"),         std::string_view("regarding.kind"),
    std::string_view("regarding.name"), std::string_view("regarding.namespace"),
    std::string_view("regarding.uid"),  std::string_view("type"),
};
constexpr std::array kScaled = {std::string_view("spec.replicas"),
                                std::string_view("status.replicas")};
constexpr std::array kVolumes = {
    std::string_view("spec.claimRef.name"),
    std::string_view("spec.claimRef.namespace"),
    std::string_view("spec.storageClassName"),
    std::string_view("status.phase"),
};
constexpr std::array kVolumeClaims = {
    std::string_view("spec.storageClassName"),
    std::string_view("spec.volumeName"),
    std::string_view("status.phase"),
};
constexpr std::array kJobs = {std::string_view("spec.suspend"),
                              std::string_view("status.succeeded")};
constexpr std::array kCertificateRequests = {std::string_view("spec.signerName")};

struct KindFields {
  std::string_view group;
  std::string_view resource;
  std::span<const std::string_view> fields;
};

constexpr KindFields kKinds[] = {
    {"", "pods", kPods},
    {"", "nodes", kNodes},
    {"", "services", kServices},
    {"", "secrets", kSecrets},
    {"", "events", kCoreEvents},
    {"events.k8s.io", "events", kEvents},
    {"", "replicationcontrollers", kScaled},
    {"apps", "replicasets", kScaled},
    {"apps", "deployments", kScaled},
    {"apps", "statefulsets", kScaled},
    {"", "persistentvolumes", kVolumes},
    {"", "persistentvolumeclaims", kVolumeClaims},
    {"batch", "jobs", kJobs},
    {"batch", "cronjobs", kJobs},
    {"certificates.k8s.io", "certificatesigningrequests", kCertificateRequests},
};

}  // namespace

std::span<const std::string_view> IndexedFields(const GroupVersionResource& gvr) {
  for (const KindFields& kind : kKinds) {
    if (kind.resource == gvr.resource && kind.group == gvr.group) return kind.fields;
  }
  return kGeneric;
}

std::string IndexedValue(std::string_view value) {
  if (value.size() <= kMaxValue) return std::string(value);
  size_t kept = kKeptOfLongValue;
  while (kept > 0 && (static_cast<unsigned char>(value[kept]) & 0xc0) == 0x80) --kept;
  char hash[18];
  std::snprintf(hash, sizeof hash, "#%016llx",
                static_cast<unsigned long long>(XXH64(value.data(), value.size(), 0)));
  return std::string(value.substr(0, kept)) + hash;
}

}  // namespace pedia::storage
