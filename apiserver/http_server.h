// HttpServer: the seam between pedia and the network. Two back-ends pass one test suite:
// Boost.Beast (TLS and plain) and Pistache (plain, GET only, small answers; for metrics and
// health). Source: RFC 9112, RFC 9110.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meta/result.h"

namespace pedia::apiserver {

using HeaderFields = std::vector<std::pair<std::string, std::string>>;

// What the client's certificate says. `verified`: it was checked against client_ca_pem in the
// handshake. Otherwise (TlsOptions::ask_client_certificates) the client only proved that it has the
// key; who trusts which authority is decided later, for each request.
struct PeerIdentity {
  std::string common_name;
  std::vector<std::string> organizations;  // Every O, in order.
  bool verified = false;
  std::vector<std::string>
      chain_der;  // As sent: leaf first, then intermediates. Not verified only.
};

struct HttpRequest {
  std::string method;  // As sent: "GET".
  std::string
      target;  // As sent, not decoded: "/api/v1/pods?limit=5". Of "http://host/path", "/path".
  HeaderFields headers;  // In order, repeated ones kept, names as sent.
  std::string body;
  std::string remote_address;        // "127.0.0.1:4711"
  std::optional<PeerIdentity> peer;  // Only over TLS, of a client with a certificate.

  // The first value of a header, name in any case.
  std::optional<std::string_view> Header(std::string_view name) const;
};

// A connection that speaks something else than HTTP from now on (SPDY, WebSocket), taken over from
// the server. Dropping the last reference closes it. Thread-safe.
class UpgradedConnection {
 public:
  virtual ~UpgradedConnection() = default;
  // What comes, each call with the next bytes, on a thread of the server; must not block. "" is the
  // end: nothing more will come. False from `received` pauses until Resume(); those bytes count as
  // taken. Once, first.
  virtual void Start(std::function<bool(std::string_view bytes)> received) = 0;
  virtual void Resume() = 0;
  // Appends bytes, never blocks. False: the connection is gone. `drained` runs once what is unsent
  // has fallen below `low_water` bytes (at once if it has).
  virtual bool Write(std::string_view bytes) = 0;
  virtual size_t unsent() const = 0;
  virtual void OnDrained(size_t low_water, std::function<void()> drained) = 0;
  // Sends what is unsent, then closes.
  virtual void Close() = 0;
};

// The answer to one request. Thread-safe in the sense that any one thread at a time may use it, any
// thread. Dropping the last reference without Finish aborts the connection.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;
  // Once, first. With `content_length` exactly so many bytes follow; without, the body is chunked
  // (HTTP/1.0: until close). Date, Connection, Content-Length and Transfer-Encoding are the
  // server's own. HEAD: body bytes are dropped.
  virtual void WriteHead(int status, const HeaderFields& headers,
                         std::optional<uint64_t> content_length) = 0;
  // Appends body bytes. Blocks while more than write_buffer_bytes are unsent. False: the client is
  // gone or was cut off for being slow; nothing will be sent any more.
  virtual bool Write(std::string_view bytes) = 0;
  // As Write, but for copying: takes the bytes behind the first kWriteRoom ones of `buffer`, best one
  // of WriteBuffers.
  virtual bool WriteBuffer(std::string buffer) {
    return Write(std::string_view(buffer).substr(kWriteRoom));
  }
  static constexpr size_t kWriteRoom = 16;
  // As Write, without ever blocking; for watches. False also when more than `limit` bytes are
  // unsent already.
  virtual bool TryWrite(std::string_view bytes, size_t limit) = 0;
  virtual void Finish() = 0;  // The body is complete.
  virtual void Abort() = 0;   // Closes the connection, so that the client sees an incomplete body.
  virtual bool ClientGone() const = 0;
  // Runs `callback` once when the client goes before Finish (at once if it already has). On any
  // thread; must not block.
  virtual void OnClientGone(std::function<void()> callback) = 0;
  // After TryWrite did not take bytes: `drained` runs once when no more than `low_water` bytes are
  // unsent, or when the client is gone (at once if it is so already). As OnClientGone.
  virtual void OnDrained(size_t /*low_water*/, std::function<void()> drained) { drained(); }
  // Instead of WriteHead: from here on the connection is a stream of raw bytes in both directions,
  // of which the answer's head (101) is the first; for requests with an Upgrade header. `bytes` are
  // those that the client sent behind its request. Null: not possible here (HTTP/1.0, Pistache), and
  // nothing has happened. The writer itself is of no use any more.
  virtual std::shared_ptr<UpgradedConnection> Upgrade() { return nullptr; }

  // Head, body and Finish in one.
  void Send(int status, const HeaderFields& headers, std::string_view body);
};

// Runs on a worker thread and may block. The response may be finished later, from another thread.
using HttpHandler = std::function<void(const HttpRequest& request,
                                       const std::shared_ptr<ResponseWriter>& response)>;

// What a request is to the server before it is handled.
struct RequestClass {
  std::string client;  // Whose it is: clients get an equal share. "": not shared out.
  bool bulk = false;   // The answer may be very long, so the request waits for its client.
  // Health and discovery: does not count as in flight, and has a worker when all others are taken.
  bool exempt = false;
  // Not answered soon by design (logs -f, exec, watch): does not count as in flight.
  bool long_running = false;
};

// A certificate for clients that ask for other names.
struct SniCertificate {
  std::string certificate_pem;
  std::string key_pem;
  std::vector<std::string> names;  // "foo.example", "*.example"; empty: those of the certificate.
  bool operator==(const SniCertificate&) const = default;
};

struct TlsOptions {
  std::string certificate_pem;  // Leaf first, then intermediates.
  std::string key_pem;
  std::string client_ca_pem;  // "" = no client certificates are asked for. A client without one is
                              // let in; a bad one is refused.
  // Instead: every client certificate is let in, unverified, for the handler to judge.
  bool ask_client_certificates = false;
  std::vector<SniCertificate> sni{};
  std::string min_version{};                 // "VersionTLS12" (also ""), "VersionTLS13"
  std::vector<std::string> cipher_suites{};  // IANA names; empty: OpenSSL's. Not of TLS 1.3.
};

struct HttpServerOptions {
  std::string bind_address = "127.0.0.1";
  uint16_t port = 0;                // 0 picks one.
  std::optional<TlsOptions> tls{};  // Empty: plain HTTP.
  int io_threads = 2;
  int workers = 16;      // Requests handled at once; of one client, as many as it leaves free.
  int bulk_workers = 4;  // Bulk requests handled at once; likewise.
  // Exempt requests handled at once, on threads of their own; one is kept for those of nobody.
  int exempt_workers = 4;
  std::function<RequestClass(const HttpRequest&)> classify{};  // Empty: all are alike. Fast.
  size_t max_requests = 400;  // In flight: being handled or waiting for a worker; more get 429,
                              // Retry-After: 1. 0: no limit but that of connections.
  // Beyond, the connection that waits for a request for longest makes room; else more get 503.
  size_t max_connections = 4096;
  size_t max_header_bytes =
      128 * 1024;  // Request line and headers (URLs of 64 KB work); more get 431.
  size_t max_body_bytes = 3 * 1024 * 1024;  // More get 413.
  // What waits to be sent to one client: while there is more, the handler of a bulk request waits ...
  size_t write_buffer_bytes = 512 * 1024;
  // ... that of another one only beyond this, so that a slow client keeps neither a thread nor what
  // the handler holds ...
  size_t page_buffer_bytes = 16 * 1024 * 1024;
  // ... as long as all responses together hold less than this. Beyond, slow clients are cut off.
  size_t total_buffer_bytes = 256 * 1024 * 1024;
  int64_t slow_bytes_per_second =
      256 * 1024;  // A client that takes less, with more at hand, is slow.
  // A slow client whose handler waits for it is cut off after so long, and when others wait for a
  // turn of their own ...
  std::chrono::milliseconds slow_patience{30'000};
  std::chrono::milliseconds crowded_patience{2'000};  // ... after so long, the slowest first.
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds header_timeout{
      10'000};  // First to last byte of a request's head and body.
  std::chrono::milliseconds idle_timeout{120'000};  // Between requests.
  std::chrono::milliseconds write_timeout{
      30'000};  // Without a byte taken by the client while some are waiting.
};

// Errors produced by the server itself have a metav1.Status JSON body: 400 malformed, 408, 413,
// 417, 429, 431, 500 for a handler that throws, 501 for another Transfer-Encoding than chunked,
// 503.
class HttpServer {
 public:
  virtual ~HttpServer() = default;  // Closes everything at once.
  virtual uint16_t port() const = 0;
  // New handshakes use this certificate; running connections go on.
  virtual Status ReplaceCertificate(const TlsOptions& tls) = 0;
  // Stops accepting, lets running requests end for at most `timeout`, then closes the rest.
  // Idempotent.
  virtual void Drain(std::chrono::milliseconds timeout) = 0;
};

// Errors: BadRequest for unusable certificates; ServiceUnavailable naming address and port if it
// cannot listen.
Result<std::unique_ptr<HttpServer>> StartBeastServer(HttpServerOptions options,
                                                     HttpHandler handler);
// Refuses TLS options. Anything but a complete, short GET or HEAD without a body gets a 4xx and the
// connection is closed.
Result<std::unique_ptr<HttpServer>> StartPistacheServer(HttpServerOptions options,
                                                        HttpHandler handler);

}  // namespace pedia::apiserver
