// Events. The events.k8s.io versions have the fields of v1 under other names, and no others.
#include "convert/family_table.h"
#include "convert/rewrites.h"
#include "convert/version_families.h"

namespace pedia::convert {

void EventFromEventsGroup(JsonObject& event) {
  for (const FieldRename& field : kEventRenames) event.Rename(field.path, field.stored_path);
}

void EventToEventsGroup(JsonObject& event) {
  for (const FieldRename& field : kEventRenames) event.Rename(field.stored_path, field.path);
  // v1 has these also where they are empty.
  for (const std::string_view key : {"reportingController", "reportingInstance"}) {
    if (event.Get(key) == "\"\"") event.Remove(key);
  }
}

}  // namespace pedia::convert
