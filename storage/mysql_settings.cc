#include "storage/mysql_settings.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "meta/log.h"
#include "meta/time.h"

namespace pedia::storage {
namespace {

constexpr uint16_t kUsualPort = 3306;

// Of Go's driver, its ways of reading values, and of the configuration; here they change nothing.
const std::set<std::string, std::less<>>& Meaningless() {
  static const std::set<std::string, std::less<>> names = {"allowAllFiles",
                                                           "allowFallbackToPlaintext",
                                                           "allowNativePasswords",
                                                           "allowOldPasswords",
                                                           "charset",
                                                           "checkConnLiveness",
                                                           "clientFoundRows",
                                                           "collation",
                                                           "columnsWithAlias",
                                                           "compress",
                                                           "connectionAttributes",
                                                           "interpolateParams",
                                                           "loc",
                                                           "multiStatements",
                                                           "parseTime",
                                                           "rejectReadOnly",
                                                           "timeTruncate"};
  return names;
}

std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::optional<bool> ParseBool(std::string_view text) {
  if (text == "1" || text == "true" || text == "TRUE" || text == "True") return true;
  if (text == "0" || text == "false" || text == "FALSE" || text == "False") return false;
  return std::nullopt;
}

std::optional<std::string> PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned byte = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(&text[i] + 1, &text[i] + 3, byte, 16);
    if (error != std::errc() || end != &text[i] + 3) return std::nullopt;
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

Status BadParameter(std::string_view name, std::string_view value) {
  return BadRequest("mysql: the parameter " + std::string(name) + " cannot be \"" +
                    std::string(value) + "\"");
}

Status ApplyTls(std::string_view value, MysqlSettings* settings) {
  if (value == "preferred") {
    settings->ssl_mode = SslMode::kPrefer;
  } else if (value == "skip-verify") {
    settings->ssl_mode = SslMode::kRequire;
  } else if (const std::optional<bool> on = ParseBool(value)) {
    settings->ssl_mode = *on ? SslMode::kVerifyFull : SslMode::kDisable;
  } else {
    return BadParameter("tls", value);
  }
  return Status();
}

Status ApplyParameter(std::string_view name, std::string_view value, MysqlSettings* settings) {
  if (name == "tls") return ApplyTls(value, settings);
  if (name == "timeout" || name == "dialTimeout" || name == "readTimeout" ||
      name == "writeTimeout") {
    const auto duration = ParseGoDuration(value);
    if (!duration) return BadParameter(name, value);
    const bool connects = name == "timeout" || name == "dialTimeout";
    auto& setting = connects ? settings->connect_timeout : settings->silence;
    // What is written is small; one limit stands for both directions.
    if (duration->count() > 0) setting = connects ? *duration : std::max(setting, *duration);
    return Status();
  }
  if (name == "maxAllowedPacket") {
    const std::optional<int64_t> bytes = ParseNumber(value);
    if (!bytes) return BadParameter(name, value);
    settings->max_packet = static_cast<size_t>(*bytes);
    return Status();
  }
  if (name == "allowCleartextPasswords") {
    const std::optional<bool> allowed = ParseBool(value);
    if (!allowed) return BadParameter(name, value);
    settings->clear_text_passwords = *allowed;
    return Status();
  }
  if (!Meaningless().contains(name))
    LogWarning("mysql: the parameter " + std::string(name) + " is not known and has no effect");
  return Status();
}

// "host", "host:port", "[::1]:port", ":port".
Result<DatabaseHost> ParseAddress(std::string_view address) {
  DatabaseHost host{"127.0.0.1", kUsualPort};
  size_t port_at = address.rfind(':');
  std::string_view name = address.substr(0, port_at);
  if (address.starts_with('[')) {
    const size_t end = address.find(']');
    if (end == std::string_view::npos)
      return BadRequest("mysql: the address in the DSN has no ']'");
    name = address.substr(1, end - 1);
    port_at = end + 1 < address.size() ? end + 1 : std::string_view::npos;
  } else if (std::count(address.begin(), address.end(), ':') > 1) {
    name = address;  // A bare IPv6 address.
    port_at = std::string_view::npos;
  }
  if (!name.empty()) host.host = name;
  if (port_at == std::string_view::npos) return host;
  const std::optional<int64_t> port = ParseNumber(address.substr(port_at + 1));
  if (!port || *port > 65'535) return BadRequest("mysql: the port in the DSN is none");
  host.port = static_cast<uint16_t>(*port);
  return host;
}

Status ParseParameters(std::string_view text, MysqlSettings* settings) {
  while (!text.empty()) {
    const std::string_view parameter = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), parameter.size() + 1));
    const size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    const std::optional<std::string> value = PercentDecoded(parameter.substr(equals + 1));
    if (!value) return BadRequest("mysql: a parameter of the DSN is escaped wrongly");
    if (Status status = ApplyParameter(parameter.substr(0, equals), *value, settings); !status.ok())
      return status;
  }
  return Status();
}

// [user[:password]@][network[(address)]]/database[?parameters]. Passwords are not escaped: what ends
// a part is looked for from the end. Messages never quote the DSN.
Status ParseDsn(std::string_view dsn, MysqlSettings* settings) {
  const size_t slash = dsn.rfind('/');
  if (slash == std::string_view::npos)
    return BadRequest("mysql: the DSN has no '/' before the database's name");
  const size_t at = dsn.substr(0, slash).rfind('@');
  std::string_view place = dsn.substr(0, slash);
  if (at != std::string_view::npos) {
    const std::string_view account = dsn.substr(0, at);
    const size_t colon = account.find(':');
    settings->user = account.substr(0, colon);
    if (colon != std::string_view::npos) settings->password = account.substr(colon + 1);
    place.remove_prefix(at + 1);
  }
  const size_t open = place.find('(');
  const std::string_view network = place.substr(0, open);
  std::string_view address;
  if (open != std::string_view::npos) {
    if (!place.ends_with(')'))
      return BadRequest("mysql: the address in the DSN has no ')' at its end");
    address = place.substr(open + 1, place.size() - open - 2);
  }
  if (network == "unix") {
    settings->hosts = {{address.empty() ? "/tmp/mysql.sock" : std::string(address), 0}};
  } else if (network.empty() || network == "tcp" || network == "tcp4" || network == "tcp6") {
    Result<DatabaseHost> host = ParseAddress(address);
    if (!host.ok()) return host.status();
    settings->hosts = {*std::move(host)};
  } else {
    return BadRequest("mysql: the DSN's network must be tcp or unix");
  }
  const std::string_view rest = dsn.substr(slash + 1);
  const size_t question = rest.find('?');
  const std::optional<std::string> database = PercentDecoded(rest.substr(0, question));
  if (!database) return BadRequest("mysql: the database's name in the DSN is escaped wrongly");
  settings->database = *database;
  if (question == std::string_view::npos) return Status();
  return ParseParameters(rest.substr(question + 1), settings);
}

Status CheckTlsFiles(const MysqlSettings& settings) {
  if (settings.ssl_cert_file.empty() != settings.ssl_key_file.empty())
    return BadRequest("mysql: sslCertFile and sslKeyFile need each other");
  return Status();
}

}  // namespace

std::string MysqlSettings::Name() const {
  std::string name = "mysql://";
  for (const DatabaseHost& host : hosts) {
    if (&host != &hosts.front()) name += ',';
    name += host.host;
    if (!host.host.starts_with('/')) name += ':' + std::to_string(host.port);
  }
  return name + '/' + database;
}

Result<MysqlSettings> MakeMysqlSettings(const ServerOptions& options) {
  MysqlSettings settings;
  settings.password = options.password;
  settings.ssl_mode = options.ssl_mode;
  settings.ssl_cert_file = options.ssl_cert_file;
  settings.ssl_key_file = options.ssl_key_file;
  settings.ssl_root_cert_file = options.ssl_root_cert_file;
  settings.connect_timeout = options.connect_timeout;
  settings.max_open = options.max_open;
  for (const std::string& code : options.recoverable_errors) {
    const std::optional<int64_t> number = ParseNumber(code);
    if (!number || *number > 65'535)
      return BadRequest("mysql: \"" + code + "\" is no number of an error");
    settings.recoverable.insert(static_cast<unsigned>(*number));
  }
  for (const auto& [name, value] : options.params) {
    if (Status status = ApplyParameter(name, value, &settings); !status.ok()) return status;
  }
  if (!options.dsn.empty()) {
    if (Status status = ParseDsn(options.dsn, &settings); !status.ok()) return status;
    if (settings.password.empty()) settings.password = options.password;
  } else {
    settings.user = options.user;
    settings.database = options.database;
    settings.hosts = options.hosts;
    if (settings.hosts.empty()) settings.hosts = {{"127.0.0.1", 0}};
    for (DatabaseHost& host : settings.hosts) {
      if (host.port == 0 && !host.host.starts_with('/')) host.port = kUsualPort;
    }
  }
  if (settings.database.empty()) return BadRequest("mysql: database name is required");
  if (Status status = CheckTlsFiles(settings); !status.ok()) return status;
  return settings;
}

}  // namespace pedia::storage
