#include "storage/object_key.h"

#include <algorithm>

namespace pedia::storage {
namespace {

constexpr char kSeparator = '!';
constexpr char kAfterSeparator = '"';

}  // namespace

bool IsKeyPart(std::string_view part) {
  return std::none_of(part.begin(), part.end(),
                      [](char c) { return static_cast<unsigned char>(c) <= kSeparator; });
}

std::string ObjectKey(std::string_view cluster, std::string_view name_space,
                      std::string_view name) {
  std::string key;
  key.reserve(cluster.size() + name_space.size() + name.size() + 2);
  key.append(cluster).push_back(kSeparator);
  key.append(name_space).push_back(kSeparator);
  return key.append(name);
}

KeyRange KeyRange::Cluster(std::string_view cluster) {
  const std::string prefix(cluster);
  return {prefix + kSeparator, prefix + kAfterSeparator};
}

KeyRange KeyRange::Namespace(std::string_view cluster, std::string_view name_space) {
  const std::string prefix = std::string(cluster).append(1, kSeparator).append(name_space);
  return {prefix + kSeparator, prefix + kAfterSeparator};
}

query::NameSet Narrow(const query::NameSet& set, std::string_view exact) {
  query::NameSet narrowed = set;
  if (!exact.empty()) {
    narrowed.restricted = true;
    narrowed.in.clear();
    if (set.Matches(exact)) narrowed.in.emplace_back(exact);
  }
  if (narrowed.restricted) {
    std::erase_if(narrowed.in, [&](const std::string& value) {
      return std::binary_search(set.not_in.begin(), set.not_in.end(), value);
    });
    narrowed.not_in.clear();
  }
  return narrowed;
}

std::vector<KeyRange> RangesOf(const query::NameSet& clusters, const query::NameSet& namespaces) {
  std::vector<KeyRange> ranges;
  for (const std::string& cluster : clusters.in) {
    if (cluster.empty() || !IsKeyPart(cluster)) continue;
    if (!namespaces.restricted) ranges.push_back(KeyRange::Cluster(cluster));
    for (const std::string& name_space : namespaces.in) {
      if (IsKeyPart(name_space)) ranges.push_back(KeyRange::Namespace(cluster, name_space));
    }
  }
  return ranges;
}

std::vector<KeyRange> RangesAfter(std::vector<KeyRange> ranges, std::string_view okey,
                                  bool inclusive) {
  const bool contained =
      inclusive && std::any_of(ranges.begin(), ranges.end(), [&](const KeyRange& range) {
        if (range.exact) return range.low == okey;
        return range.low < okey && (range.high.empty() || okey < range.high);
      });
  std::erase_if(ranges, [&](const KeyRange& range) {
    return range.exact ? range.low <= okey : !range.high.empty() && range.high <= okey;
  });
  for (KeyRange& range : ranges) {
    if (!range.exact && range.low < okey) range.low = okey;
  }
  if (contained) ranges.insert(ranges.begin(), KeyRange{std::string(okey), "", true});
  return ranges;
}

KeyParts SplitKey(std::string_view okey) {
  const size_t first = okey.find(kSeparator);
  const size_t second = first == std::string_view::npos ? first : okey.find(kSeparator, first + 1);
  if (second == std::string_view::npos) return {};
  return {okey.substr(0, first), okey.substr(first + 1, second - first - 1),
          okey.substr(second + 1)};
}

}  // namespace pedia::storage
