#include "apiserver/request_report.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string_view>

#include "meta/trace_context.h"

namespace pedia::apiserver {
namespace {

// Of X-Forwarded-For, which anybody may fill.
constexpr size_t kMaxSourceIps = 16;
constexpr size_t kMaxUserAgentBytes = 1024;
constexpr size_t kMaxIdBytes = 64;

std::string_view Trimmed(std::string_view text) {
  const size_t start = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(start);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

bool IsAddress(const std::string& text) {
  in6_addr parsed{};
  return inet_pton(AF_INET, text.c_str(), &parsed) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &parsed) == 1;
}

// "127.0.0.1:4711", "[::1]:4711"
std::string HostOf(const std::string& address) {
  std::string host = address.substr(0, address.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
  return host;
}

std::vector<std::string> SourceIps(const HttpRequest& request) {
  std::vector<std::string> ips;
  const auto add = [&](std::string_view text) {
    std::string ip(Trimmed(text));
    const bool known = std::find(ips.begin(), ips.end(), ip) != ips.end();
    if (ips.size() < kMaxSourceIps && !known && IsAddress(ip)) ips.push_back(std::move(ip));
  };
  std::string_view forwarded = request.Header("X-Forwarded-For").value_or("");
  while (!forwarded.empty()) {
    const size_t comma = std::min(forwarded.find(','), forwarded.size());
    add(forwarded.substr(0, comma));
    forwarded.remove_prefix(std::min(comma + 1, forwarded.size()));
  }
  add(request.Header("X-Real-Ip").value_or(""));
  std::string peer = HostOf(request.remote_address);
  std::erase(ips, peer);
  if (!peer.empty()) ips.push_back(std::move(peer));
  return ips;
}

// A version 4 UUID, which finds one request in both sides' logs.
std::string NewAuditId() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  const uint64_t high = (random() & 0xffffffffffff0fffu) | 0x4000u;
  const uint64_t low = (random() & 0x3fffffffffffffffu) | 0x8000000000000000u;
  char text[40];
  std::snprintf(text, sizeof(text), "%08x-%04x-%04x-%04x-%012llx",
                static_cast<unsigned>(high >> 32), static_cast<unsigned>(high >> 16) & 0xffffu,
                static_cast<unsigned>(high) & 0xffffu, static_cast<unsigned>(low >> 48),
                static_cast<unsigned long long>(low & 0xffffffffffffu));
  return text;
}

// An aggregator that has given the request an id already finds it here as well.
std::string IdOf(const HttpRequest& request) {
  const std::string_view given = request.Header("Audit-Id").value_or("");
  const bool usable = !given.empty() && given.size() <= kMaxIdBytes &&
                      std::all_of(given.begin(), given.end(), [](char c) {
                        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                               (c >= 'A' && c <= 'Z') || c == '-';
                      });
  return usable ? std::string(given) : NewAuditId();
}

}  // namespace

RequestReport ReportOf(const HttpRequest& request) {
  RequestReport report;
  report.id = IdOf(request);
  report.uri = request.target;
  report.user_agent = request.Header("User-Agent").value_or("").substr(0, kMaxUserAgentBytes);
  report.source_ips = SourceIps(request);
  report.traceparent = ValidTraceparent(request.Header("traceparent").value_or(""));
  report.received = std::chrono::system_clock::now();
  return report;
}

}  // namespace pedia::apiserver
