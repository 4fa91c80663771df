#include "apiserver/audit_event.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "meta/json_string.h"
#include "meta/time.h"
#include "query/url_query.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kMaxUriBytes = 4096;
constexpr auto kSecretKeys = std::to_array<std::string_view>(
    {"access_token", "api_key", "apikey", "authorization", "bearer", "client_secret", "id_token",
     "password", "passwd", "refresh_token", "secret", "token"});

bool IsSecret(std::string_view key) {
  std::string name = query::DecodePathSegment(key).value_or(std::string(key));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-') c = '_';
  }
  return std::find(kSecretKeys.begin(), kSecretKeys.end(), name) != kSecretKeys.end();
}

// "2026-11-22T07:56:20.123456Z"
std::string MicroTime(std::chrono::system_clock::time_point time) {
  const auto microseconds =
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  std::string text = FormatRfc3339(microseconds / 1'000'000);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%06d", static_cast<int>(microseconds % 1'000'000));
  return text.insert(text.size() - 1, fraction);
}

// Members of one object.
class Members {
 public:
  explicit Members(std::string* out) : out_(*out) { out_ += '{'; }
  std::string& Begin(std::string_view key) {
    if (!std::exchange(first_, false)) out_ += ',';
    AppendJsonString(key, &out_);
    return out_ += ':';
  }
  void Text(std::string_view key, std::string_view value) { AppendJsonString(value, &Begin(key)); }
  void TextUnlessEmpty(std::string_view key, std::string_view value) {
    if (!value.empty()) Text(key, value);
  }
  void Texts(std::string_view key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    Begin(key);
    for (size_t i = 0; i < values.size(); ++i) {
      out_ += i == 0 ? '[' : ',';
      AppendJsonString(values[i], &out_);
    }
    out_ += ']';
  }
  void End() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

void AppendExtra(const UserInfo& user, std::string* out) {
  Members extra(out);
  for (size_t i = 0; i < user.extra.size(); ++i) {
    const std::string& key = user.extra[i].first;
    const auto is_key = [&](const auto& pair) { return pair.first == key; };
    const auto begin = user.extra.begin();
    if (std::find_if(begin, begin + static_cast<std::ptrdiff_t>(i), is_key) !=
        begin + static_cast<std::ptrdiff_t>(i))
      continue;  // Is there already.
    std::vector<std::string> values;
    for (const auto& pair : user.extra) {
      if (is_key(pair)) values.push_back(pair.second);
    }
    extra.Texts(key, values);
  }
  extra.End();
}

void AppendUser(const UserInfo& user, std::string* out) {
  Members members(out);
  members.TextUnlessEmpty("username", user.name);
  members.TextUnlessEmpty("uid", user.uid);
  members.Texts("groups", user.groups);
  if (!user.extra.empty()) AppendExtra(user, &members.Begin("extra"));
  members.End();
}

bool IsAboutObjects(const RequestInfo& info) {
  return info.endpoint == Endpoint::kObjects || info.endpoint == Endpoint::kCollections;
}

void AppendObject(const RequestInfo& info, std::string* out) {
  Members members(out);
  members.Text("resource", info.gvr.resource);
  members.TextUnlessEmpty("namespace", info.name_space);
  members.TextUnlessEmpty("name", info.name);
  members.TextUnlessEmpty("apiGroup", info.gvr.group);
  members.TextUnlessEmpty("apiVersion", info.gvr.version);
  members.TextUnlessEmpty("subresource", info.subresource);
  members.End();
}

void AppendAnnotations(const RequestReport& report, std::string* out) {
  Members members(out);
  if (!report.caller.user.name.empty()) {
    const AccessDecision& decision = report.caller.decision;
    members.Text("authorization.k8s.io/decision", decision.allowed ? "allow" : "forbid");
    members.Text("authorization.k8s.io/reason", decision.reason);
  }
  members.TextUnlessEmpty("clusterpedia.io/cluster", report.info.cluster);
  members.End();
}

void AppendStatus(const RequestReport& report, std::string* out) {
  out->append(R"({"metadata":{},"code":)").append(std::to_string(report.code)).append("}");
}

}  // namespace

std::string AuditUri(std::string_view target) {
  const size_t mark = std::min(target.find('?'), target.size());
  std::string uri(target.substr(0, mark));
  for (size_t at = mark; at < target.size() && uri.size() <= kMaxUriBytes;) {
    const size_t end = std::min(target.find_first_of("&;", at + 1), target.size());
    const std::string_view pair = target.substr(at, end - at);  // With what is before it.
    const size_t equals = std::min(pair.find('='), pair.size());
    const bool secret = equals < pair.size() && IsSecret(pair.substr(1, equals - 1));
    uri.append(secret ? pair.substr(0, equals) : pair).append(secret ? "=REDACTED" : "");
    at = end;
  }
  if (uri.size() <= kMaxUriBytes) return uri;
  return uri.substr(0, kMaxUriBytes) + "...";
}

std::string FormatAuditEvent(const RequestReport& report) {
  const auto duration = std::chrono::duration_cast<std::chrono::system_clock::duration>(
      std::chrono::duration<double>(report.seconds));
  std::string line;
  Members event(&line);
  event.Text("kind", "Event");
  event.Text("apiVersion", "audit.k8s.io/v1");
  event.Text("level", "Metadata");
  event.Text("auditID", report.id);
  event.Text("stage", report.panicked ? "Panic" : "ResponseComplete");
  event.Text("requestURI", AuditUri(report.uri));
  event.Text("verb", report.info.verb);
  AppendUser(report.caller.authenticated, &event.Begin("user"));
  const UserInfo& acting = report.caller.user;
  if (!acting.name.empty() && acting != report.caller.authenticated)
    AppendUser(acting, &event.Begin("impersonatedUser"));
  event.Texts("sourceIPs", report.source_ips);
  event.TextUnlessEmpty("userAgent", report.user_agent);
  if (IsAboutObjects(report.info)) AppendObject(report.info, &event.Begin("objectRef"));
  if (report.code != 0) AppendStatus(report, &event.Begin("responseStatus"));
  event.Text("requestReceivedTimestamp", MicroTime(report.received));
  event.Text("stageTimestamp", MicroTime(report.received + duration));
  AppendAnnotations(report, &event.Begin("annotations"));
  event.End();
  return line += '\n';
}

}  // namespace pedia::apiserver
