#include "cmd/storage_keys.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "kube/yaml_document.h"
#include "meta/time.h"

namespace pedia::cmd {
namespace {

using kube::YamlNode;
using std::chrono::milliseconds;

// Takes a value. Errors: BadRequest with the reason only.
using Setter = std::function<Status(const YamlNode&)>;

struct Field {
  std::string_view key;
  Setter set;
};

// Calls the setter of each member that is not null. Errors get line and full key in front, once.
Status ReadFields(const YamlNode& map, const std::string& prefix,
                  const std::vector<Field>& fields) {
  if (map.kind != YamlNode::Kind::kMap) return BadRequest("must be a map");
  for (const auto& member : map.members) {
    const std::string& key = member.first;
    const auto& value = member.second;
    const std::string where = "line " + std::to_string(value->line) + ": ";
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& known) { return known.key == key; });
    if (field == fields.end()) return BadRequest(where + "unknown key '" + prefix + key + "'");
    if (value->kind == YamlNode::Kind::kNull) continue;
    if (Status status = field->set(*value); !status.ok()) {
      if (status.message().starts_with("line ")) return status;
      return BadRequest(where + prefix + key + ": " + status.message());
    }
  }
  return Status();
}

Setter Section(std::string prefix, std::vector<Field> fields) {
  return [prefix = std::move(prefix), fields = std::move(fields)](const YamlNode& node) {
    return ReadFields(node, prefix, fields);
  };
}

Setter Text(std::string* text) {
  return [text](const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kScalar) return BadRequest("must be a string");
    *text = node.text;
    return Status();
  };
}

Setter TextList(std::vector<std::string>* list) {
  return [list](const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kSequence) return BadRequest("must be a list");
    for (const auto& element : node.elements) {
      if (element->kind != YamlNode::Kind::kScalar) return BadRequest("must be a list of strings");
      list->push_back(element->text);
    }
    return Status();
  };
}

Setter TextMap(std::map<std::string, std::string>* map) {
  return [map](const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kMap) return BadRequest("must be a map");
    for (const auto& [key, value] : node.members) {
      if (value->kind == YamlNode::Kind::kScalar)
        (*map)[key] = value->text;
      else if (value->kind != YamlNode::Kind::kNull)
        return BadRequest("'" + key + "' must be a string");
    }
    return Status();
  };
}

std::optional<int64_t> ParseNumber(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Setter Number(int* number) {
  return [number](const YamlNode& node) {
    const auto value = node.kind == YamlNode::Kind::kScalar ? ParseNumber(node.text) : std::nullopt;
    if (!value || std::abs(*value) > 1'000'000) return BadRequest("must be a number");
    *number = static_cast<int>(*value);
    return Status();
  };
}

// A bare number counts nanoseconds.
std::optional<milliseconds> ParseDuration(const std::string& text) {
  const std::optional<int64_t> nanoseconds = ParseNumber(text);
  if (!nanoseconds) return ParseGoDuration(text);
  if (*nanoseconds < 0) return std::nullopt;
  return std::chrono::ceil<milliseconds>(std::chrono::nanoseconds(*nanoseconds));
}

Status NoDuration() { return BadRequest("must be a duration, as in '30s' or '1h'"); }

Setter Duration(milliseconds* duration) {
  return [duration](const YamlNode& node) {
    const auto value =
        node.kind == YamlNode::Kind::kScalar ? ParseDuration(node.text) : std::nullopt;
    if (!value) return NoDuration();
    *duration = *value;
    return Status();
  };
}

Setter Refused(const char* why) {
  return [why](const YamlNode&) { return BadRequest(why); };
}

// A key of `mysql` that is handed on as a parameter of the same name.
Setter MysqlDuration(StorageKeys* keys, const char* key) {
  return [keys, key](const YamlNode& node) {
    milliseconds duration{0};
    if (Status status = Duration(&duration)(node); !status.ok()) return status;
    keys->mysql_params[key] = std::to_string(duration.count()) + "ms";
    return Status();
  };
}

Setter MysqlText(StorageKeys* keys, const char* key) {
  return [keys, key](const YamlNode& node) { return Text(&keys->mysql_params[key])(node); };
}

// Known, and without a meaning here.
Setter NoEffect(StorageKeys* keys, std::string key) {
  return [keys, key = std::move(key)](const YamlNode&) {
    keys->warnings.push_back(key + " has no effect in pedia");
    return Status();
  };
}

std::vector<Field> NoEffects(StorageKeys* keys, const std::string& prefix,
                             std::initializer_list<std::string_view> names) {
  std::vector<Field> fields;
  for (const std::string_view name : names)
    fields.push_back({name, NoEffect(keys, prefix + std::string(name))});
  return fields;
}

std::vector<Field> MysqlFields(StorageKeys* keys) {
  std::vector<Field> fields =
      NoEffects(keys, "mysql.",
                {"serverPubKey", "loc", "allowAllFiles", "allowNativePasswords",
                 "allowOldPasswords", "checkConnLiveness", "clientFoundRows", "columnsWithAlias",
                 "interpolateParams", "multiStatements", "parseTime", "rejectReadOnly"});
  for (const char* key : {"dialTimeout", "readTimeout", "writeTimeout"})
    fields.push_back({key, MysqlDuration(keys, key)});
  for (const char* key : {"maxAllowedPacket", "allowCleartextPasswords"})
    fields.push_back({key, MysqlText(keys, key)});
  fields.push_back({"recoverableErrNumbers", TextList(&keys->mysql_errors)});
  return fields;
}

Status CheckLogLevel(const YamlNode& node) {
  static constexpr std::array<std::string_view, 5> kLevels = {"", "Silent", "Error", "Warn",
                                                              "Info"};
  if (node.kind == YamlNode::Kind::kScalar &&
      std::find(kLevels.begin(), kLevels.end(), node.text) != kLevels.end())
    return Status();
  return BadRequest("log level must be one of [Silent, Error, Warn, Info], Default is 'Warn'");
}

// Clusterpedia writes its SQL there; pedia has one log. The section as a whole gets one warning.
Setter LogSection(StorageKeys* keys) {
  const Setter any = [](const YamlNode&) { return Status(); };
  const Setter section = Section("log.", {{"stdout", any},
                                          {"level", CheckLogLevel},
                                          {"colorful", any},
                                          {"slowThreshold", any},
                                          {"ignoreRecordNotFoundError", any},
                                          {"logger", Section("log.logger.", {{"filename", any},
                                                                             {"maxsize", any},
                                                                             {"maxage", any},
                                                                             {"maxbackups", any},
                                                                             {"localtime", any},
                                                                             {"compress", any}})}});
  return [keys, section](const YamlNode& node) {
    keys->warnings.push_back("log has no effect in pedia");
    return section(node);
  };
}

std::vector<Field> Fields(StorageKeys* keys) {
  return {{"type", Text(&keys->type)},
          {"dsn", Text(&keys->dsn)},
          {"network", Text(&keys->network)},
          {"host", Text(&keys->host)},
          {"port", Text(&keys->port)},
          {"hosts", TextList(&keys->hosts)},
          {"user", Text(&keys->user)},
          {"password", Text(&keys->password)},
          {"database", Text(&keys->database)},
          {"sslMode", Text(&keys->ssl_mode)},
          {"sslCertFile", Text(&keys->ssl_cert_file)},
          {"sslKeyFile", Text(&keys->ssl_key_file)},
          {"sslRootCertFile", Text(&keys->ssl_root_cert_file)},
          {"queryTimeout", Duration(&keys->query_timeout)},
          {"partitions", Refused("the tables are not partitioned: every read would cost more, see "
                                 "ARCHITECTURE.md")},
          {"connPool", Section("connPool.", {{"maxIdleConns", Number(&keys->max_idle)},
                                             {"maxOpenConns", Number(&keys->max_open)},
                                             {"connMaxLifetime", Duration(&keys->max_lifetime)}})},
          {"params", TextMap(&keys->params)},
          {"mysql", Section("mysql.", MysqlFields(keys))},
          {"postgres",
           Section("postgres.", {{"recoverableErrCodes", TextList(&keys->postgres_errors)}})},
          {"log", LogSection(keys)},
          {"metrics", Section("metrics.",
                              NoEffects(keys, "metrics.", {"disable", "dbStatsRefreshInterval"}))}};
}

}  // namespace

Result<StorageKeys> ParseStorageKeys(std::string_view yaml) {
  const auto document = kube::ParseYaml(yaml);
  if (!document.ok()) return document.status();
  StorageKeys keys;
  if ((*document)->kind == YamlNode::Kind::kNull) return keys;
  if (Status status = ReadFields(**document, "", Fields(&keys)); !status.ok()) return status;
  return keys;
}

}  // namespace pedia::cmd
