#include "storage/sort_key.h"

#include <algorithm>
#include <array>

namespace pedia::storage {
namespace {

using query::OrderBy;
using query::OrderColumn;

enum Tag : uint64_t { kMissing = 0, kInteger = 1, kText = 2 };

void AppendUint(uint64_t value, size_t bytes, std::string* out) {
  for (size_t i = 0; i < bytes; ++i) out->push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

std::optional<uint64_t> TakeUint(std::string_view* in, size_t bytes) {
  if (in->size() < bytes) return std::nullopt;
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) {
    value |= static_cast<uint64_t>(static_cast<unsigned char>((*in)[i])) << (8 * i);
  }
  in->remove_prefix(bytes);
  return value;
}

void AppendText(std::string_view text, std::string* out) {
  AppendUint(text.size(), 4, out);
  out->append(text);
}

std::optional<std::string> TakeText(std::string_view* in) {
  const std::optional<uint64_t> size = TakeUint(in, 4);
  if (!size || *size > in->size()) return std::nullopt;
  std::string text(in->substr(0, *size));
  in->remove_prefix(*size);
  return text;
}

bool TakeValue(std::string_view* in, bool number, SqlValue* value) {
  const std::optional<uint64_t> tag = TakeUint(in, 1);
  if (tag == kMissing) return true;
  if (tag == kInteger && number) {
    const std::optional<uint64_t> bits = TakeUint(in, 8);
    if (bits) *value = static_cast<int64_t>(*bits);
    return bits.has_value();
  }
  if (tag == kText && !number) {
    std::optional<std::string> text = TakeText(in);
    if (text) *value = std::move(*text);
    return text.has_value();
  }
  return false;
}

constexpr std::array kDefaultOrder = {OrderColumn::kCluster, OrderColumn::kNamespace,
                                      OrderColumn::kName};

// Whether `order` from `at` on says only what the tie breakers say anyway.
bool IsDefaultOrder(const std::vector<OrderBy>& order, size_t at) {
  if (order.size() - at > kDefaultOrder.size()) return false;
  for (size_t i = at; i < order.size(); ++i) {
    if (order[i].descending || order[i].column != kDefaultOrder[i - at]) return false;
  }
  return true;
}

}  // namespace

std::vector<OrderBy> NormalizeOrder(const std::vector<OrderBy>& order) {
  std::vector<OrderBy> kept;
  for (const OrderBy& term : order) {
    const bool repeated = std::any_of(kept.begin(), kept.end(), [&](const OrderBy& before) {
      return before.column == term.column || before.column == OrderColumn::kId;
    });
    if (!repeated && term.column != OrderColumn::kKind) kept.push_back(term);
  }
  for (size_t at = 0; at < kept.size(); ++at) {
    if (IsDefaultOrder(kept, at)) kept.resize(at);
  }
  return kept;
}

bool IsNumber(OrderColumn column) {
  switch (column) {
    case OrderColumn::kCreatedAt:
    case OrderColumn::kResourceVersion:
    case OrderColumn::kSyncedAt:
    case OrderColumn::kDeletedAt:
    case OrderColumn::kId:
      return true;
    case OrderColumn::kCluster:
    case OrderColumn::kNamespace:
    case OrderColumn::kName:
    case OrderColumn::kUid:
    case OrderColumn::kOwnerUid:
    case OrderColumn::kKind:
      return false;
  }
  return false;
}

std::string FormatSortKey(const SortKey& key) {
  std::string bytes;
  AppendUint(key.values.size(), 1, &bytes);
  for (const SqlValue& value : key.values) {
    if (const auto* number = std::get_if<int64_t>(&value)) {
      AppendUint(kInteger, 1, &bytes);
      AppendUint(static_cast<uint64_t>(*number), 8, &bytes);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      AppendUint(kText, 1, &bytes);
      AppendText(*text, &bytes);
    } else {
      AppendUint(kMissing, 1, &bytes);
    }
  }
  return bytes.append(key.okey);
}

Result<SortKey> ParseSortKey(std::string_view bytes, const std::vector<OrderBy>& order) {
  const Status damaged = BadRequest("continue: the token does not belong to this query");
  if (TakeUint(&bytes, 1) != order.size()) return damaged;
  SortKey key;
  for (const OrderBy& term : order) {
    SqlValue& value = key.values.emplace_back();
    if (!TakeValue(&bytes, IsNumber(term.column), &value)) return damaged;
  }
  key.okey = bytes;
  return key;
}

}  // namespace pedia::storage
