// The version of this binary, fixed when it was built.
#pragma once
#include "apiserver/api_server.h"

namespace pedia::cmd {

apiserver::VersionInfo BuildVersion();

}  // namespace pedia::cmd
