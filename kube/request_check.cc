#include "kube/request_check.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "kube/server_url.h"

namespace pedia::kube {
namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST",   "PUT",
                                                      "PATCH", "DELETE", "OPTIONS"};

// Lower case. They are the client's own: how the connection is used, where the body ends, who asks.
constexpr std::array<std::string_view, 13> kReserved = {"authorization",
                                                        "connection",
                                                        "content-length",
                                                        "expect",
                                                        "host",
                                                        "http2-settings",
                                                        "keep-alive",
                                                        "proxy-authorization",
                                                        "proxy-connection",
                                                        "te",
                                                        "trailer",
                                                        "transfer-encoding",
                                                        "upgrade"};

bool IsTokenCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// A tab is allowed within a value.
bool IsFieldValue(std::string_view value) {
  std::string without_tabs(value);
  std::erase(without_tabs, '\t');
  return !HasControlCharacters(without_tabs);
}

Status CheckHeader(const std::string& name, const std::string& value) {
  if (name.empty() || !std::all_of(name.begin(), name.end(), IsTokenCharacter))
    return BadRequest("the request is not valid: a header's name");
  if (std::find(kReserved.begin(), kReserved.end(), LowerCase(name)) != kReserved.end())
    return BadRequest("the request is not valid: header " + name + " cannot be set");
  if (!IsFieldValue(value))
    return BadRequest("the request is not valid: the value of header " + name);
  return Status();
}

}  // namespace

Status CheckRequest(const Request& request) {
  if (std::find(kMethods.begin(), kMethods.end(), request.method) == kMethods.end())
    return BadRequest("the request is not valid: its method");
  const std::string& path = request.path_and_query;
  if (!path.starts_with('/') || HasControlCharacters(path) ||
      path.find_first_of(" #") != std::string::npos)
    return BadRequest("the request is not valid: its path");
  for (const std::string* value :
       {&request.accept, &request.content_type, &request.if_none_match}) {
    if (!IsFieldValue(*value)) return BadRequest("the request is not valid: a header's value");
  }
  if (request.method == "HEAD" && !request.body.empty())
    return BadRequest("the request is not valid: HEAD has no body");
  for (const auto& [name, value] : request.headers) {
    if (Status status = CheckHeader(name, value); !status.ok()) return status;
  }
  return Status();
}

}  // namespace pedia::kube
