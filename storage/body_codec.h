// How the bytes of an object are kept: {tag, length, LZ4 block}, or the plain JSON if that is not
// longer.
//   byte 0      0x01; a body that starts with '{' is plain JSON instead
//   bytes 1..4  length of the JSON in bytes, little endian
//   bytes 5..   one LZ4 block
// The format is the same in every database, describes itself, and has no state outside the row.
#pragma once
#include <string>
#include <string_view>

#include "meta/result.h"

namespace pedia::storage {

// Deterministic: equal input gives equal bytes, so stored bodies can be compared without decoding.
// Pure. Errors: RequestEntityTooLarge over 1 GiB.
Result<std::string> EncodeBody(std::string_view json);

// The JSON of `encoded`: a view into `encoded` or into `*buffer`, which only ever grows and may be
// reused for the next body. Errors: InternalError for bytes that EncodeBody did not write; never
// reads or writes outside them. Pure.
Result<std::string_view> DecodeBody(std::string_view encoded, std::string* buffer);

}  // namespace pedia::storage
