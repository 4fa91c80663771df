#include "storage/store_state.h"

#include "storage/indexed_fields.h"

namespace pedia::storage {
namespace {

// To be counted up with every change of EncodeObject or of how its row is stored. Changes of the
// table of indexed fields count by themselves.
constexpr uint64_t kEncoding = 3;

}  // namespace

bool StoreState::IsCurrent() const {
  return schema_version == kSchemaVersion && encoding == EncodingVersion() && !encoded_to;
}

// Databases have signed numbers.
int64_t EncodingVersion() { return static_cast<int64_t>(IndexedFieldsVersion() ^ kEncoding); }

}  // namespace pedia::storage
