#include "apiserver/tls_output.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <utility>

#include "apiserver/write_buffers.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kRecordBytes = 16 * 1024;

int Append(BIO* bio, const char* data, int size) {
  static_cast<std::string*>(BIO_get_data(bio))->append(data, static_cast<size_t>(size));
  return size;
}

long Control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* AppendMethod() {
  static const BIO_METHOD* const kMethod = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "append");
    if (method != nullptr) {
      BIO_meth_set_write(method, Append);
      BIO_meth_set_ctrl(method, Control);
    }
    return method;
  }();
  return kMethod;
}

}  // namespace

bool TlsOutput::Attach(ssl_st* connection) {
  BIO* const bio = AppendMethod() == nullptr ? nullptr : BIO_new(AppendMethod());
  if (bio == nullptr) return false;
  BIO_set_data(bio, &bytes_);
  BIO_set_init(bio, 1);
  SSL_set0_wbio(connection, bio);  // Owns it from here.
  connection_ = connection;
  return true;
}

bool TlsOutput::Encrypt(std::string_view plain) {
  if (plain.size() > kRecordBytes / 2 && bytes_.capacity() < WriteBuffers::kBytes) {
    std::string larger = WriteBuffers::Take();
    larger = bytes_;
    bytes_.swap(larger);
  }
  ERR_clear_error();
  // OpenSSL's own buffer serves many records, until Rest.
  SSL_clear_mode(connection_, SSL_MODE_RELEASE_BUFFERS);
  while (!plain.empty()) {
    const auto size = static_cast<int>(std::min(plain.size(), kRecordBytes));
    const int taken = SSL_write(connection_, plain.data(), size);
    if (taken <= 0) return false;
    plain.remove_prefix(static_cast<size_t>(taken));
  }
  SSL_set_mode(connection_, SSL_MODE_RELEASE_BUFFERS);
  return true;
}

void TlsOutput::Rest() {
  WriteBuffers::Return(std::move(bytes_));
  bytes_ = std::string();
  SSL_free_buffers(connection_);
}

void TlsOutput::EncryptEnd() {
  ERR_clear_error();
  SSL_shutdown(connection_);
}

}  // namespace pedia::apiserver
