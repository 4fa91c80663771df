#include "storage/sql_connection.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "meta/trace_context.h"

namespace pedia::storage {
namespace {

constexpr size_t kBodiesPerRead = 64;

std::string Placeholders(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += i == 0 ? "?" : ",?";
  return text;
}

std::string InsertText(const Table& table) {
  std::string columns;
  for (const Column& column : table.columns) {
    if (!columns.empty()) columns += ',';
    columns += column.name;
  }
  return "INSERT INTO " + std::string(table.name) + '(' + columns + ") VALUES(" +
         Placeholders(table.columns.size()) + ')';
}

std::string WhereKey(const Table& table) {
  std::string text = " WHERE ";
  for (size_t i = 0; i < table.key_columns; ++i) {
    if (i > 0) text += " AND ";
    text.append(table.columns[i].name).append("=?");
  }
  return text;
}

// Runs `statement` once per row.
Status RunForEach(SqlStatement statement, std::span<const SqlParameter> rows, size_t columns) {
  for (size_t row = 0; row < rows.size(); row += columns) {
    for (const SqlParameter& value : rows.subspan(row, columns)) statement.Bind(value);
    if (Status status = statement.Run(); !status.ok()) return status;
  }
  return Status();
}

}  // namespace

// A traceparent is hexadecimal digits and dashes, whoever has set it.
std::string_view SqlConnection::WithTrace(std::string_view sql, std::string* traced) {
  const std::string_view trace = ValidTraceparent(CurrentTraceparent());
  if (trace.empty()) return sql;
  return traced->append(sql).append(kTraceComment).append(trace).append("'*/");
}

Status SqlConnection::Insert(const Table& table, std::span<const SqlParameter> rows) {
  return RunForEach(Prepare(InsertText(table)), rows, table.columns.size());
}

Status SqlConnection::Update(const Table& table, std::span<const size_t> columns,
                             std::span<const SqlParameter> rows) {
  std::string text = "UPDATE " + std::string(table.name) + " SET ";
  for (const size_t column : columns) {
    if (column != columns.front()) text += ',';
    text.append(table.columns[column].name).append("=?");
  }
  SqlStatement update = Prepare(text + WhereKey(table));
  const size_t width = table.key_columns + columns.size();
  for (size_t row = 0; row < rows.size(); row += width) {
    for (size_t i = table.key_columns; i < width; ++i) update.Bind(rows[row + i]);
    for (size_t i = 0; i < table.key_columns; ++i) update.Bind(rows[row + i]);
    if (Status status = update.Run(); !status.ok()) return status;
  }
  return Status();
}

Status SqlConnection::Delete(const Table& table, std::span<const SqlParameter> rows) {
  return RunForEach(Prepare("DELETE FROM " + std::string(table.name) + WhereKey(table)), rows,
                    table.key_columns);
}

Result<std::vector<FoundObject>> SqlConnection::FindObjects(std::span<const ObjectRef> objects) {
  std::vector<FoundObject> found;
  SqlStatement find =
      Prepare(std::string("SELECT o.id,o.rv,o.owner_uid,o.created,b.entries FROM objects o") +
              dialect().ordered_join + "bodies b WHERE o.type_id=? AND o.okey=? AND b.id=o.id");
  for (size_t i = 0; i < objects.size(); ++i) {
    find.BindInt(objects[i].type_id).BindText(objects[i].okey);
    if (find.Step()) {
      FoundObject& object = found.emplace_back();
      object.index = i;
      object.id = find.Int(0);
      object.resource_version = find.Text(1);
      object.owner_uid = find.Text(2);
      if (!find.IsNull(3)) object.created = find.Int(3);
      object.entries = find.Text(4);
    }
    if (!find.ok()) return find.status();
    find.Reset();
  }
  return found;
}

Status SqlConnection::ReadBodies(std::span<const int64_t> ids, std::vector<std::string>* bodies) {
  bodies->assign(ids.size(), "");
  for (size_t start = 0; start < ids.size(); start += kBodiesPerRead) {
    const auto part = ids.subspan(start, std::min(kBodiesPerRead, ids.size() - start));
    // Few texts, so that they stay prepared: 1, 2, 4 ... ids, the last one repeated.
    const size_t width = std::bit_ceil(part.size());
    SqlStatement read =
        Prepare("SELECT id,body FROM bodies WHERE id IN (" + Placeholders(width) + ')');
    for (size_t i = 0; i < width; ++i) read.BindInt(part[std::min(i, part.size() - 1)]);
    size_t seen = 0;
    while (read.Step()) {
      const auto at = std::find(part.begin(), part.end(), read.Int(0));
      if (at == part.end()) continue;
      (*bodies)[start + static_cast<size_t>(at - part.begin())] = read.Text(1);
      ++seen;
    }
    if (!read.ok()) return read.status();
    if (seen < part.size()) return InternalError("an object has no body");
  }
  return Status();
}

StoreState StateOf(const SqlCursor& row) {
  StoreState state;
  state.schema_version = row.Int(0);
  state.revision = row.Int(1);
  state.encoding = row.Int(2);
  if (!row.IsNull(3)) state.encoded_to = row.Int(3);
  state.pruned = row.Int(4);
  state.dictionary = row.Int(5);
  state.next_object = row.Int(6);
  state.next_dictionary = row.Int(7);
  state.epoch = row.Int(8);
  state.epoch_after = row.Int(9);
  state.last_claim = row.Int(10);
  return state;
}

}  // namespace pedia::storage
