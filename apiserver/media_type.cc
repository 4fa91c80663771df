#include "apiserver/media_type.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace pedia::apiserver {
namespace {

// One clause of Accept: "application/json;as=Table;v=v1;g=meta.k8s.io;q=0.5".
struct Clause {
  std::string type;  // Lower case: "application/json".
  std::string as, group, version;
  bool stream = false;
  int quality = 1000;  // q in thousandths.
};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = Lower(c);
  return out;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes the text up to `separator` off the front of `*rest`, trimmed.
std::string_view TakeUntil(char separator, std::string_view* rest) {
  const size_t end = std::min(rest->find(separator), rest->size());
  const std::string_view part = rest->substr(0, end);
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return Trim(part);
}

// "0.75" = 750; anything malformed counts as 1, as in kube-apiserver.
int ParseQuality(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return 1000;
  int value = (text[0] - '0') * 1000;
  if (text.size() > 1 && text[1] != '.') return 1000;
  int scale = 100;
  for (size_t i = 2; i < text.size() && scale > 0; ++i, scale /= 10) {
    if (text[i] < '0' || text[i] > '9') return 1000;
    value += (text[i] - '0') * scale;
  }
  return std::min(value, 1000);
}

Clause ParseClause(std::string_view text) {
  Clause clause;
  clause.type = Lower(TakeUntil(';', &text));
  while (!text.empty()) {
    std::string_view value = TakeUntil(';', &text);
    const std::string key = Lower(TakeUntil('=', &value));
    value = Trim(value);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (key == "q") clause.quality = ParseQuality(value);
    if (key == "as") clause.as = value;
    if (key == "g") clause.group = value;
    if (key == "v") clause.version = value;
    if (key == "stream") clause.stream = !value.empty();
  }
  return clause;
}

std::vector<Clause> ParseClauses(const HeaderFields& headers, std::string_view header) {
  std::vector<Clause> clauses;
  for (const auto& [name, value] : headers) {
    if (Lower(name) != header) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::string_view part = TakeUntil(',', &rest);
      if (!part.empty()) clauses.push_back(ParseClause(part));
    }
  }
  return clauses;
}

int Specificity(const Clause& clause) {
  if (clause.type == "*/*" || clause.type == "*") return 0;
  return clause.type.ends_with("/*") ? 1 : 2;
}

// How kubectl asks for it; the former is no media type that every client can read in an answer.
constexpr std::string_view kOpenApiProtobufOld =
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
constexpr std::string_view kOpenApiProtobuf =
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

std::optional<BodyFormat> FormatOf(const Clause& clause, MediaScope scope) {
  if (scope == MediaScope::kOpenApiV2 &&
      (clause.type == kOpenApiProtobuf || clause.type == kOpenApiProtobufOld))
    return BodyFormat::kOpenApiProtobuf;
  if (clause.type == "application/json" || clause.type == "application/*" ||
      Specificity(clause) == 0)
    return BodyFormat::kJson;
  if (clause.type == "application/yaml") return BodyFormat::kYaml;
  return {};
}

std::optional<Transform> ObjectTransform(const Clause& clause) {
  if (clause.group != "meta.k8s.io" || (clause.version != "v1" && clause.version != "v1beta1"))
    return {};
  if (clause.as == "Table") return Transform::kTable;
  if (clause.as == "PartialObjectMetadata") return Transform::kPartialObjectMetadata;
  if (clause.as == "PartialObjectMetadataList") return Transform::kPartialObjectMetadataList;
  return {};
}

std::optional<Transform> DiscoveryTransform(const Clause& clause) {
  const bool known = clause.group == "apidiscovery.k8s.io" &&
                     clause.as == "APIGroupDiscoveryList" &&
                     (clause.version == "v2" || clause.version == "v2beta1");
  return known ? std::optional(Transform::kAggregatedDiscovery) : std::nullopt;
}

// What `clause` asks for; nothing if the endpoint does not have it.
std::optional<MediaType> Accept(const Clause& clause, MediaScope scope) {
  const std::optional<BodyFormat> format = FormatOf(clause, scope);
  if (!format || clause.stream || clause.quality == 0) return {};
  MediaType media{.format = *format, .transform = Transform::kNone, .version = ""};
  if (clause.as.empty()) return media;  // g and v alone say nothing.
  std::optional<Transform> transform;
  if (scope == MediaScope::kObjects) transform = ObjectTransform(clause);
  if (scope == MediaScope::kDiscovery) transform = DiscoveryTransform(clause);
  if (!transform) return {};
  media.transform = *transform;
  media.version = clause.version;
  return media;
}

}  // namespace

std::string MediaType::ContentType() const {
  if (format == BodyFormat::kOpenApiProtobuf) return std::string(kOpenApiProtobuf);
  std::string type = format == BodyFormat::kYaml ? "application/yaml" : "application/json";
  if (transform == Transform::kAggregatedDiscovery)
    type += ";g=apidiscovery.k8s.io;v=" + version + ";as=APIGroupDiscoveryList";
  return type;
}

Result<MediaType> NegotiateMediaType(const HeaderFields& headers, MediaScope scope) {
  std::vector<Clause> clauses = ParseClauses(headers, "accept");
  if (clauses.empty()) return MediaType();
  std::stable_sort(clauses.begin(), clauses.end(), [](const Clause& a, const Clause& b) {
    return std::pair(a.quality, Specificity(a)) > std::pair(b.quality, Specificity(b));
  });
  for (const Clause& clause : clauses) {
    if (std::optional<MediaType> media = Accept(clause, scope)) return *std::move(media);
  }
  return NotAcceptable({"application/json", "application/yaml"});
}

bool AcceptsGzip(const HeaderFields& headers) {
  const std::vector<Clause> clauses = ParseClauses(headers, "accept-encoding");
  const auto find = [&](std::string_view coding) {
    return std::find_if(clauses.begin(), clauses.end(),
                        [&](const Clause& clause) { return clause.type == coding; });
  };
  auto found = find("gzip");
  if (found == clauses.end()) found = find("*");
  return found != clauses.end() && found->quality > 0;
}

}  // namespace pedia::apiserver
