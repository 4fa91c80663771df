// Certificates of tests: one CA, made once per process, and what it signs.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "certs/key_pair.h"

namespace pedia::kube {

inline certs::KeyPair MustBe(Result<certs::KeyPair> pair) {
  EXPECT_TRUE(pair.ok());
  return pair.ok() ? *std::move(pair) : certs::KeyPair();
}

inline const certs::KeyPair& TestCa() {
  static const certs::KeyPair ca = MustBe(certs::MakeCertificateAuthority("test-ca", 86400));
  return ca;
}

inline certs::KeyPair IssueServer(const std::vector<std::string>& dns_names,
                                  const std::vector<std::string>& ip_addresses) {
  certs::CertificateRequest request;
  request.common_name = "server";
  request.dns_names = dns_names;
  request.ip_addresses = ip_addresses;
  return MustBe(certs::IssueCertificate(TestCa(), request));
}

inline certs::KeyPair IssueClient(const std::string& common_name) {
  certs::CertificateRequest request;
  request.common_name = common_name;
  request.usage = certs::Usage::kClient;
  return MustBe(certs::IssueCertificate(TestCa(), request));
}

}  // namespace pedia::kube
