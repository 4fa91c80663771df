// What the tests of conversions share.
#pragma once
#include <string>
#include <string_view>

#include "convert/version_families.h"

namespace pedia::convert {

// "batch/v1", "cronjobs" -> {"batch", "v1", "cronjobs"}
inline GroupVersionResource Gvr(std::string_view group_version, std::string_view resource) {
  const size_t slash = group_version.find('/');
  if (slash == std::string_view::npos)
    return {"", std::string(group_version), std::string(resource)};
  return {std::string(group_version.substr(0, slash)), std::string(group_version.substr(slash + 1)),
          std::string(resource)};
}

// The converted object, or "<status>" for a failure, which leaves nothing behind.
inline std::string Convert(const GroupVersionResource& from, const GroupVersionResource& to,
                           std::string_view body) {
  const Conversion* conversion = FindConversion(from, to);
  if (conversion == nullptr) return "<no conversion>";
  std::string out = "before";
  const Status status = conversion->Append(body, &out);
  if (!status.ok()) return out == "before" ? "<" + status.ToString() + ">" : "<left: " + out + ">";
  return out.substr(std::string_view("before").size());
}

// The conversions between two versions of a kind, on `fields`: what stands behind apiVersion in an
// object, e.g. R"("spec":{})".
class Pair {
 public:
  Pair(std::string_view resource, std::string_view stored, std::string_view other)
      : stored_(Gvr(stored, resource)), other_(Gvr(other, resource)) {}
  std::string ToStored(std::string_view fields) const { return Run(other_, stored_, fields); }
  std::string FromStored(std::string_view fields) const { return Run(stored_, other_, fields); }

 private:
  static std::string Run(const GroupVersionResource& from, const GroupVersionResource& to,
                         std::string_view fields) {
    const auto head = [](const GroupVersionResource& gvr) {
      return R"({"kind":"K","apiVersion":")" + gvr.GroupVersion() + "\",";
    };
    const std::string converted = Convert(from, to, head(from) + std::string(fields) + "}");
    if (!converted.starts_with(head(to))) return converted;
    return converted.substr(head(to).size(), converted.size() - head(to).size() - 1);
  }

  GroupVersionResource stored_;
  GroupVersionResource other_;
};

}  // namespace pedia::convert
