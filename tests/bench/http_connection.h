// HttpConnection: the cheapest client that still checks what it gets: one kept-alive TLS connection
// that sends prepared requests and throws bodies away as they come.
#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pedia::bench {

struct Target {
  std::string host;
  std::string port;
  std::string path;  // With the query.
};
// Of "https://host:port/path?query"; exits with a message if it is none.
Target ParseUrl(const std::string& url);

// One thread. Failures end the process with a message: a benchmark that goes on would lie.
class HttpConnection {
 public:
  explicit HttpConnection(const Target& target);

  struct Answer {
    int status = 0;
    bool gzip = false;
    int64_t bytes = 0;         // Of the body, as sent.
    double first_seconds = 0;  // Until the first byte ...
    double seconds = 0;        // ... and the last.
  };
  // `request`: head and all. `body`: where the body goes, or nullptr.
  Answer Send(std::string_view request, std::string* body = nullptr);

 private:
  struct ContextDeleter {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  struct SslDeleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  void Fill();
  std::string ReadHead();
  std::string_view Available(int64_t most);
  void Take(int64_t bytes, std::string* body);
  std::string ReadLine();
  int64_t ReadChunks(std::string* body);

  std::unique_ptr<SSL_CTX, ContextDeleter> context_;
  std::unique_ptr<SSL, SslDeleter> ssl_;
  std::vector<char> buffer_ = std::vector<char>(64 * 1024);
  size_t begin_ = 0;  // What was read and not used: from here ...
  size_t end_ = 0;    // ... to here.
};

}  // namespace pedia::bench
