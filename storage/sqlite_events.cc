#include "storage/sqlite_events.h"

#include <algorithm>

#include "storage/body_codec.h"
#include "storage/indexed_fields.h"
#include "storage/object_key.h"

namespace pedia::storage {
namespace {

constexpr int64_t kMaxEvents = 500;

}  // namespace

Result<std::vector<std::string>> SqliteEvents::Of(int64_t id) {
  std::vector<std::string> events;
  if (!resolved_) {
    if (Status status = FindKey(); !status.ok()) return status;
  }
  if (!uid_key_) return events;
  SqliteStatement object = connection_.Prepare("SELECT uid,cluster FROM objects WHERE id=?");
  object.BindInt(id);
  if (!object.Step()) return object.ok() ? InternalError("an object vanished") : object.status();
  const std::string uid = IndexedValue(object.Text(0));
  const KeyRange range = KeyRange::Cluster(object.Text(1));
  if (uid.empty()) return events;
  SqliteStatement rows = connection_.Prepare(
      "SELECT b.body FROM entries e CROSS JOIN objects o CROSS JOIN bodies b WHERE e.key_id=? AND "
      "e.value=? AND e.okey>? AND e.okey<? AND o.id=e.id AND b.id=e.id "
      "ORDER BY o.created DESC,e.okey DESC LIMIT ?");
  rows.BindInt(*uid_key_).BindText(uid).BindText(range.low).BindText(range.high);
  rows.BindInt(kMaxEvents);
  std::string buffer;
  while (rows.Step()) {
    const Result<std::string_view> body = DecodeBody(rows.Text(0), &buffer);
    if (!body.ok()) return body.status();
    events.emplace_back(*body);
  }
  if (!rows.ok()) return rows.status();
  std::reverse(events.begin(), events.end());
  return events;
}

Status SqliteEvents::FindKey() {
  resolved_ = true;
  SqliteStatement key = connection_.Prepare(
      "SELECT k.key_id FROM types t JOIN keys k ON k.type_id=t.type_id WHERE t.grp='' AND "
      "t.version='v1' AND t.resource='events' AND k.path='f:involvedObject.uid'");
  if (key.Step()) uid_key_ = key.Int(0);
  return key.status();
}

}  // namespace pedia::storage
