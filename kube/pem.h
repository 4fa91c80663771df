// PEM texts from kubeconfigs, checked before TLS sees them: "-----BEGIN CERTIFICATE-----...".
// Source: RFC 7468.
#pragma once
#include <string_view>

#include "meta/result.h"

namespace pedia::kube {

// One or more certificates; text between them is ignored. Errors: BadRequest "is not ...", without
// the subject and without quoting the text, to stand after the field's name.
Status CheckCertificatePem(std::string_view pem);
// A private key that needs no passphrase.
Status CheckPrivateKeyPem(std::string_view pem);

}  // namespace pedia::kube
