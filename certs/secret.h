// Comparing and naming secrets without giving them away.
#pragma once
#include <string>
#include <string_view>

namespace pedia::certs {

// Only the length of `secret` can be learnt from the time this takes. Pure.
bool EqualsSecret(std::string_view given, std::string_view secret);

// 32 bytes, by which a secret is found again without being kept. Pure.
std::string Sha256(std::string_view text);

}  // namespace pedia::certs
