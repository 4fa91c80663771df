#include "test_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace pedia::testing {
namespace {

bool Same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

int Connect(uint16_t port, const std::string& address, bool small_buffers) {
  const bool v6 = address.find(':') != std::string::npos;
  const int fd = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (small_buffers) {
    const int bytes = 4096;
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  sockaddr_in to4{};
  sockaddr_in6 to6{};
  to4.sin_family = AF_INET;
  to4.sin_port = htons(port);
  to6.sin6_family = AF_INET6;
  to6.sin6_port = htons(port);
  ::inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(),
              v6 ? static_cast<void*>(&to6.sin6_addr) : &to4.sin_addr);
  const sockaddr* to = v6 ? reinterpret_cast<sockaddr*>(&to6) : reinterpret_cast<sockaddr*>(&to4);
  if (::connect(fd, to, v6 ? sizeof to6 : sizeof to4) == 0) return fd;
  ::close(fd);
  return -1;
}

X509* ReadX509(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return certificate;
}

// The certificate with what follows it.
void UseKeyPair(SSL_CTX* context, const certs::KeyPair& pair) {
  BIO* chain =
      BIO_new_mem_buf(pair.certificate_pem.data(), static_cast<int>(pair.certificate_pem.size()));
  X509* certificate = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
  SSL_CTX_use_certificate(context, certificate);
  X509_free(certificate);
  while ((certificate = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr)) != nullptr)
    SSL_CTX_add0_chain_cert(context, certificate);
  ERR_clear_error();
  BIO_free(chain);
  BIO* bio = BIO_new_mem_buf(pair.key_pem.data(), static_cast<int>(pair.key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  SSL_CTX_use_PrivateKey(context, key);
  EVP_PKEY_free(key);
  BIO_free(bio);
}

}  // namespace

std::string HttpAnswer::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (Same(key, name)) return value;
  }
  return {};
}

TestClient::TestClient(uint16_t port, const ClientTls* tls, const std::string& address)
    : context_(nullptr, SSL_CTX_free), ssl_(nullptr, SSL_free) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL.
  fd_ = Connect(port, address, small_buffers_);
  connected_ = fd_ >= 0 && (tls == nullptr || StartTls(*tls));
}

TestClient::~TestClient() { Close(); }

bool TestClient::StartTls(const ClientTls& tls) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  X509* authority = ReadX509(tls.ca_pem);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), authority);
  X509_free(authority);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  if (tls.key_pair) UseKeyPair(context_.get(), *tls.key_pair);
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_fd(ssl_.get(), fd_);
  if (!tls.server_name.empty()) SSL_set_tlsext_host_name(ssl_.get(), tls.server_name.c_str());
  if (tls.max_version != 0) SSL_set_max_proto_version(ssl_.get(), tls.max_version);
  if (tls.session) SSL_set_session(ssl_.get(), tls.session.get());
  return SSL_connect(ssl_.get()) == 1;
}

bool TestClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                              : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool TestClient::Fill() {
  char buffer[16 * 1024];
  errno = 0;
  const ssize_t got =
      ssl_ ? SSL_read(ssl_.get(), buffer, sizeof buffer) : ::recv(fd_, buffer, sizeof buffer, 0);
  if (got <= 0) {
    timed_out_ = errno == EAGAIN || errno == EWOULDBLOCK;
    return false;
  }
  input_.append(buffer, static_cast<size_t>(got));
  return true;
}

HttpAnswer TestClient::Receive(bool head_only) {
  HttpAnswer answer;
  size_t end = 0;
  while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return answer;
  }
  std::string_view head(input_.data(), end + 2);
  answer.status = std::atoi(std::string(head.substr(9, 3)).c_str());
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(line.size() + 2);
    answer.headers.emplace_back(line.substr(0, line.find(": ")), line.substr(line.find(": ") + 2));
  }
  input_.erase(0, end + 4);
  if (answer.status == 100) return Receive(head_only);
  if (head_only || answer.status == 204 || answer.status == 304) {
    answer.complete = true;
    return answer;
  }
  if (answer.Header("Transfer-Encoding") == "chunked") {
    while (true) {
      size_t line = 0;
      while ((line = input_.find("\r\n")) == std::string::npos) {
        if (!Fill()) return answer;
      }
      const size_t size = std::stoul(input_.substr(0, line), nullptr, 16);
      while (input_.size() < line + 2 + size + 2) {
        if (!Fill()) return answer;
      }
      answer.body.append(input_, line + 2, size);
      input_.erase(0, line + 2 + size + 2);
      if (size == 0) break;
    }
    answer.complete = true;
    return answer;
  }
  const std::string length = answer.Header("Content-Length");
  if (length.empty()) {
    while (Fill()) continue;
    answer.body.swap(input_);
    answer.complete = !timed_out_;
    return answer;
  }
  const size_t size = std::stoul(length);
  while (input_.size() < size) {
    if (!Fill()) break;
  }
  answer.complete = input_.size() >= size;
  answer.body = input_.substr(0, size);
  input_.erase(0, size);
  return answer;
}

HttpAnswer TestClient::Get(std::string_view target, std::string_view more_headers) {
  return Ask("GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" +
             std::string(more_headers) + "\r\n");
}

std::optional<std::string> TestClient::ReceiveUntilClose() {
  while (Fill()) continue;
  if (timed_out_) return std::nullopt;
  return std::exchange(input_, {});
}

std::string TestClient::ReceiveSome() {
  if (input_.empty()) Fill();
  return std::exchange(input_, {});
}

void TestClient::CloseSending() { ::shutdown(fd_, SHUT_WR); }

void TestClient::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  connected_ = false;
}

std::shared_ptr<SSL_SESSION> TestClient::Session() const {
  return {SSL_get1_session(ssl_.get()), SSL_SESSION_free};
}

bool TestClient::resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

std::string TestClient::CipherSuite() const {
  return SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl_.get()));
}

std::string TestClient::PeerCertificateName() const {
  X509* certificate = SSL_get1_peer_certificate(ssl_.get());
  char name[100] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  X509_free(certificate);
  return name;
}

}  // namespace pedia::testing
