// Database: where connections come from, and what only the database as a whole can do. One
// implementation per database; all that is above it is the same for all.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "meta/result.h"
#include "storage/sql_connection.h"

namespace pedia::storage {

// Thread-safe.
class Database {
 public:
  enum class Role {
    kWriter,
    kReader,         // Of a replica, if there are any.
    kPrimaryReader,  // Of the database that is written, so that it lags behind nothing.
  };

  virtual ~Database() = default;

  // Makes the tables, or brings older ones to kSchemaVersion, under a lock: any number of processes
  // may do so at once. What rows say is not looked at: see reindex.h. Errors: ServiceUnavailable if
  // the database is not there (yet): the caller may wait and try again; InternalError naming the
  // database and the cause, also for the schema of a newer pedia.
  virtual Status Migrate() = 0;
  // A new connection. Errors: as Migrate.
  virtual Result<std::unique_ptr<SqlConnection>> Connect(Role role) = 0;
  // Where it is, for messages; without a password.
  virtual const std::string& name() const = 0;
  // Whether kReader may see an older revision than kPrimaryReader.
  virtual bool has_replicas() const { return false; }
  virtual int max_readers() const = 0;
  // Readers kept open while nobody uses them, and how old they may get; 0: no limit.
  virtual int max_idle_readers() const { return max_readers(); }
  virtual std::chrono::milliseconds max_lifetime() const { return {}; }
  virtual int64_t SizeBytes() = 0;  // On disk; 0 if unknown.
  // Called from time to time while nothing is written, on the connection that writes; keeps writers
  // waiting, so what takes long belongs elsewhere.
  virtual void Tidy(SqlConnection& writer) { (void)writer; }
};

}  // namespace pedia::storage
