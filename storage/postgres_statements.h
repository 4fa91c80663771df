// PostgresStatements: the statements that a connection has prepared, by their text; the least
// recently used ones are given up.
#pragma once
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/postgres_parameters.h"
#include "storage/postgres_session.h"

namespace pedia::storage {

// "$1", "$2" ... for the '?' outside quotes and comments. Pure.
std::string NumberPlaceholders(std::string_view sql);

// Planned as what its name says, whatever the server thinks of it: nothing else is joined so.
inline constexpr char kPostgresMergeJoin[] = " INNER JOIN ";

struct PostgresStatement {
  std::string text;              // With numbered placeholders.
  bool ends_with_limit = false;  // "... LIMIT ?"
  bool merges = false;           // Has a kPostgresMergeJoin.
  std::string name;              // "" while it is not prepared.
  std::vector<unsigned> types;   // Of the parameters, as it was prepared; 0: the server's choice.
  PostgresReplyRef prepared;     // Whether that has succeeded.
};
using PostgresStatementRef = std::shared_ptr<PostgresStatement>;

// One thread.
class PostgresStatements {
 public:
  explicit PostgresStatements(PostgresSession& session) : session_(session) {}

  PostgresStatementRef Get(std::string_view sql);
  // Sends nothing by itself: see PostgresSession.
  PostgresReplyRef Execute(PostgresStatement& statement, const PostgresParameters& parameters,
                           bool streamed);
  // Around what makes the server plan a statement.
  void BeginPlanning(const PostgresStatement& statement);
  void EndPlanning(const PostgresStatement& statement);
  // Tells the server to forget what was given up. Outside transactions: in one that has
  // failed this would fail as well.
  void Deallocate();

 private:
  struct Cached {
    PostgresStatementRef statement;
    std::list<const std::string*>::iterator use;
  };

  bool IsPrepared(PostgresStatement& statement, const PostgresParameters& parameters) const;
  void GiveUp(PostgresStatement& statement);

  PostgresSession& session_;
  std::unordered_map<std::string, Cached> statements_;
  std::list<const std::string*> uses_;  // The keys of `statements_`, the last used one first.
  std::vector<std::string> given_up_;   // Names.
  uint64_t names_ = 0;
};

}  // namespace pedia::storage
