// A slow request as one line of the log, for people and programs: key=value, what a client has chosen
// in quotes.
#pragma once
#include <string>

#include "apiserver/request_report.h"

namespace pedia::apiserver {

// "slow request id=4f... verb=list resource=\"pods.v1\" cluster=\"c1\" ... ms=1234 bytes=5678
// plan=scan scanned=90000 trace=0af7651916cd43dd8448eb211c80319c"; what does not apply is left out.
// Pure.
std::string FormatSlowRequest(const RequestReport& report);

}  // namespace pedia::apiserver
