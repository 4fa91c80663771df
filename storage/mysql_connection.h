// MysqlConnection: SqlConnection to MySQL 8 or MariaDB, by prepared statements in the binary protocol.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/mysql_session.h"
#include "storage/mysql_statement.h"
#include "storage/sql_connection.h"

namespace pedia::storage {

class MysqlCursor;

// Few rows are read all at once. Unbounded ones come as they are asked for; the server does nothing
// else for the connection meanwhile, so that the next statement puts the rest aside: into memory,
// then into a file.
class MysqlConnection final : public SqlConnection {
 public:
  // `silence`: how long the server may say nothing; 0: as long as the deadline allows.
  MysqlConnection(std::unique_ptr<MysqlSession> session, std::chrono::milliseconds silence);
  ~MysqlConnection() override;

  const Dialect& dialect() const override;
  Result<StoreState> BeginRead() override;
  Result<StoreState> BeginWrite() override;
  Status Commit() override;
  void Rollback() override;
  // Errors of these, besides: BadRequest if a value is longer than its column or a row than what the
  // server takes.
  Status Insert(const Table& table, std::span<const SqlParameter> rows) override;
  Status Update(const Table& table, std::span<const size_t> columns,
                std::span<const SqlParameter> rows) override;
  Status Delete(const Table& table, std::span<const SqlParameter> rows) override;
  Result<std::vector<FoundObject>> FindObjects(std::span<const ObjectRef> objects) override;
  bool usable() const override;

  MysqlSession& session() { return *session_; }

 private:
  friend class MysqlCursor;
  struct CachedStatement {
    std::string sql;
    std::unique_ptr<MysqlStatement> statement;
    uint64_t last_use = 0;
    bool busy = false;
    bool spoiled = false;  // The library would wait for rows that never come.
  };

  std::unique_ptr<SqlCursor> MakeCursor(std::string_view sql, RowCount rows) override;
  Result<StoreState> Begin(std::string_view isolation, std::string_view sql);
  bool ShouldEnd() const { return DeadlinePassed() || Cancelled(); }
  // Before a command: makes room for it on the connection.
  Status Free();
  // A statement that nobody else uses, prepared; to be given back.
  Result<CachedStatement*> Take(std::string_view sql);
  void GiveBack(CachedStatement* statement, bool spoiled);
  void CleanUp();
  void Evict(size_t keep);
  // The verbs, by arrays or by statements of many rows.
  struct Verb;
  Status RunVerb(const Verb& verb, std::span<const SqlParameter> rows);
  Status RunArrays(const Verb& verb, std::span<const SqlParameter> rows);
  Status RunMany(const Verb& verb, std::span<const SqlParameter> rows);

  std::unique_ptr<MysqlSession> session_;
  const std::chrono::milliseconds silence_;
  std::string isolation_;  // Of the session.
  MysqlCursor* streaming_ = nullptr;
  std::unordered_multimap<std::string_view, std::unique_ptr<CachedStatement>> statements_;
  std::vector<CachedStatement*> used_;  // Given back while rows came for another one.
  uint64_t uses_ = 0;
};

}  // namespace pedia::storage
