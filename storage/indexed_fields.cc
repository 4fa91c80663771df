#include "storage/indexed_fields.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <vector>

#include "query/field_scanner.h"

namespace pedia::storage {
namespace {

constexpr size_t kMaxValue = 190;
constexpr size_t kMaxLabelKey = 512;
constexpr size_t kHash = 17;  // '#' and 16 digits.

constexpr std::array kGeneric = {
    std::string_view("status.phase"),
};
constexpr std::array kPods = {
    std::string_view("spec.hostNetwork"),
    std::string_view("spec.nodeName"),
    std::string_view("spec.serviceAccountName"),
    std::string_view("status.nominatedNodeName"),
    std::string_view("status.phase"),
    std::string_view("status.podIP"),
};
constexpr std::array kNodes = {
    std::string_view("spec.unschedulable"),
};
constexpr std::array kServices = {
    std::string_view("spec.clusterIP"),
    std::string_view("spec.type"),
};
constexpr std::array kSecrets = {
    std::string_view("type"),
};
constexpr std::array kCoreEvents = {
    std::string_view("involvedObject.apiVersion"),
    std::string_view("involvedObject.fieldPath"),
    std::string_view("involvedObject.kind"),
    std::string_view("involvedObject.name"),
    std::string_view("involvedObject.namespace"),
    std::string_view("involvedObject.resourceVersion"),
    std::string_view("involvedObject.uid"),
    std::string_view("reason"),
    std::string_view("reportingComponent"),
    std::string_view("type"),
};
constexpr std::array kEvents = {
    std::string_view("reason"),
    std::string_view("regarding.apiVersion"),
    std::string_view("regarding.fieldPath"),
    std::string_view("regarding.kind"),
    std::string_view("regarding.name"),
    std::string_view("regarding.namespace"),
    std::string_view("regarding.resourceVersion"),
    std::string_view("regarding.uid"),
    std::string_view("reportingController"),
    std::string_view("type"),
};
constexpr std::array kScaled = {
    std::string_view("spec.replicas"),
    std::string_view("status.replicas"),
};
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
constexpr std::array kJobs = {
    std::string_view("spec.suspend"),
    std::string_view("status.succeeded"),
};
constexpr std::array kCronJobs = {
    std::string_view("spec.suspend"),
};
constexpr std::array kCertificateRequests = {
    std::string_view("spec.signerName"),
};
constexpr std::array kPodCertificateRequests = {
    std::string_view("spec.nodeName"),
    std::string_view("spec.signerName"),
};
constexpr std::array kResourceSlices = {
    std::string_view("spec.driver"),
    std::string_view("spec.nodeName"),
};

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
    {"batch", "cronjobs", kCronJobs},
    {"certificates.k8s.io", "certificatesigningrequests", kCertificateRequests},
    {"certificates.k8s.io", "clustertrustbundles", kCertificateRequests},
    {"certificates.k8s.io", "podcertificaterequests", kPodCertificateRequests},
    {"resource.k8s.io", "resourceslices", kResourceSlices},
};

// The place of `gvr` in kKinds; their number if it is not there.
size_t FindKind(const GroupVersionResource& gvr) {
  const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const KindFields& k) {
    return k.resource == gvr.resource && k.group == gvr.group;
  });
  return static_cast<size_t>(kind - std::begin(kKinds));
}

std::span<const std::string_view> FieldsOf(size_t kind) {
  return kind < std::size(kKinds) ? kKinds[kind].fields : kGeneric;
}

// A longer text as at most `max` bytes, the last of which are its hash.
std::string Cut(std::string_view text, size_t max) {
  if (text.size() <= max) return std::string(text);
  size_t kept = max - kHash;
  // Characters have four bytes at most.
  for (int i = 0; i < 3 && (static_cast<unsigned char>(text[kept]) & 0xc0) == 0x80; ++i) --kept;
  char hash[kHash + 1];
  std::snprintf(hash, sizeof hash, "#%016llx",
                static_cast<unsigned long long>(XXH64(text.data(), text.size(), 0)));
  return std::string(text.substr(0, kept)) + hash;
}

query::FieldScanner ScannerOf(std::span<const std::string_view> fields) {
  std::vector<query::FieldPath> paths(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    for (std::string_view rest = fields[i]; !rest.empty();) {
      const std::string_view name = rest.substr(0, rest.find('.'));
      paths[i].steps.push_back({query::FieldStep::Kind::kMember, std::string(name), 0});
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    }
  }
  return query::FieldScanner(paths);
}

}  // namespace

std::span<const std::string_view> IndexedFields(const GroupVersionResource& gvr) {
  return FieldsOf(FindKind(gvr));
}

const query::FieldScanner& IndexedFieldScanner(const GroupVersionResource& gvr) {
  static const std::vector<query::FieldScanner> scanners = [] {
    std::vector<query::FieldScanner> all;
    for (size_t kind = 0; kind <= std::size(kKinds); ++kind)
      all.push_back(ScannerOf(FieldsOf(kind)));
    return all;
  }();
  return scanners[FindKind(gvr)];
}

uint64_t IndexedFieldsVersion() {
  static const uint64_t version = [] {
    // Begins with how the values are made: 2 = also of objects and arrays.
    std::string table = "2\n";
    const auto add = [&table](std::string_view text) { table.append(text).push_back('\n'); };
    for (const std::string_view field : kGeneric) add(field);
    for (const KindFields& kind : kKinds) {
      add("");
      add(kind.group);
      add(kind.resource);
      for (const std::string_view field : kind.fields) add(field);
    }
    return XXH64(table.data(), table.size(), 0);
  }();
  return version;
}

std::string IndexedValue(std::string_view value) { return Cut(value, kMaxValue); }

std::string LabelPath(std::string_view label_key) { return "l:" + Cut(label_key, kMaxLabelKey); }

bool MayBeCut(std::string_view entry_value) {
  constexpr size_t kShortest = 150;  // The cut is at a character.
  return entry_value.size() > kShortest && entry_value[entry_value.size() - kHash] == '#';
}

}  // namespace pedia::storage
