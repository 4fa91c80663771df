#include "storage/events.h"

#include <algorithm>

#include "storage/body_codec.h"
#include "storage/indexed_fields.h"
#include "storage/object_key.h"

namespace pedia::storage {
namespace {

constexpr int64_t kMaxEvents = 500;

}  // namespace

SqlEvents::SqlEvents(SqlConnection& connection, const Dictionary& dictionary)
    : connection_(connection) {
  const DictionaryType* events = dictionary.Find({"", "v1", "events"});
  if (events == nullptr) return;
  const auto key = events->keys.find("f:involvedObject.uid");
  if (key != events->keys.end()) uid_key_ = key->second;
}

Result<std::vector<std::string>> SqlEvents::Of(int64_t id) {
  std::vector<std::string> events;
  if (!uid_key_) return events;
  SqlStatement object = connection_.Prepare("SELECT uid,cluster FROM objects WHERE id=?");
  object.BindInt(id);
  if (!object.Step()) return object.ok() ? InternalError("an object vanished") : object.status();
  const std::string uid = IndexedValue(object.Text(0));
  const KeyRange range = KeyRange::Cluster(object.Text(1));
  if (uid.empty()) return events;
  const char* join = connection_.dialect().ordered_join;
  SqlStatement rows = connection_.Prepare(
      std::string("SELECT b.body FROM entries e") + join + "objects o" + join +
      "bodies b WHERE e.key_id=? AND e.value=? AND e.okey>? AND e.okey<? AND o.id=e.id AND "
      "b.id=e.id ORDER BY o.created DESC,e.okey DESC LIMIT ?");
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

}  // namespace pedia::storage
