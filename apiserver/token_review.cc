#include "apiserver/token_review.h"

#include <algorithm>
#include <utility>

#include "certs/secret.h"
#include "meta/json_reader.h"

namespace pedia::apiserver {
namespace {

constexpr size_t kMaxTokens = 4096;

std::vector<std::string> ReadStrings(JsonReader& reader) {
  std::vector<std::string> texts;
  if (!reader.BeginArray()) return texts;
  while (reader.NextElement()) texts.push_back(reader.ReadString());
  return texts;
}

UserInfo ReadUser(JsonReader& reader) {
  UserInfo user;
  if (!reader.BeginObject()) return user;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "username") {
      user.name = reader.ReadString();
    } else if (key == "uid") {
      user.uid = reader.ReadString();
    } else if (key == "groups") {
      user.groups = ReadStrings(reader);
    } else if (key == "extra" && reader.Peek() == JsonType::kObject && reader.BeginObject()) {
      for (std::string_view raw; reader.NextMember(&raw);) {
        const std::string name = DecodeJsonString(raw);
        for (std::string& value : ReadStrings(reader))
          user.extra.emplace_back(name, std::move(value));
      }
    } else {
      reader.Skip();
    }
  }
  return user;
}

struct ReviewStatus {
  bool authenticated = false;
  UserInfo user;
  std::vector<std::string> audiences;
};

ReviewStatus ReadStatus(JsonReader& reader) {
  ReviewStatus status;
  if (!reader.BeginObject()) return status;
  for (std::string_view key; reader.NextMember(&key);) {
    if (key == "authenticated") {
      status.authenticated = reader.ReadBool().value_or(false);
    } else if (key == "user") {
      status.user = ReadUser(reader);
    } else if (key == "audiences") {
      status.audiences = ReadStrings(reader);
    } else {
      reader.Skip();
    }
  }
  return status;
}

bool Intersect(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&b](const std::string& text) {
    return std::find(b.begin(), b.end(), text) != b.end();
  });
}

}  // namespace

std::string TokenReviewRequest(std::string_view token, const std::vector<std::string>& audiences) {
  std::string body =
      R"({"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","spec":{"token":)";
  AppendJsonString(token, &body);
  for (size_t i = 0; i < audiences.size(); ++i) {
    body += i == 0 ? ",\"audiences\":[" : ",";
    AppendJsonString(audiences[i], &body);
  }
  return body + (audiences.empty() ? "}}" : "]}}");
}

Result<std::optional<UserInfo>> ParseTokenReview(std::string_view review,
                                                 const std::vector<std::string>& audiences) {
  std::string kind;
  ReviewStatus status;
  JsonReader reader(review);
  if (IsValidJson(review) && reader.BeginObject()) {
    for (std::string_view key; reader.NextMember(&key);) {
      if (key == "kind") {
        kind = reader.ReadString();
      } else if (key == "status") {
        status = ReadStatus(reader);
      } else {
        reader.Skip();
      }
    }
  }
  if (!reader.ok() || kind != "TokenReview")
    return ServiceUnavailable("the management cluster answered with something else than a review");
  const bool good = status.authenticated && !status.user.name.empty() &&
                    (audiences.empty() || Intersect(audiences, status.audiences));
  return good ? std::optional(std::move(status.user)) : std::nullopt;
}

TokenReviewer::TokenReviewer(kube::Client& client, TokenReviewOptions options)
    : options_(std::move(options)),
      reviews_(client, "/apis/authentication.k8s.io/v1/tokenreviews", "apiserver_delegated_authn",
               options_.review),
      verdicts_(kMaxTokens) {}

Result<UserInfo> TokenReviewer::Review(std::string_view token,
                                       std::chrono::steady_clock::time_point now) {
  if (token.empty() || !IsUtf8(token)) return Unauthorized();
  const std::string key = certs::Sha256(token);
  const auto ask = [&](std::span<const size_t>) -> std::vector<Result<Verdicts::Verdict>> {
    const Result<std::string> review =
        reviews_.Review({TokenReviewRequest(token, options_.audiences)}).front();
    if (!review.ok()) return {review.status()};
    Result<std::optional<UserInfo>> user = ParseTokenReview(*review, options_.audiences);
    if (!user.ok()) return {user.status()};
    std::shared_ptr<const UserInfo> verdict;
    if (*user) verdict = std::make_shared<const UserInfo>(**std::move(user));
    return {Verdicts::Verdict{std::move(verdict), options_.cache_ttl}};
  };
  const Result<std::shared_ptr<const UserInfo>> user =
      verdicts_.Get(std::span(&key, 1), now, ask).front();
  if (!user.ok()) return user.status();
  if (*user == nullptr) return Unauthorized();
  return **user;
}

std::string TokenReviewer::KnownName(std::string_view token,
                                     std::chrono::steady_clock::time_point now) const {
  const auto known = verdicts_.Find(certs::Sha256(token), now);
  return known && *known != nullptr ? (*known)->name : "";
}

std::vector<MetricSample> TokenReviewer::Samples() const {
  std::vector<MetricSample> samples = reviews_.Samples();
  for (MetricSample& sample : CacheSamples("authentication", verdicts_.HitsAndMisses()))
    samples.push_back(std::move(sample));
  return samples;
}

}  // namespace pedia::apiserver
