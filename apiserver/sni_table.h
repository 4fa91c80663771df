// SniTable: TLS contexts by the server name that a client asks for: "foo.example" before
// "*.example", which stands for one label. Source: RFC 6066 section 3; RFC 6125 section 6.4.3.
// Private to the http library.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX.

namespace pedia::apiserver {

// Thread-safe once it is filled.
class SniTable {
 public:
  // Of two contexts with one name the first counts.
  void Add(const std::vector<std::string>& names, std::shared_ptr<ssl_ctx_st> context);
  // nullptr: none for that name. `name`: from the client, anything.
  ssl_ctx_st* Find(std::string_view name) const;

 private:
  std::map<std::string, std::shared_ptr<ssl_ctx_st>, std::less<>> contexts_;
};

}  // namespace pedia::apiserver
