// TlsOutput: encrypts what a connection sends into one buffer, many TLS records at a time, so that a
// system call sends as much as a socket takes. Private to the http library.
#pragma once
#include <string>
#include <string_view>

struct ssl_st;  // OpenSSL's SSL.

namespace pedia::apiserver {

// One thread.
class TlsOutput {
 public:
  TlsOutput() = default;
  TlsOutput(const TlsOutput&) = delete;  // OpenSSL knows its address.
  // From now on `connection` writes here. Its handshake is over and was sent. Must outlive it.
  // False: out of memory.
  bool Attach(ssl_st* connection);
  // Appends to `bytes`. False: the connection is broken.
  bool Encrypt(std::string_view plain);
  void EncryptEnd();  // The close_notify.
  // Forgets `bytes` and holds no memory until more is encrypted.
  void Rest();

  std::string& bytes() { return bytes_; }  // To be sent, then removed.

 private:
  ssl_st* connection_ = nullptr;
  std::string bytes_;
};

}  // namespace pedia::apiserver
