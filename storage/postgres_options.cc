#include "storage/postgres_options.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

namespace pedia::storage {
namespace {

using Keywords = std::map<std::string, std::string>;
using OptionList = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

// What holds unless the configuration says otherwise.
constexpr auto kDefaults = std::to_array<std::pair<const char*, const char*>>({
    {"application_name", "pedia"},
    {"gssencmode", "disable"},
    {"keepalives_idle", "30"},
    {"keepalives_interval", "10"},
    {"keepalives_count", "3"},
});

const char* ModeName(SslMode mode) {
  switch (mode) {
    case SslMode::kDisable:
      return "disable";
    case SslMode::kAllow:
      return "allow";
    case SslMode::kPrefer:
      return "prefer";
    case SslMode::kRequire:
      return "require";
    case SslMode::kVerifyCa:
      return "verify-ca";
    case SslMode::kVerifyFull:
      return "verify-full";
  }
  return "prefer";
}

Result<Keywords> ParseDsn(const std::string& dsn) {
  char* message = nullptr;
  const OptionList list(PQconninfoParse(dsn.c_str(), &message), &PQconninfoFree);
  PQfreemem(message);  // Quotes the DSN, which may hold a password.
  if (list == nullptr) return BadRequest("the dsn is neither a URL nor a list of keyword=value");
  Keywords keywords;
  for (const PQconninfoOption* option = list.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) keywords.emplace(option->keyword, option->val);
  }
  return keywords;
}

bool IsKeyword(const std::string& name) {
  const OptionList list(PQconndefaults(), &PQconninfoFree);
  if (list == nullptr) return false;
  for (const PQconninfoOption* option = list.get(); option->keyword != nullptr; ++option) {
    if (name == option->keyword) return true;
  }
  return false;
}

// As an argument of the server's command line.
std::string Setting(const std::string& name, const std::string& value) {
  std::string text = "-c ";
  for (const char c : name + '=' + value) {
    if (c == ' ' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

// Parameters that are none of libpq's are settings of the server.
void AddParameters(const std::map<std::string, std::string>& parameters, Keywords* keywords) {
  for (const auto& [name, value] : parameters) {
    if (IsKeyword(name)) {
      (*keywords)[name] = value;
      continue;
    }
    std::string& settings = (*keywords)["options"];
    if (!settings.empty()) settings += ' ';
    settings += Setting(name, value);
  }
}

void AddTls(const ServerOptions& options, Keywords* keywords) {
  const bool from_dsn = !options.dsn.empty();
  if (!from_dsn || options.ssl_mode != SslMode::kPrefer)
    keywords->try_emplace("sslmode", ModeName(options.ssl_mode));
  const std::pair<const char*, const std::string&> files[] = {
      {"sslcert", options.ssl_cert_file},
      {"sslkey", options.ssl_key_file},
      {"sslrootcert", options.ssl_root_cert_file}};
  for (const auto& [keyword, file] : files) {
    if (!file.empty()) keywords->try_emplace(keyword, file);
  }
}

std::vector<std::string> SplitList(const std::string& list) {
  std::vector<std::string> parts;
  size_t start = 0;
  while (true) {
    const size_t comma = list.find(',', start);
    parts.push_back(list.substr(start, comma - start));
    if (comma == std::string::npos) return parts;
    start = comma + 1;
  }
}

std::string Take(Keywords* keywords, const char* name) {
  const auto node = keywords->extract(name);
  return node.empty() ? "" : std::move(node.mapped());
}

// One port may serve all hosts.
Result<std::vector<PostgresHost>> TakeHosts(Keywords* keywords) {
  const std::vector<std::string> names = SplitList(Take(keywords, "host"));
  const std::vector<std::string> addresses = SplitList(Take(keywords, "hostaddr"));
  const std::vector<std::string> ports = SplitList(Take(keywords, "port"));
  const size_t count = std::max(names.size(), addresses.size());
  const auto fits = [&](const std::vector<std::string>& list) {
    return list.size() == count || (list.size() == 1 && list.front().empty());
  };
  if (!fits(names) || !fits(addresses) || (ports.size() != 1 && ports.size() != count))
    return BadRequest("the dsn names different numbers of hosts, addresses and ports");
  std::vector<PostgresHost> hosts(count);
  for (size_t i = 0; i < count; ++i) {
    if (names.size() == count) hosts[i].host = names[i];
    if (addresses.size() == count) hosts[i].address = addresses[i];
    hosts[i].port = ports[ports.size() == 1 ? 0 : i];
  }
  return hosts;
}

std::string NameOf(const PostgresOptions& options) {
  const auto database = options.keywords.find("dbname");
  std::string name = database == options.keywords.end() ? "postgres" : database->second;
  for (const PostgresHost& host : options.hosts) {
    name += &host == &options.hosts.front() ? " on " : ",";
    name += host.host.empty() ? host.address : host.host;
    if (!host.port.empty()) name += ':' + host.port;
  }
  return name;
}

Status Check(const ServerOptions& options) {
  if (options.ssl_cert_file.empty() != options.ssl_key_file.empty())
    return BadRequest("sslCertFile and sslKeyFile must be given together");
  if (!options.dsn.empty()) return Status();
  if (options.database.empty()) return BadRequest("postgres: database name is required");
  return Status();
}

std::string Quoted(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + '\'';
}

}  // namespace

Result<PostgresOptions> ParsePostgresOptions(const ServerOptions& options) {
  if (Status status = Check(options); !status.ok()) return status;
  PostgresOptions parsed;
  parsed.connect_timeout = options.connect_timeout;
  if (!options.dsn.empty()) {
    Result<Keywords> keywords = ParseDsn(options.dsn);
    if (!keywords.ok()) return keywords.status();
    parsed.keywords = *std::move(keywords);
  }
  Keywords& keywords = parsed.keywords;
  AddParameters(options.params, &keywords);
  const std::pair<const char*, const std::string&> identity[] = {
      {"user", options.user}, {"password", options.password}, {"dbname", options.database}};
  for (const auto& [keyword, value] : identity) {
    if (!value.empty()) keywords.try_emplace(keyword, value);
  }
  AddTls(options, &keywords);
  for (const auto& [keyword, value] : kDefaults) keywords.try_emplace(keyword, value);
  Result<std::vector<PostgresHost>> hosts = TakeHosts(&keywords);
  if (!hosts.ok()) return hosts.status();
  parsed.hosts = *std::move(hosts);
  if (options.dsn.empty() && !options.hosts.empty()) {
    parsed.hosts.clear();
    for (const DatabaseHost& host : options.hosts)
      parsed.hosts.push_back({host.host, "", host.port == 0 ? "" : std::to_string(host.port)});
  }
  for (const char* own : {"target_session_attrs", "connect_timeout", "replication"})
    keywords.erase(own);
  parsed.name = NameOf(parsed);
  return parsed;
}

std::string PostgresConnectionText(const PostgresOptions& options, const PostgresHost& host) {
  Keywords all = options.keywords;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(options.connect_timeout);
  all["connect_timeout"] = std::to_string(seconds.count());
  if (!host.host.empty()) all["host"] = host.host;
  if (!host.address.empty()) all["hostaddr"] = host.address;
  if (!host.port.empty()) all["port"] = host.port;
  std::string text;
  for (const auto& [keyword, value] : all)
    text.append(keyword).append("=").append(Quoted(value)) += ' ';
  return text;
}

}  // namespace pedia::storage
