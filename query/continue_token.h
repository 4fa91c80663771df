// The continue token: opaque to clients, versioned, bound to its query:
// base64url of {version, query fingerprint, sort key, checksum}.
// Source: metav1.ListMeta.continue; Kubernetes docs "Retrieving large results sets in chunks".
#pragma once
#include <string>
#include <string_view>

#include "meta/result.h"
#include "query/list_options.h"

namespace pedia::query {

// `sort_key`: what storage needs to find the row after the last one sent (1..n bytes of any value).
// The token is not signed: who reads the key back must not trust it.
std::string FormatContinueToken(std::string_view fingerprint, std::string_view sort_key);

// "" gives the first page; decimal digits an offset.
// Errors: BadRequest "continue: ..." for damaged tokens, for tokens whose fingerprint is another,
// and for offsets that are negative or too large. Hostile input is expected. Pure.
Result<PageStart> ParseContinueToken(std::string_view text, std::string_view fingerprint);

}  // namespace pedia::query
