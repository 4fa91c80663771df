// Brings the rows beside the bodies up to date when another pedia wrote them: one with another
// table of indexed fields, or an earlier schema. The invariant is "side tables = recomputed from
// the body", by this pedia's EncodeObject.
#pragma once
#include "meta/status.h"
#include "storage/sql_connection.h"

namespace pedia::storage {

// Requires: the schema is migrated. Computes the rows of all objects anew, in transactions of a
// bounded size, and writes what differs. How far it got is part of each transaction: after a crash
// the next process goes on from there, and several processes that start at once take turns and all
// return when it is done. Where the rows are up to date it costs one read. A body that cannot be
// read is logged, and keeps its rows. Errors: those of the database; InternalError if yet another
// version of pedia does the same.
Status Reindex(SqlConnection& connection);

}  // namespace pedia::storage
