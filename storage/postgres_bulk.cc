// The verbs of PostgresConnection that write and find many rows at once: a parameter is a whole
// column; many new rows are copied in.
#include "storage/postgres_connection.h"

namespace pedia::storage {
namespace {

// From so many rows on, COPY is worth its two round trips more.
constexpr size_t kRowsToCopy = 200;

std::string ColumnNames(const Table& table) {
  std::string names;
  for (const Column& column : table.columns) {
    if (!names.empty()) names += ',';
    names += column.name;
  }
  return names;
}

// "unnest(?,?)"
std::string Unnest(size_t columns) {
  std::string text = "unnest(";
  for (size_t i = 0; i < columns; ++i) text += i == 0 ? "?" : ",?";
  return text + ')';
}

// "t.id=u.id AND ..."
std::string SameKey(const Table& table) {
  std::string text;
  for (const Column& column : table.columns.first(table.key_columns)) {
    if (!text.empty()) text += " AND ";
    text.append("t.").append(column.name).append("=u.").append(column.name);
  }
  return text;
}

std::string CopyData(std::span<const SqlParameter> rows, size_t width) {
  std::string data("PGCOPY\n\377\r\n\0", 11);
  AppendInt32(0, &data);  // Flags.
  AppendInt32(0, &data);  // Length of the rest of the header.
  for (size_t row = 0; row < rows.size(); row += width) {
    AppendInt16(static_cast<int16_t>(width), &data);
    for (const SqlParameter& value : rows.subspan(row, width)) AppendField(value, &data);
  }
  AppendInt16(-1, &data);
  return data;
}

Status StatusOf(const Result<std::string>& tag) { return tag.ok() ? Status() : tag.status(); }

}  // namespace

Status PostgresConnection::Insert(const Table& table, std::span<const SqlParameter> rows) {
  const size_t width = table.columns.size();
  const size_t count = rows.size() / width;
  if (count == 0) return Status();
  inserted_rows_ += static_cast<int64_t>(count);
  const std::string target = std::string(table.name) + '(' + ColumnNames(table) + ')';
  if (count >= kRowsToCopy)
    return session_->CopyIn("COPY " + target + " FROM STDIN (FORMAT binary)",
                            CopyData(rows, width));
  PostgresParameters columns;
  for (size_t i = 0; i < width; ++i) columns.AddColumn(table.columns[i].type, rows, i, width);
  return StatusOf(Run("INSERT INTO " + target + " SELECT * FROM " + Unnest(width), columns));
}

Status PostgresConnection::Update(const Table& table, std::span<const size_t> columns,
                                  std::span<const SqlParameter> rows) {
  const size_t width = table.key_columns + columns.size();
  if (rows.empty()) return Status();
  std::string names;
  std::string changes;
  PostgresParameters arrays;
  for (size_t i = 0; i < width; ++i) {
    const bool is_key = i < table.key_columns;
    const Column& column = table.columns[is_key ? i : columns[i - table.key_columns]];
    arrays.AddColumn(column.type, rows, i, width);
    if (i > 0) names += ',';
    names += column.name;
    if (is_key) continue;
    if (!changes.empty()) changes += ',';
    changes.append(column.name).append("=u.").append(column.name);
  }
  return StatusOf(Run("UPDATE " + std::string(table.name) + " t SET " + changes + " FROM " +
                          Unnest(width) + " AS u(" + names + ") WHERE " + SameKey(table),
                      arrays));
}

Status PostgresConnection::Delete(const Table& table, std::span<const SqlParameter> rows) {
  const size_t width = table.key_columns;
  if (rows.empty()) return Status();
  std::string names;
  PostgresParameters arrays;
  for (size_t i = 0; i < width; ++i) {
    arrays.AddColumn(table.columns[i].type, rows, i, width);
    if (i > 0) names += ',';
    names += table.columns[i].name;
  }
  return StatusOf(Run("DELETE FROM " + std::string(table.name) + " t USING " + Unnest(width) +
                          " AS u(" + names + ") WHERE " + SameKey(table),
                      arrays));
}

Result<std::vector<FoundObject>> PostgresConnection::FindObjects(
    std::span<const ObjectRef> objects) {
  std::vector<FoundObject> found;
  if (objects.empty()) return found;
  std::vector<SqlParameter> keys;
  keys.reserve(2 * objects.size());
  for (const ObjectRef& object : objects) {
    keys.emplace_back(object.type_id);
    keys.emplace_back(TextView{object.okey});
  }
  PostgresParameters arrays;
  arrays.AddColumn(ColumnType::kInt, keys, 0, 2);
  arrays.AddColumn(ColumnType::kText, keys, 1, 2);
  PostgresCursor rows(*this,
                      statements_->Get("SELECT u.i,o.id,o.rv,o.owner_uid,o.created,b.entries FROM "
                                       "unnest(?,?) WITH ORDINALITY AS u(type_id,okey,i) "
                                       "CROSS JOIN objects o CROSS JOIN bodies b "
                                       "WHERE o.type_id=u.type_id AND o.okey=u.okey AND b.id=o.id"),
                      RowCount::kUnbounded);
  rows.Run(arrays, /*streamed=*/true);
  SqlCursor::Step step;
  while ((step = rows.Next({})) == SqlCursor::Step::kRow) {
    FoundObject& object = found.emplace_back();
    object.index = static_cast<size_t>(rows.Int(0)) - 1;
    object.id = rows.Int(1);
    object.resource_version = rows.Text(2);
    object.owner_uid = rows.Text(3);
    if (!rows.IsNull(4)) object.created = rows.Int(4);
    object.entries = rows.Text(5);
  }
  if (step == SqlCursor::Step::kFailed) return rows.status();
  return found;
}

Status PostgresConnection::ReadBodies(std::span<const int64_t> ids,
                                      std::vector<std::string>* bodies) {
  bodies->assign(ids.size(), "");
  if (ids.empty()) return Status();
  const std::vector<SqlParameter> keys(ids.begin(), ids.end());
  PostgresParameters arrays;
  arrays.AddColumn(ColumnType::kInt, keys, 0, 1);
  std::string traced;
  const std::string_view sql = WithTrace(
      "SELECT u.i,b.body FROM unnest(?) WITH ORDINALITY AS u(id,i) "
      "CROSS JOIN bodies b WHERE b.id=u.id",
      &traced);
  PostgresCursor rows(*this, statements_->Get(sql), RowCount::kUnbounded);
  rows.Run(arrays, /*streamed=*/true);
  SqlCursor::Step step;
  size_t seen = 0;
  while ((step = rows.Next({})) == SqlCursor::Step::kRow) {
    (*bodies)[static_cast<size_t>(rows.Int(0)) - 1] = rows.Text(1);
    ++seen;
  }
  if (step == SqlCursor::Step::kFailed) return rows.status();
  return seen == ids.size() ? Status() : InternalError("an object has no body");
}

}  // namespace pedia::storage
