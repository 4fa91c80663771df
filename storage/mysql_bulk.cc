// The verbs of MysqlConnection that write or find many rows at once.
//
// MariaDB takes one statement and arrays of values. MySQL does not: it gets statements of several
// rows, whose numbers are powers of two, so that few of them have to be prepared.
#include <algorithm>
#include <bit>
#include <functional>
#include <map>
#include <numeric>
#include <unordered_map>

#include "storage/mysql_connection.h"
#include "storage/mysql_schema.h"

namespace pedia::storage {
namespace {

constexpr size_t kRowsPerArray = 2'048;
constexpr size_t kRowsPerStatement = 128;
constexpr size_t kObjectsPerFind = 256;
// A row with more is written by itself: what MySQL derives of the type of a placeholder in a derived
// table holds 64 KB.
constexpr size_t kBytesBesideOthers = 32 * 1024;
constexpr size_t kBytesPerNumber = 9;
constexpr size_t kBytesPerText = 9;  // Its length.

size_t BytesOf(const SqlParameter& value) {
  if (const auto* text = std::get_if<TextView>(&value)) return text->bytes.size() + kBytesPerText;
  if (const auto* blob = std::get_if<BlobView>(&value)) return blob->bytes.size() + kBytesPerText;
  return kBytesPerNumber;
}

std::string Repeat(std::string_view text, std::string_view separator, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) all += separator;
    all += text;
  }
  return all;
}

std::string WhereKey(const Table& table) {
  std::string text;
  for (size_t i = 0; i < table.key_columns; ++i) {
    if (i > 0) text += " AND ";
    text.append(table.columns[i].name).append("=?");
  }
  return text;
}

// A value of a derived table: MySQL would take it for a text in some encoding.
std::string_view Cast(ColumnType type) {
  return type == ColumnType::kInt ? "CAST(? AS SIGNED)" : "CAST(? AS BINARY)";
}

std::string InsertText(const Table& table, size_t rows) {
  std::string text = "INSERT INTO " + std::string(table.name) + '(';
  for (const Column& column : table.columns) {
    if (&column != &table.columns.front()) text += ',';
    text += column.name;
  }
  const std::string row = '(' + Repeat("?", ",", table.columns.size()) + ')';
  return text + ") VALUES" + Repeat(row, ",", rows);
}

std::string UpdateText(const Table& table, std::span<const size_t> columns) {
  std::string text = "UPDATE " + std::string(table.name) + " SET ";
  for (const size_t column : columns) {
    if (column != columns.front()) text += ',';
    text.append(table.columns[column].name).append("=?");
  }
  return text + " WHERE " + WhereKey(table);
}

std::string UpdateText(const Table& table, std::span<const size_t> columns, size_t rows) {
  std::string select = "SELECT ";
  std::string set;
  std::string where;
  size_t at = 0;
  const auto add = [&](const Column& column, std::string_view separator, std::string* to) {
    const std::string name = "v" + std::to_string(at);
    if (at++ > 0) select += ',';
    select.append(Cast(column.type)).append(" AS ").append(name);
    if (!to->empty()) *to += separator;
    to->append("t.").append(column.name).append("=v.").append(name);
  };
  for (size_t i = 0; i < table.key_columns; ++i) add(table.columns[i], " AND ", &where);
  for (const size_t column : columns) add(table.columns[column], ",", &set);
  return "UPDATE (" + Repeat(select, " UNION ALL ", rows) + ") v STRAIGHT_JOIN " +
         std::string(table.name) + " t ON " + where + " SET " + set;
}

std::string DeleteText(const Table& table, size_t rows) {
  const std::string text = "DELETE FROM " + std::string(table.name) + " WHERE ";
  if (table.key_columns == 1)
    return text + std::string(table.columns[0].name) + " IN (" + Repeat("?", ",", rows) + ')';
  return text + Repeat('(' + WhereKey(table) + ')', " OR ", rows);
}

// Errors: BadRequest if a text is longer than its column.
Status CheckLengths(const Table& table, std::span<const size_t> columns,
                    std::span<const SqlParameter> rows) {
  std::vector<size_t> most;
  for (const size_t column : columns) most.push_back(MaxBytesOfColumn(table.columns[column].name));
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t column = i % columns.size();
    if (most[column] == 0 || BytesOf(rows[i]) <= most[column] + kBytesPerText) continue;
    return BadRequest("the object cannot be stored: its " +
                      std::string(table.columns[columns[column]].name) + " is longer than " +
                      std::to_string(most[column]) + " bytes");
  }
  return Status();
}

std::vector<size_t> Iota(size_t count) {
  std::vector<size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), size_t{0});
  return numbers;
}

}  // namespace

struct MysqlConnection::Verb {
  std::string one;                          // For one row, with placeholders in the order of ...
  std::vector<size_t> order;                // ... these values of it.
  std::function<std::string(size_t)> many;  // For several rows, with their values as they are.
  size_t width = 0;                         // Values of a row.
};

Status MysqlConnection::Insert(const Table& table, std::span<const SqlParameter> rows) {
  const size_t width = table.columns.size();
  if (Status status = CheckLengths(table, Iota(width), rows); !status.ok()) return status;
  return RunVerb({InsertText(table, 1), Iota(width),
                  [&](size_t count) { return InsertText(table, count); }, width},
                 rows);
}

Status MysqlConnection::Update(const Table& table, std::span<const size_t> columns,
                               std::span<const SqlParameter> rows) {
  std::vector<size_t> all = Iota(table.key_columns);
  all.insert(all.end(), columns.begin(), columns.end());
  if (Status status = CheckLengths(table, all, rows); !status.ok()) return status;
  // The keys come first in a row and last in the statement.
  std::vector<size_t> order = Iota(all.size());
  std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(table.key_columns),
              order.end());
  return RunVerb({UpdateText(table, columns), std::move(order),
                  [&](size_t count) { return UpdateText(table, columns, count); }, all.size()},
                 rows);
}

Status MysqlConnection::Delete(const Table& table, std::span<const SqlParameter> rows) {
  return RunVerb({DeleteText(table, 1), Iota(table.key_columns),
                  [&](size_t count) { return DeleteText(table, count); }, table.key_columns},
                 rows);
}

// Splits `rows` into what the server takes at once.
Status MysqlConnection::RunVerb(const Verb& verb, std::span<const SqlParameter> rows) {
  const bool arrays = session_->binds_arrays();
  const size_t most = arrays ? kRowsPerArray : kRowsPerStatement;
  const size_t count = rows.size() / verb.width;
  for (size_t row = 0; row < count;) {
    size_t bytes = arrays ? 0 : verb.many(1).size() * most;
    size_t end = row;
    bool alone = false;
    for (; end < count && end - row < most && !alone; ++end) {
      size_t of_row = 0;
      for (const SqlParameter& value : rows.subspan(end * verb.width, verb.width))
        of_row += BytesOf(value);
      alone = !arrays && of_row > kBytesBesideOthers;
      if (bytes + of_row > session_->max_packet() || (alone && end > row)) break;
      bytes += of_row;
    }
    if (end == row)
      return BadRequest("the object is larger than max_allowed_packet of the database allows");
    const auto part = rows.subspan(row * verb.width, (end - row) * verb.width);
    if (Status status = arrays ? RunArrays(verb, part) : RunMany(verb, part); !status.ok())
      return status;
    row = end;
  }
  return Status();
}

Status MysqlConnection::RunArrays(const Verb& verb, std::span<const SqlParameter> rows) {
  const Result<CachedStatement*> taken = Take(verb.one);
  if (!taken.ok()) return taken.status();
  MysqlStatement& statement = *(*taken)->statement;
  Status status;
  if (!statement.ExecuteForEach(rows, verb.width, verb.order))
    status = session_->Failure(statement.error(), verb.one);
  GiveBack(*taken, !status.ok());
  return status;
}

Status MysqlConnection::RunMany(const Verb& verb, std::span<const SqlParameter> rows) {
  while (!rows.empty()) {
    const size_t count = std::bit_floor(rows.size() / verb.width);
    SqlStatement statement = Prepare(count == 1 ? verb.one : verb.many(count));
    if (count == 1) {
      for (const size_t value : verb.order) statement.Bind(rows[value]);
    } else {
      for (const SqlParameter& value : rows.first(count * verb.width)) statement.Bind(value);
    }
    if (Status status = statement.Run(); !status.ok()) return status;
    rows = rows.subspan(count * verb.width);
  }
  return Status();
}

Result<std::vector<FoundObject>> MysqlConnection::FindObjects(std::span<const ObjectRef> objects) {
  std::map<int64_t, std::vector<size_t>> by_type;
  for (size_t i = 0; i < objects.size(); ++i) by_type[objects[i].type_id].push_back(i);
  std::vector<FoundObject> found;
  for (const auto& [type_id, indexes] : by_type) {
    for (size_t start = 0; start < indexes.size(); start += kObjectsPerFind) {
      const size_t count = std::min(kObjectsPerFind, indexes.size() - start);
      const size_t width = std::bit_ceil(count);
      std::unordered_map<std::string_view, size_t> by_key;
      SqlStatement find = Prepare(
          "SELECT o.okey,o.id,o.rv,o.owner_uid,o.created,b.entries FROM objects o FORCE INDEX "
          "(objects_okey) STRAIGHT_JOIN bodies b WHERE o.type_id=? AND o.okey IN (" +
          Repeat("?", ",", width) + ") AND b.id=o.id");
      find.BindInt(type_id);
      for (size_t i = 0; i < width; ++i) {
        const size_t index = indexes[start + std::min(i, count - 1)];
        by_key[objects[index].okey] = index;
        find.BindText(objects[index].okey);
      }
      while (find.Step()) {
        const auto index = by_key.find(find.Text(0));
        if (index == by_key.end()) continue;
        FoundObject& object = found.emplace_back();
        object.index = index->second;
        object.id = find.Int(1);
        object.resource_version = find.Text(2);
        object.owner_uid = find.Text(3);
        if (!find.IsNull(4)) object.created = find.Int(4);
        object.entries = find.Text(5);
      }
      if (!find.ok()) return find.status();
    }
  }
  return found;
}

}  // namespace pedia::storage
