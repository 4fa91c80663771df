#include "storage/body_codec.h"

#include <lz4.h>

#include <cstdint>

namespace pedia::storage {
namespace {

constexpr char kLz4Tag = 1;
constexpr size_t kHeaderSize = 5;
constexpr size_t kMaxLength = size_t{1} << 30;
// An LZ4 block cannot expand by more: each byte of a match length adds at most 255 bytes.
constexpr size_t kMaxRatio = 255;

uint32_t ReadLength(std::string_view encoded) {
  uint32_t length = 0;
  for (size_t i = 0; i < 4; ++i) {
    length |= static_cast<uint32_t>(static_cast<unsigned char>(encoded[1 + i])) << (8 * i);
  }
  return length;
}

}  // namespace

Result<std::string> EncodeBody(std::string_view json) {
  if (json.size() > kMaxLength) return RequestEntityTooLarge("the object is larger than 1 GiB");
  const int bound = LZ4_compressBound(static_cast<int>(json.size()));
  std::string encoded(kHeaderSize + static_cast<size_t>(bound), '\0');
  encoded[0] = kLz4Tag;
  for (size_t i = 0; i < 4; ++i)
    encoded[1 + i] = static_cast<char>((json.size() >> (8 * i)) & 0xff);
  const int written = LZ4_compress_default(json.data(), encoded.data() + kHeaderSize,
                                           static_cast<int>(json.size()), bound);
  if (written <= 0) return InternalError("LZ4 could not compress an object");
  encoded.resize(kHeaderSize + static_cast<size_t>(written));
  const bool plain_is_unambiguous = json.starts_with('{');
  if (plain_is_unambiguous && encoded.size() >= json.size()) return std::string(json);
  encoded.shrink_to_fit();
  return encoded;
}

Result<std::string_view> DecodeBody(std::string_view encoded, std::string* buffer) {
  if (encoded.starts_with('{')) return encoded;
  if (encoded.size() <= kHeaderSize || encoded[0] != kLz4Tag) {
    return InternalError("a stored object has an unknown encoding");
  }
  const size_t length = ReadLength(encoded);
  const std::string_view block = encoded.substr(kHeaderSize);
  if (length > kMaxLength || block.size() > kMaxLength + kMaxLength / kMaxRatio ||
      length / kMaxRatio > block.size()) {
    return InternalError("a stored object has an impossible length");
  }
  if (buffer->size() < length) buffer->resize(length);
  const int decoded = LZ4_decompress_safe(block.data(), buffer->data(),
                                          static_cast<int>(block.size()), static_cast<int>(length));
  if (decoded < 0 || static_cast<size_t>(decoded) != length) {
    return InternalError("a stored object is damaged");
  }
  return std::string_view(buffer->data(), length);
}

}  // namespace pedia::storage
