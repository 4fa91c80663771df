// The query string of a request: "labelSelector=app%3Dweb&limit=500".
// Source: Go's net/url ParseQuery (its rules for '+', '%', ';' and empty keys).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meta/result.h"

namespace pedia::query {

// Decoded pairs in the order of the URL; repeated keys are kept. Immutable.
class UrlQuery {
 public:
  UrlQuery() = default;
  explicit UrlQuery(std::vector<std::pair<std::string, std::string>> pairs)
      : pairs_(std::move(pairs)) {}

  // The first value of `key`; nothing if it does not occur.
  std::optional<std::string_view> Find(std::string_view key) const;
  std::string_view Get(std::string_view key) const {
    return Find(key).value_or(std::string_view());
  }
  const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// Parses what follows '?'. Errors: BadRequest for a bad percent escape or ';', quoting it.
Result<UrlQuery> ParseUrlQuery(std::string_view text);

// Percent-decodes a path segment ('+' stays). Nothing for a bad escape.
std::optional<std::string> DecodePathSegment(std::string_view text);
// Percent-encodes everything but unreserved characters.
std::string EncodeUrlComponent(std::string_view text);

}  // namespace pedia::query
