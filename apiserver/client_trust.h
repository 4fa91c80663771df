// ClientTrust: which authorities' client certificates are believed, and what the aggregator in front
// may say about its users.
// Source: Kubernetes' ConfigMap kube-system/extension-apiserver-authentication.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apiserver/certificate_check.h"
#include "apiserver/header_user.h"

namespace pedia::apiserver {

// Of a proxy that has authenticated the user already.
struct FrontProxyTrust {
  std::shared_ptr<CertificateCheck> certificates;
  std::vector<std::string> allowed_names;  // Common names; empty: any.
  UserHeaders headers;
};

// A value; what it points to is thread-safe.
struct ClientTrust {
  std::shared_ptr<CertificateCheck> clients;   // Null: client certificates mean nothing.
  std::optional<FrontProxyTrust> front_proxy;  // Empty: X-Remote-* headers mean nothing.
};

// What the ConfigMap says, not checked yet.
struct TrustDocument {
  std::string client_ca_pem;  // "" = none.
  std::string front_proxy_ca_pem;
  std::vector<std::string> front_proxy_names;
  UserHeaders front_proxy_headers;
};

// Of the ConfigMap as JSON. Errors: BadRequest for what is no ConfigMap, or naming the key whose
// value is not a list of texts. Pure.
Result<TrustDocument> ParseTrustDocument(std::string_view config_map);

}  // namespace pedia::apiserver
