// Which cluster names which documents, and the documents themselves: kept once for all clusters, as
// long as one names them.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "meta/result.h"
#include "storage/sql_connection.h"
#include "storage/store.h"

namespace pedia::storage {

inline constexpr size_t kMaxDocumentName = 128;  // Bytes.

// Within a transaction that writes: makes `names` what the cluster names, stores those of `given`
// that are named and not there yet, and deletes what no cluster names any more. What does not
// change is read, not written. Errors: BadRequest for a name that is neither stored nor given, or too
// long, and for a document that the database does not take; those of the database.
Status SaveDocuments(SqlConnection& connection, std::string_view cluster,
                     std::span<const std::string> names, std::span<const NamedDocument> given);

}  // namespace pedia::storage
