#include "storage/sort_key.h"

#include <algorithm>
#include <array>

namespace pedia::storage {
namespace {

using query::OrderBy;
using query::OrderColumn;

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

bool IsOfType(OrderColumn column) {
  return column == OrderColumn::kGroup || column == OrderColumn::kVersion ||
         column == OrderColumn::kResource || column == OrderColumn::kKind;
}

constexpr char kPresent = 0;
constexpr char kMissing = 1;

// `flip` turns the order round.
void AppendFlipped(std::string_view bytes, bool flip, std::string* out) {
  for (const char c : bytes) out->push_back(flip ? static_cast<char>(~c) : c);
}

// A text and its end, below every longer text that begins with it.
void AppendOrderedText(std::string_view text, bool flip, std::string* out) {
  for (size_t start = 0;;) {
    const size_t zero = std::min(text.find('\0', start), text.size());
    AppendFlipped(text.substr(start, zero - start), flip, out);
    if (zero == text.size()) break;
    AppendFlipped(std::string_view("\0\xff", 2), flip, out);
    start = zero + 1;
  }
  AppendFlipped(std::string_view("\0\1", 2), flip, out);
}

void AppendOrderedNumber(int64_t number, bool flip, std::string* out) {
  const uint64_t bits = static_cast<uint64_t>(number) ^ (uint64_t{1} << 63);
  for (int shift = 56; shift >= 0; shift -= 8) {
    const char byte = static_cast<char>(bits >> shift & 0xff);
    out->push_back(flip ? static_cast<char>(~byte) : byte);
  }
}

std::optional<int64_t> TakeOrderedNumber(std::string_view* in, bool flip) {
  if (in->size() < 8) return std::nullopt;
  uint64_t bits = 0;
  for (size_t i = 0; i < 8; ++i)
    bits = bits << 8 | static_cast<unsigned char>(flip ? ~(*in)[i] : (*in)[i]);
  in->remove_prefix(8);
  return static_cast<int64_t>(bits ^ (uint64_t{1} << 63));
}

std::optional<std::string> TakeOrderedText(std::string_view* in, bool flip) {
  std::string text;
  for (size_t i = 0; i < in->size(); ++i) {
    const char c = flip ? static_cast<char>(~(*in)[i]) : (*in)[i];
    if (c != '\0') {
      text.push_back(c);
      continue;
    }
    if (++i == in->size()) break;
    const char next = flip ? static_cast<char>(~(*in)[i]) : (*in)[i];
    if (next == '\1') {
      in->remove_prefix(i + 1);
      return text;
    }
    if (next != '\xff') break;
    text.push_back('\0');
  }
  return std::nullopt;
}

}  // namespace

std::string TypeKey(const GroupVersionResource& gvr) {
  return std::string(gvr.group)
      .append(1, '\0')
      .append(gvr.resource)
      .append(1, '\0')
      .append(gvr.version);
}

std::vector<OrderBy> NormalizeOrder(const std::vector<OrderBy>& order, bool one_type) {
  std::vector<OrderBy> kept;
  for (const OrderBy& term : order) {
    const bool repeated = std::any_of(kept.begin(), kept.end(), [&](const OrderBy& before) {
      return (before.column == term.column && before.field == term.field) ||
             before.column == OrderColumn::kId;
    });
    if (!repeated && !(one_type && IsOfType(term.column))) kept.push_back(term);
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
    case OrderColumn::kGroup:
    case OrderColumn::kVersion:
    case OrderColumn::kResource:
    case OrderColumn::kKind:
    case OrderColumn::kField:
      return false;
  }
  return false;
}

std::string FormatSortKey(const SortKey& key, const std::vector<OrderBy>& order) {
  std::string bytes;
  for (size_t i = 0; i < order.size() && i < key.values.size(); ++i) {
    const SqlValue& value = key.values[i];
    bytes.push_back(std::holds_alternative<std::monostate>(value) ? kMissing : kPresent);
    if (const auto* number = std::get_if<int64_t>(&value)) {
      AppendOrderedNumber(*number, order[i].descending, &bytes);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      AppendOrderedText(*text, order[i].descending, &bytes);
    }
  }
  AppendOrderedText(key.okey, false, &bytes);
  return bytes.append(key.type);
}

Result<SortKey> ParseSortKey(std::string_view bytes, const std::vector<OrderBy>& order) {
  const Status damaged = BadRequest("continue: the token does not belong to this query");
  SortKey key;
  for (const OrderBy& term : order) {
    if (bytes.empty() || (bytes[0] != kMissing && bytes[0] != kPresent)) return damaged;
    const bool missing = bytes[0] == kMissing;
    bytes.remove_prefix(1);
    SqlValue& value = key.values.emplace_back();
    if (missing) continue;
    if (IsNumber(term.column)) {
      const std::optional<int64_t> number = TakeOrderedNumber(&bytes, term.descending);
      if (!number) return damaged;
      value = *number;
    } else {
      std::optional<std::string> text = TakeOrderedText(&bytes, term.descending);
      if (!text) return damaged;
      value = *std::move(text);
    }
  }
  std::optional<std::string> okey = TakeOrderedText(&bytes, false);
  if (!okey) return damaged;
  key.okey = *std::move(okey);
  key.type = bytes;
  return key;
}

}  // namespace pedia::storage
