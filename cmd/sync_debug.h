// /debug/synchros: what each cluster synchro is doing, as JSON, or as text for people.
#pragma once
#include "apiserver/api_server.h"
#include "synchro/synchro_manager.h"

namespace pedia::cmd {

// ?cluster=NAME: of one; ?format=text, or "Accept: text/plain": as a table. `manager` must outlive it.
apiserver::DebugPage SynchrosPage(const synchro::SynchroManager& manager);

// Pure. `now`: Unix seconds.
std::string SynchrosAsJson(const synchro::SynchroReport& report);
std::string SynchrosAsText(const synchro::SynchroReport& report, int64_t now);

}  // namespace pedia::cmd
