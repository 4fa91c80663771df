// Certificates that pedia itself never makes: authorities below authorities, without usages, signed
// with what is too weak.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "certs/key_pair.h"

namespace pedia::certs {

struct CertificateDraft {
  std::vector<std::pair<std::string, std::string>> subject;  // {"CN", "jane"}, in order.
  // "critical,CA:TRUE,pathlen:0"; "" = the extension is not there. Likewise the others.
  std::string basic_constraints{};
  std::string key_usage{};
  std::string extended_key_usage{};
  bool sha1 = false;
};

// For ten minutes from now. Without an issuer it signs itself.
KeyPair BuildCertificate(const CertificateDraft& draft, const std::optional<KeyPair>& issuer);

// What a client would send: of all certificates of `pems`, in order.
std::vector<std::string> ToDer(const std::vector<std::string>& pems);

}  // namespace pedia::certs
