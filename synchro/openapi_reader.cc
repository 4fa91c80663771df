#include "synchro/openapi_reader.h"

#include <algorithm>
#include <map>

#include "meta/log.h"

namespace pedia::synchro {
namespace {

using discovery::OpenApiDocument;
using discovery::OpenApiPath;
using std::chrono::milliseconds;

constexpr size_t kMaxIndex = 4 << 20;
constexpr size_t kMaxDocument = 32 << 20;
constexpr size_t kMaxV2 = 64 << 20;
constexpr milliseconds kTimeout{60'000};
// A silent member must not keep a slot for long.
constexpr milliseconds kIdleTimeout{15'000};

// A member publishes the schema of a new resource some time after the resource.
constexpr milliseconds kQuickInterval{5'000};
constexpr int kQuickRounds = 3;

Status StatusOf(const Result<kube::Client::Document>& answer) {
  if (!answer.ok()) return answer.status();
  if (answer->head.code == 200) return Status();
  return ServiceUnavailable("the answer had code " + std::to_string(answer->head.code));
}

bool HasCode(const Result<kube::Client::Document>& answer, int code) {
  return answer.ok() && answer->head.code == code;
}

}  // namespace

OpenApiReader::OpenApiReader(kube::Client& client, OpenApiShare& share,
                             const SynchroOptions& options, std::string cluster,
                             std::vector<OpenApiDocument> known,
                             std::function<void(OpenApiBatch)> changed)
    : client_(client),
      share_(share),
      options_(options),
      cluster_(std::move(cluster)),
      changed_(std::move(changed)),
      documents_(std::move(known)),
      backoff_(options.backoff_initial, options.openapi_interval),
      forget_backoff_(options.backoff_initial, options.openapi_interval) {
  if (!documents_.empty()) v2_source_ = documents_.front().source;
}

OpenApiReader::~OpenApiReader() { EndRound(); }

void OpenApiReader::Want(const std::vector<discovery::ApiResource>& synced, bool announced) {
  std::set<GroupVersionResource> resources;
  wanted_.clear();
  for (const discovery::ApiResource& resource : synced) {
    resources.insert(resource.gvr);
    wanted_.insert(discovery::OpenApiPathOf(resource.gvr));
  }
  if (std::erase_if(documents_, [&](const OpenApiDocument& document) {
        return !wanted_.contains(document.path);
      }) > 0)
    changed_({});
  std::erase_if(todo_, [&](const OpenApiPath& entry) { return !wanted_.contains(entry.path); });
  const bool resumed = !std::exchange(running_, true);
  const bool different = resources_ != resources;
  resources_ = std::move(resources);
  if (announced || (different && !resumed)) quick_rounds_ = kQuickRounds;
  if (resumed || announced || different) Read();
}

void OpenApiReader::Pause() {
  running_ = false;
  EndRound();
}

void OpenApiReader::Forget() {
  documents_.clear();
  v2_source_.clear();
  trusts_others_ = false;
  EndRound();
  changed_({});
  ReadAfter(forget_backoff_.Next());
}

void OpenApiReader::EndRound() {
  ++round_;
  reading_ = again_ = failed_ = false;
  todo_.clear();
  share_.Cancel(std::exchange(waiting_, 0));
  if (request_) client_.Cancel(*std::exchange(request_, std::nullopt));
}

void OpenApiReader::Read() {
  if (!running_ || wanted_.empty()) return;
  if (reading_) {
    again_ = true;
    return;
  }
  EndRound();
  reading_ = true;
  kube::Request request;
  request.path_and_query = "/openapi/v3";
  Get(std::move(request), kMaxIndex,
      InRound([](OpenApiReader& self, const Answer& answer) { self.OnIndex(answer); }));
}

void OpenApiReader::ReadAfter(milliseconds delay) {
  client_.loop().PostAfter(delay, InRound([](OpenApiReader& self) { self.Read(); }));
}

void OpenApiReader::Finish() {
  const bool failed = failed_;
  const bool again = again_;
  EndRound();
  if (again) return Read();
  if (failed) return ReadAfter(backoff_.Next());
  backoff_.Reset();
  trusts_others_ = true;
  const milliseconds usual = options_.openapi_interval;
  if (quick_rounds_ > 0) {
    --quick_rounds_;
    return ReadAfter(std::min(kQuickInterval, usual));
  }
  ReadAfter(milliseconds(kube::RandomBetween(usual.count(), usual.count() * 5 / 4)));
}

void OpenApiReader::Get(kube::Request request, size_t max_bytes,
                        std::function<void(const Answer&)> done) {
  request.timeout = kTimeout;
  request.idle_timeout = std::min(kIdleTimeout, options_.idle_timeout);
  request_ =
      client_.Get(std::move(request),
                  InRound([done = std::move(done)](OpenApiReader& self, const Answer& answer) {
                    self.request_.reset();
                    done(answer);
                  }),
                  max_bytes);
}

void OpenApiReader::OnIndex(const Answer& answer) {
  if (HasCode(answer, 404)) {
    waiting_ = share_.Acquire(
        client_.loop(),
        InRound([](OpenApiReader& self, const OpenApiShare::Slot& slot) { self.FetchV2(slot); }));
    return;
  }
  failed_ = true;
  if (!StatusOf(answer).ok()) return Finish();  // Its health is looked after elsewhere.
  const auto index = discovery::ParseOpenApiIndex(answer->body);
  if (!index.ok()) {
    Failed("openapi/v3", index.status());
    return Finish();
  }
  failed_ = false;
  complaints_.erase("openapi/v3");
  for (const OpenApiPath& entry : *index) {
    const OpenApiDocument* known = Find(entry.path);
    const bool unchanged = known != nullptr && known->source == entry.source;
    if (wanted_.contains(entry.path) && !unchanged) todo_.push_back(entry);
  }
  std::ranges::reverse(todo_);  // The last one is the next.
  NextDocument();
}

void OpenApiReader::NextDocument() {
  bool taken = false;
  for (; !todo_.empty(); todo_.pop_back()) {
    const std::optional<std::string> hash = HashFromOthers(todo_.back());
    if (!hash) break;
    Keep({todo_.back().path, *hash, todo_.back().source});
    taken = true;
  }
  if (taken) changed_({});
  if (todo_.empty()) return Finish();
  waiting_ = share_.Acquire(
      client_.loop(),
      InRound([](OpenApiReader& self, const OpenApiShare::Slot& slot) { self.FetchNext(slot); }));
}

std::optional<std::string> OpenApiReader::HashFromOthers(const OpenApiPath& entry) const {
  return trusts_others_ ? share_.HashOf(entry.source) : std::nullopt;
}

void OpenApiReader::FetchNext(const OpenApiShare::Slot& slot) {
  if (todo_.empty() || HashFromOthers(todo_.back())) return NextDocument();  // While this waited.
  const OpenApiPath entry = std::move(todo_.back());
  todo_.pop_back();
  kube::Request request;
  request.path_and_query = entry.url;
  Get(std::move(request), kMaxDocument,
      InRound([entry, slot](OpenApiReader& self, const Answer& answer) {
        self.OnDocument(entry, slot, answer);
      }));
}

void OpenApiReader::OnDocument(const OpenApiPath& entry, OpenApiShare::Slot slot,
                               const Answer& answer) {
  Status status = StatusOf(answer);
  if (status.ok()) {
    Result<std::string> document = discovery::ReduceOpenApiDocument(answer->body);
    if (document.ok()) {
      const std::string hash = discovery::OpenApiHash(*document);
      if (discovery::NamesContent(entry.source, answer->body)) share_.Remember(entry.source, hash);
      if (!wanted_.contains(entry.path)) return NextDocument();  // Not any more.
      Keep({entry.path, hash, entry.source});
      complaints_.erase(entry.path);
      changed_({{{hash, std::move(*document)}}, {std::move(slot)}});
    } else {
      status = document.status();
    }
  }
  if (!status.ok()) Failed(entry.path, status);
  NextDocument();
}

// What the member called the document from which everything that is wanted was taken; "" if
// something was not looked for in it.
std::string OpenApiReader::KnownV2() const {
  const bool complete = std::ranges::all_of(wanted_, [&](const std::string& path) {
    const OpenApiDocument* known = Find(path);
    return v2_asked_.contains(path) || (known != nullptr && known->source == v2_source_);
  });
  return complete ? v2_source_ : "";
}

void OpenApiReader::FetchV2(const OpenApiShare::Slot& slot) {
  kube::Request request;
  request.path_and_query = "/openapi/v2";
  request.if_none_match = KnownV2();
  Get(std::move(request), kMaxV2,
      InRound([slot](OpenApiReader& self, const Answer& answer) { self.OnV2(slot, answer); }));
}

void OpenApiReader::OnV2(OpenApiShare::Slot slot, const Answer& answer) {
  failed_ = !HasCode(answer, 304) && !HasCode(answer, 404);  // A member need not have any.
  if (!HasCode(answer, 200)) return Finish();
  const std::string source =
      answer->head.etag.empty() ? discovery::OpenApiHash(answer->body) : answer->head.etag;
  if (source != KnownV2()) {
    auto documents = discovery::SplitOpenApiV2(answer->body, {wanted_.begin(), wanted_.end()});
    if (!documents.ok()) {
      Failed("openapi/v2", documents.status());
      return Finish();
    }
    complaints_.clear();
    OpenApiBatch batch;
    for (auto& [path, document] : *documents) {
      const std::string hash = discovery::OpenApiHash(document);
      const OpenApiDocument* known = Find(path);
      if (known == nullptr || known->hash != hash)
        batch.documents.push_back({hash, std::move(document)});
      Keep({path, hash, source});
    }
    v2_source_ = source;
    v2_asked_ = wanted_;
    if (!batch.documents.empty()) batch.slots.push_back(std::move(slot));
    changed_(std::move(batch));
  }
  failed_ = false;
  Finish();
}

const OpenApiDocument* OpenApiReader::Find(const std::string& path) const {
  const auto found = std::ranges::lower_bound(documents_, path, {}, &OpenApiDocument::path);
  return found != documents_.end() && found->path == path ? &*found : nullptr;
}

void OpenApiReader::Keep(OpenApiDocument document) {
  const auto place =
      std::ranges::lower_bound(documents_, document.path, {}, &OpenApiDocument::path);
  if (place != documents_.end() && place->path == document.path) {
    *place = std::move(document);
  } else {
    documents_.insert(place, std::move(document));
  }
}

void OpenApiReader::Failed(const std::string& path, const Status& status) {
  failed_ = true;
  if (!complaints_.insert(path).second) return;
  LogWarning("cluster " + cluster_ + ": no OpenAPI of " + path + " for now: " + status.message());
}

}  // namespace pedia::synchro
