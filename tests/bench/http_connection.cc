#include "tests/bench/http_connection.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace pedia::bench {
namespace {

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int Connect(const Target& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &found) != 0)
    Die("unknown host " + target.host);
  const int fd = socket(found->ai_family, SOCK_STREAM, 0);
  if (connect(fd, found->ai_addr, found->ai_addrlen) != 0)
    Die("cannot connect to " + target.host + ":" + target.port);
  freeaddrinfo(found);
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

// The value of a header, which the server spells as we do.
std::string HeaderOf(const std::string& head, const std::string& name) {
  const size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

}  // namespace

Target ParseUrl(const std::string& url) {
  constexpr std::string_view kScheme = "https://";
  const size_t slash = url.find('/', kScheme.size());
  if (url.compare(0, kScheme.size(), kScheme) != 0 || slash == std::string::npos)
    Die("not https://host:port/path: " + url);
  const std::string place = url.substr(kScheme.size(), slash - kScheme.size());
  const size_t colon = place.rfind(':');
  if (colon == std::string::npos) return {place, "443", url.substr(slash)};
  return {place.substr(0, colon), place.substr(colon + 1), url.substr(slash)};
}

HttpConnection::HttpConnection(const Target& target)
    : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_.get())) {
  // The server is our own, on this machine: what it costs to verify is not of interest.
  SSL_set_verify(ssl_.get(), SSL_VERIFY_NONE, nullptr);
  SSL_set_fd(ssl_.get(), Connect(target));
  SSL_set_tlsext_host_name(ssl_.get(), target.host.c_str());
  if (SSL_connect(ssl_.get()) != 1) Die("the TLS handshake failed");
}

void HttpConnection::Fill() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const int count =
      SSL_read(ssl_.get(), buffer_.data() + end_, static_cast<int>(buffer_.size() - end_));
  if (count <= 0) Die("the server broke the connection off");
  end_ += static_cast<size_t>(count);
}

std::string_view HttpConnection::Available(int64_t most) {
  if (begin_ == end_) Fill();
  return {buffer_.data() + begin_, std::min(end_ - begin_, static_cast<size_t>(most))};
}

void HttpConnection::Take(int64_t bytes, std::string* body) {
  while (bytes > 0) {
    const std::string_view piece = Available(bytes);
    if (body != nullptr) body->append(piece);
    begin_ += piece.size();
    bytes -= static_cast<int64_t>(piece.size());
  }
}

std::string HttpConnection::ReadLine() {
  std::string line;
  while (true) {
    const char c = Available(1)[0];
    ++begin_;
    if (c == '\n') return line;
    if (c != '\r') line += c;
  }
}

std::string HttpConnection::ReadHead() {
  std::string head;
  while (head.size() < 4 || head.compare(head.size() - 4, 4, "\r\n\r\n") != 0) {
    head += Available(1)[0];
    ++begin_;
  }
  return head;
}

int64_t HttpConnection::ReadChunks(std::string* body) {
  int64_t bytes = 0;
  while (true) {
    const int64_t size = std::strtoll(ReadLine().c_str(), nullptr, 16);
    Take(size, body);
    bytes += size;
    ReadLine();
    if (size == 0) return bytes;
  }
}

HttpConnection::Answer HttpConnection::Send(std::string_view request, std::string* body) {
  const double start = Now();
  if (SSL_write(ssl_.get(), request.data(), static_cast<int>(request.size())) <= 0)
    Die("the server does not take requests");
  Answer answer;
  Available(1);
  answer.first_seconds = Now() - start;
  const std::string head = ReadHead();
  answer.status = std::atoi(head.c_str() + std::strlen("HTTP/1.1 "));
  answer.gzip = HeaderOf(head, "Content-Encoding") == "gzip";
  if (HeaderOf(head, "Transfer-Encoding") == "chunked") {
    answer.bytes = ReadChunks(body);
  } else {
    answer.bytes = std::strtoll(HeaderOf(head, "Content-Length").c_str(), nullptr, 10);
    Take(answer.bytes, body);
  }
  answer.seconds = Now() - start;
  return answer;
}

}  // namespace pedia::bench
