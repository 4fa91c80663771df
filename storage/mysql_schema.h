// The tables of the store in MySQL and MariaDB. ARCHITECTURE.md explains them.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "meta/result.h"
#include "storage/mysql_session.h"

namespace pedia::storage {

// Makes what is missing, under a lock of the server: any number of processes may do so at once, and
// one that is killed halfway leaves the rest to the next. Errors: ServiceUnavailable if the server
// goes away; InternalError, also for the schema of a newer pedia; without the database's name.
Status MigrateMysql(MysqlSession& session);

// How many bytes a column can hold; 0 if more than any object has. Columns of one name are alike in
// all tables.
size_t MaxBytesOfColumn(std::string_view column);

}  // namespace pedia::storage
