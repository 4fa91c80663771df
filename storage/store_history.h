// The history of a store, by which a process sees whether the store that it finds is the one that it
// left: a backup that was restored, or a replica that took over and had not received everything, may
// have been written on by others until its revision says nothing any more.
//
// The transactions of one writer in a row are an epoch. Each has a random id, and the table `epochs`
// says after which revision it began. So the store at revision r of an epoch is part of the history
// if that epoch is, and the next one did not begin before r.
#pragma once
#include "meta/result.h"
#include "storage/sql_connection.h"
#include "storage/store_state.h"

namespace pedia::storage {

// Whether the store was once in the state `known`, on its way to `state`, which the transaction of
// `connection` sees. An epoch that is very many epochs old counts as unknown. Errors: those of the
// database.
Result<bool> LeadsFrom(const StoreState& known, const StoreState& state, SqlConnection& connection);

// Makes the transaction after `state` the first one of an epoch. Ids that processes remember are
// declared invalid: nobody tells them what became of these before.
void BeginEpoch(StoreState& state);
// Writes down that it began. In a transaction that writes.
Status SaveEpoch(const StoreState& state, SqlConnection& connection);

}  // namespace pedia::storage
