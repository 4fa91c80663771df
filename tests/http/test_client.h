// TestClient: a blocking HTTP/1.1 client that sends any bytes, over plain TCP or TLS. Every wait is
// bounded by kPatience.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "certs/key_pair.h"

struct ssl_session_st;
struct ssl_st;
struct ssl_ctx_st;

namespace pedia::testing {

constexpr std::chrono::seconds kPatience{20};

struct ClientTls {
  std::string ca_pem;                         // Of the server.
  std::optional<certs::KeyPair> key_pair;     // The client's own.
  std::shared_ptr<ssl_session_st> session{};  // To resume.
  std::string server_name{};                  // SNI; "": none.
  int max_version = 0;                        // TLS1_2_VERSION; 0: the highest there is.
};

struct HttpAnswer {
  int status = 0;  // 0: the connection ended before a whole head.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool complete = false;                            // The whole body came.
  std::string Header(std::string_view name) const;  // "" if absent.
};

// One thread.
class TestClient {
 public:
  // Connects, with TLS if given. Check connected().
  explicit TestClient(uint16_t port, const ClientTls* tls = nullptr,
                      const std::string& address = "127.0.0.1");
  ~TestClient();
  TestClient(const TestClient&) = delete;

  bool connected() const { return connected_; }
  bool Send(std::string_view bytes);  // False: the server has closed.
  HttpAnswer Receive(bool head_only = false);
  HttpAnswer Ask(std::string_view request) { return Send(request) ? Receive() : HttpAnswer{}; }
  HttpAnswer Get(std::string_view target, std::string_view more_headers = "");
  // Bytes until the server closes its side; nullopt if it does not within kPatience.
  std::optional<std::string> ReceiveUntilClose();
  // At least one byte more, "" at the end of the connection.
  std::string ReceiveSome();
  void CloseSending();
  void Close();
  // Few bytes fit between server and client: a client that does not read stalls the server soon.
  static void UseSmallBuffers(bool small) { small_buffers_ = small; }
  int fd() const { return fd_; }
  std::string PeerCertificateName() const;
  std::shared_ptr<ssl_session_st> Session() const;  // After an answer: the ticket comes with it.
  bool resumed() const;
  std::string CipherSuite() const;  // "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"

 private:
  bool StartTls(const ClientTls& tls);
  bool Fill();

  static inline bool small_buffers_ = false;
  int fd_ = -1;
  bool connected_ = false;
  bool timed_out_ = false;
  std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  std::string input_;
};

}  // namespace pedia::testing
